import { close } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import {
  probedLeases,
  probedNanoseconds,
  probedXattrs,
  renameExchange,
  renameNoReplace,
  statReader,
  type Native,
} from './binding.ts';
import { codeOf } from '../../base/errors.ts';
import { fromErrno, isAbsence, systemError } from './errors.ts';
import { packXattrs, readDetails } from './details.ts';
import { asPaths, checkPath, checkTarget, namesFromBytes, toBytes } from './names.ts';
import { OpenFile } from './open-file.ts';
import { moveToFree, swap } from './rename-apart.ts';
import { leadsTo } from './root.ts';
import type {
  Capabilities,
  Details,
  Entry,
  FileStat,
  NewFile,
  ReadFile,
  SiteFs,
  Space,
  Surveyed,
  WholeFile,
  WriteFile,
  Xattrs,
} from './port.ts';
import { readSurvey } from './survey.ts';
import { wholeOf } from './whole.ts';

/** A site's file system over the addon: `rootFd` is held open, so that nothing lands elsewhere when a mount vanishes. */
export class NativeFs implements SiteFs {
  readonly root: string;
  readonly rootFd: number;
  readonly native: Native;
  readonly #probed: number;
  /** Until a rename shows that this volume (NFS, SMB, some FUSE) has no flags for it. */
  #atomicRename = true;
  #swaps = 0;
  #closed = false;

  constructor(native: Native, root: string, rootFd: number, probed: number) {
    this.native = native;
    this.root = root;
    this.rootFd = rootFd;
    this.#probed = probed;
  }

