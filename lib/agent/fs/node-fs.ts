import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { close, constants, futimes, open } from 'node:fs';
import * as fs from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from '../../base/errors.ts';
import { pathOnly } from './binding.ts';
import { isAbsence, systemError } from './errors.ts';
import { HeldTree, renamed } from './held-tree.ts';
import { checkPath, checkTarget, toBytes } from './names.ts';
import { attributes, describe, readStable } from './node-listing.ts';
import { OpenFile, statFd, statOf } from './open-file.ts';
import { moveToFree, swap } from './rename-apart.ts';
import { leadsTo } from './root.ts';
import type {
  Capabilities,
  Details,
  Entry,
  FileStat,
  Lack,
  NewFile,
  ReadFile,
  SiteFs,
  Space,
  Surveyed,
  WholeFile,
  WriteFile,
} from './port.ts';
import { surveyOf } from './survey.ts';
import { readWhole, writeWhole } from './whole.ts';

const openFd = promisify(open);
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;
const createFlags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A site's file system by Node's own calls alone, for where the addon is missing. */
export class NodeFs implements SiteFs {
  readonly root: string;
  /** `beneath`: as in HeldTree, except for a mount of the same device (a bind mount), which cannot be told. */
  readonly capabilities: Capabilities;
  readonly #tree: HeldTree;
  #swaps = 0;
  #closed = false;

  private constructor(root: string, tree: HeldTree, lack: Lack | undefined) {
    this.root = root;
    this.capabilities = { atomicRename: false, nanoseconds: false, beneath: true, leases: false, xattrs: false, lack };
    this.#tree = tree;
  }

  /** Owns `rootFd`, open on the directory `root`. */
  static async over(root: string, rootFd: number, lack?: Lack): Promise<NodeFs> {
    return new NodeFs(root, await HeldTree.over(rootFd), lack);
  }

  async list(dir: string): Promise<readonly Entry[]> {
    try {
      return await this.#tree.inside(dir, 'scandir', readStable);
    } catch (error) {
      throw renamed(error, 'scandir', dir);
    }
  }

  survey(dirs: readonly string[]): Promise<readonly Surveyed[]> {
    return surveyOf(this, dirs);
  }