  get capabilities(): Capabilities {
    return {
      atomicRename: this.#atomicRename,
      nanoseconds: (this.#probed & probedNanoseconds) !== 0,
      beneath: true,
      leases: (this.#probed & probedLeases) !== 0,
      xattrs: (this.#probed & probedXattrs) !== 0,
    };
  }

  async list(dir: string): Promise<readonly Entry[]> {
    const [names, stats] = ok(await this.native.list(this.rootFd, at(dir, 'scandir', true)), 'scandir', dir);
    const reader = statReader(stats);
    return namesFromBytes(Buffer.from(names)).map((name, index) => ({ name, stat: reader.at(index) }));
  }

  async survey(dirs: readonly string[]): Promise<readonly Surveyed[]> {
    for (const dir of dirs) checkPath(dir, 'scandir', true);
    const answer = ok(await this.native.survey(this.rootFd, asPaths(dirs)), 'scandir', dirs[0]);
    const surveyed = readSurvey(answer, dirs);
    const root = surveyed[dirs.indexOf('')];
    if (root === undefined || 'error' in root || (await leadsTo(this.root, root.stat))) return surveyed;
    return surveyed.map((each) => (each === root ? { error: systemError('ENOENT', 'scandir', '') } : each));
  }

  async stat(path: string): Promise<FileStat | null> {
    try {
      const stat = statReader(ok(await this.native.stat(this.rootFd, at(path, 'statx', true)), 'statx', path)).at(0);
      return path === '' && !(await leadsTo(this.root, stat)) ? null : stat;
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  async open(path: string): Promise<ReadFile> {
    return this.#file(ok(await this.native.open(this.rootFd, at(path, 'open', true)), 'open', path));
  }

  async readWhole(path: string, limit: number): Promise<WholeFile | null> {
    const answer = await this.native.readWhole(this.rootFd, at(path, 'open'), limit);
    const [stats, bytes] = ok(answer, 'read', path);
    const reader = statReader(stats);
    return wholeOf(reader.at(0), new Uint8Array(bytes), reader.at(1));
  }

  async writeWhole(path: string, { bytes, mode, mtimeNs }: NewFile, sync: boolean): Promise<FileStat> {
    const name = at(path, 'open');
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const answer = await this.native.writeWhole(this.rootFd, name, buffer, mode, mtimeNs, sync ? 1 : 0);
    return statReader(ok(answer, 'write', path)).at(0);
  }

  async create(path: string, mode: number): Promise<WriteFile> {
    return this.#file(ok(await this.native.create(this.rootFd, at(path, 'open'), mode), 'open', path));
  }

  async mkdir(path: string, mode: number): Promise<void> {
    ok(await this.native.mkdir(this.rootFd, at(path, 'mkdir'), mode), 'mkdir', path);
  }

  async rmdir(path: string): Promise<void> {
    ok(await this.native.unlink(this.rootFd, at(path, 'rmdir'), 1), 'rmdir', path);
  }

  async unlink(path: string): Promise<void> {
    ok(await this.native.unlink(this.rootFd, at(path, 'unlink'), 0), 'unlink', path);
  }

  async rename(from: string, to: string, replace: boolean): Promise<void> {
    const atomic = await this.#rename(from, to, replace ? 0 : renameNoReplace);
    if (!atomic) await moveToFree(this, from, to);
  }

  async exchange(a: string, b: string): Promise<void> {
    const atomic = await this.#rename(a, b, renameExchange);
    if (!atomic) await swap(this, a, b, `.tideway-swap-${process.pid}-${this.#swaps++}`);
  }

  async link(from: string, to: string): Promise<void> {
    ok(await this.native.link(this.rootFd, at(from, 'link'), at(to, 'link')), 'link', from, to);
  }

  async chmod(path: string, mode: number): Promise<void> {
    ok(await this.native.chmod(this.rootFd, at(path, 'chmod', true), mode), 'chmod', path);
  }

  async utimes(path: string, mtimeNs: bigint): Promise<void> {
    ok(await this.native.utimes(this.rootFd, at(path, 'utime', true), mtimeNs), 'utime', path);
  }

  async chown(path: string, uid: number, gid: number): Promise<void> {
    ok(await this.native.chown(this.rootFd, at(path, 'chown', true), uid, gid), 'chown', path);
  }

  async symlink(target: string, path: string): Promise<void> {
    checkTarget(target, path);
    ok(await this.native.symlink(this.rootFd, toBytes(target), at(path, 'symlink')), 'symlink', path);
  }

  async details(dir: string, names: readonly string[]): Promise<readonly (Details | null)[]> {
    const packed = names.map((name) => Buffer.concat([Buffer.from(at(name, 'statx')), slash]));
    return readDetails(
      ok(await this.native.details(this.rootFd, at(dir, 'statx', true), Buffer.concat(packed)), 'statx', dir),
    );
  }

  async setXattrs(path: string, xattrs: Xattrs): Promise<void> {
    ok(await this.native.setXattrs(this.rootFd, at(path, 'setxattr', true), packXattrs(xattrs)), 'setxattr', path);
  }

  async copyAccess(from: string, to: string): Promise<boolean> {
    const answer = await this.native.copyAccess(this.rootFd, at(from, 'setxattr'), at(to, 'setxattr'));
    return ok(answer, 'setxattr', from, to) === 1;
  }

  async sync(): Promise<void> {
    ok(await this.native.syncfs(this.rootFd), 'syncfs', '');
  }

  async syncPaths(paths: readonly string[]): Promise<readonly (FileStat | null)[]> {
    for (const path of paths) checkPath(path, 'fsync', true);
    const reader = statReader(ok(await this.native.syncPaths(this.rootFd, asPaths(paths)), 'fsync', paths[0]));
    return paths.map((_, index) => (reader.at(index).ino === 0n ? null : reader.at(index)));
  }

  async isOpen(path: string): Promise<boolean | undefined> {
    if (!this.capabilities.leases) return undefined;
    const held = await this.native.isOpen(this.rootFd, at(path, 'open'));
    // Only the owner, or who has CAP_LEASE, may ask; and not every file can be read by whom may list it.
    if (held < 0 && untold.has(codeOf(fromErrno(held, 'fcntl')))) return undefined;
    return ok(held, 'fcntl', path) === 1;
  }

  async space(): Promise<Space> {
    const [bytes, inodes] = new Float64Array(ok(await this.native.space(this.rootFd), 'statfs', ''));
    return { freeBytes: bytes ?? 0, freeInodes: inodes === undefined || inodes < 0 ? Infinity : inodes };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await promisify(close)(this.rootFd);
  }

  /** False where the volume does not know the flags: EINVAL, when it is not about a directory moved below itself. */
  async #rename(from: string, to: string, flags: number): Promise<boolean> {
    const [a, b] = [at(from, 'rename'), at(to, 'rename')];
    const answer = await this.native.rename(this.rootFd, a, b, flags);
    const nested = to.startsWith(`${from}/`) || from.startsWith(`${to}/`);
    if (flags !== 0 && answer === -constants.errno.EINVAL && !nested) {
      this.#atomicRename = false;
      return false;
    }
    ok(answer, 'rename', from, to);
    return true;
  }

  #file(fd: number): OpenFile {
    const setTimes = async (file: number, mtimeNs: bigint): Promise<void> => {
      ok(await this.native.futimes(file, mtimeNs), 'futime');
    };
    return new OpenFile(fd, setTimes, async (file, offset) => {
      const answer = await this.native.seek(file, BigInt(offset), 0);
      return answer === -constants.errno.ENXIO ? Infinity : ok(answer, 'lseek');
    });
  }
}

const slash = Buffer.from('/');
const untold: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOLCK']);

function at(path: string, syscall: string, root = false): string | Buffer {
  checkPath(path, syscall, root);
  return toBytes(path);
}

function ok(answer: number, syscall: string, path?: string, dest?: string): number;
function ok<T extends object>(answer: T | number, syscall: string, path?: string, dest?: string): T;
function ok(answer: unknown, syscall: string, path?: string, dest?: string): unknown {
  if (typeof answer === 'number' && answer < 0) throw fromErrno(answer, syscall, path, dest);
  return answer;
}