  async stat(path: string): Promise<FileStat | null> {
    try {
      const stat = await this.#call(path, 'lstat', attributes, true);
      return path === '' && !(await leadsTo(this.root, stat)) ? null : stat;
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  open(path: string): Promise<ReadFile> {
    return this.#call(
      path,
      'open',
      async (name) => {
        refuseIrregular(await attributes(name), path);
        const file = new OpenFile(await openFd(name, readFlags), setTimes);
        try {
          refuseIrregular(await file.stat(), path);
        } catch (error) {
          await file.close();
          throw error;
        }
        return file;
      },
      true,
    );
  }

  readWhole(path: string, limit: number): Promise<WholeFile | null> {
    return readWhole(this, path, limit);
  }

  writeWhole(path: string, content: NewFile, sync: boolean): Promise<FileStat> {
    return writeWhole(this, path, content, sync);
  }

  create(path: string, mode: number): Promise<WriteFile> {
    return this.#call(path, 'open', async (name) => {
      const file = new OpenFile(await openFd(name, createFlags, mode), setTimes);
      if ((await file.stat()).mode !== mode) await file.chmod(mode);
      return file;
    });
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#call(path, 'mkdir', async (name) => {
      await fs.mkdir(name, mode);
      const made = (await attributes(name)).mode;
      // A set-group-id bit that the directory inherited is kept.
      if ((made & 0o1777) !== mode) await fs.chmod(name, mode | (made & 0o2000));
    });
  }

  rmdir(path: string): Promise<void> {
    return this.#call(path, 'rmdir', (name) => fs.rmdir(name));
  }

  unlink(path: string): Promise<void> {
    return this.#call(path, 'unlink', (name) => fs.unlink(name));
  }

  rename(from: string, to: string, replace: boolean): Promise<void> {
    return replace ? this.#both(from, to, 'rename', (a, b) => fs.rename(a, b)) : moveToFree(this, from, to);
  }

  exchange(a: string, b: string): Promise<void> {
    return swap(this, a, b, `.tideway-swap-${process.pid}-${this.#swaps++}`);
  }

  link(from: string, to: string): Promise<void> {
    return this.#both(from, to, 'link', (a, b) => fs.link(a, b));
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.#call(
      path,
      'chmod',
      async (name) => {
        // Opened as itself and changed through its descriptor: chmod by name would follow a symbolic link.
        const fd = await openFd(name, pathOnly | constants.O_NOFOLLOW);
        try {
          if (statOf(await statFd(fd)).kind === 'symlink') throw systemError('ENOTSUP', 'chmod', path);
          await fs.chmod(`/proc/self/fd/${fd}`, mode);
        } finally {
          await promisify(close)(fd);
        }
      },
      true,
    );
  }

  utimes(path: string, mtimeNs: bigint): Promise<void> {
    return this.#call(
      path,
      'lutime',
      async (name) => fs.lutimes(name, (await fs.lstat(name)).atime, seconds(mtimeNs)),
      true,
    );
  }

  chown(path: string, uid: number, gid: number): Promise<void> {
    return this.#call(path, 'chown', (name) => fs.lchown(name, uid, gid), true);
  }

  async symlink(target: string, path: string): Promise<void> {
    checkTarget(target, path);
    await this.#call(path, 'symlink', (name) => fs.symlink(toBytes(target), name));
  }

  async details(dir: string, names: readonly string[]): Promise<readonly (Details | null)[]> {
    for (const name of names) checkPath(name, 'readlink', false);
    try {
      return await this.#tree.inside(dir, 'readlink', (at) => Promise.all(names.map((name) => describe(at, name))));
    } catch (error) {
      throw renamed(error, 'readlink', dir);
    }
  }

  setXattrs(path: string): Promise<void> {
    return Promise.reject(systemError('ENOTSUP', 'setxattr', path));
  }

  /** Node has no call for it. */
  copyAccess(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** syncfs is in no Node call, but in coreutils; the directory is handed over open, since its path may have changed. */
  async sync(): Promise<void> {
    const child = spawn('sync', ['-f', '/dev/stdin'], { stdio: [this.#tree.fd, 'ignore', 'ignore'] });
    const [status] = await once(child, 'exit');
    if (status !== 0) throw systemError('EIO', 'syncfs', '');
  }

  syncPaths(paths: readonly string[]): Promise<readonly (FileStat | null)[]> {
    return Promise.all(paths.map((path) => this.#syncPath(path)));
  }

  async #syncPath(path: string): Promise<FileStat | null> {
    try {
      return await this.#call(
        path,
        'fsync',
        async (name) => {
          const { kind } = await attributes(name);
          if (kind !== 'file' && kind !== 'directory') return null;
          const file = new OpenFile(await openFd(name, readFlags), setTimes);
          try {
            await file.sync();
            return await file.stat();
          } finally {
            await file.close();
          }
        },
        true,
      );
    } catch (error) {
      if (isAbsence(error) || codeOf(error) === 'ELOOP') return null;
      throw error;
    }
  }

  async isOpen(path: string): Promise<undefined> {
    await this.#call(path, 'open', attributes);
    return undefined;
  }

  async space(): Promise<Space> {
    const { bavail, bsize, files, ffree } = await fs.statfs(`/proc/self/fd/${this.#tree.fd}`);
    return { freeBytes: bavail * bsize, freeInodes: files === 0 ? Infinity : ffree };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await promisify(close)(this.#tree.fd);
  }

  async #call<T>(path: string, syscall: string, use: (name: Buffer) => Promise<T>, root = false): Promise<T> {
    try {
      return await this.#tree.with(path, syscall, use, root);
    } catch (error) {
      throw renamed(error, syscall, path);
    }
  }

  async #both(
    from: string,
    to: string,
    syscall: string,
    use: (from: Buffer, to: Buffer) => Promise<void>,
  ): Promise<void> {
    try {
      await this.#tree.with(from, syscall, (a) => this.#tree.with(to, syscall, (b) => use(a, b)));
    } catch (error) {
      throw renamed(error, syscall, from, to);
    }
  }
}

function refuseIrregular(stat: FileStat, path: string): void {
  if (stat.kind === 'file') return;
  const code = stat.kind === 'directory' ? 'EISDIR' : stat.kind === 'symlink' ? 'ELOOP' : 'EINVAL';
  throw systemError(code, 'open', path);
}

/** Node takes seconds as a double and cuts to microseconds: half of one more keeps the rounding from losing one. */
function seconds(ns: bigint): number {
  return (Number(ns / 1000n) + 0.5) / 1e6;
}

async function setTimes(fd: number, mtimeNs: bigint): Promise<void> {
  const { atimeNs } = await statFd(fd);
  await promisify(futimes)(fd, seconds(atimeNs), seconds(mtimeNs));
}
