import { codeOf } from '../../base/errors.ts';
import { isAbsence, systemError } from './errors.ts';
import { statOfInode, type Inode } from './memory-inode.ts';
import { MemoryVolume, type Limits } from './memory-volume.ts';
import { checkPath, checkTarget } from './names.ts';
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
import { surveyOf } from './survey.ts';
import { readWhole, writeWhole } from './whole.ts';

/**
 * Called before every call with its name (`list`, `create`, `write` ...) and path. What it throws, the call throws;
 * what it awaits lets others come first. The call itself then happens at once, in one step.
 */
export type Before = (call: string, path: string) => Promise<void> | void;

/** A site's file system in memory, for the simulator: Linux as far as an agent can tell, and the same on every run. */
export class MemoryFs implements SiteFs {
  readonly #open = new Set<() => void>();
  readonly root = '/memory';
  readonly capabilities: Capabilities = {
    atomicRename: true,
    nanoseconds: true,
    beneath: true,
    leases: true,
    xattrs: true,
  };
  readonly volume: MemoryVolume;
  /** Replaceable at any time. */
  before: Before = () => undefined;

  /** A new, empty volume (`nowNs` is its clock), or what is there already. */
  constructor(source: MemoryVolume | (() => bigint), limits: Limits = { bytes: Infinity, inodes: Infinity }) {
    this.volume = source instanceof MemoryVolume ? source : new MemoryVolume(source, limits);
  }

  list(dir: string): Promise<readonly Entry[]> {
    return this.#call('list', dir, () =>
      [...this.volume.directory(dir, 'scandir').entries].map(([name, inode]) => ({ name, stat: statOfInode(inode) })),
    );
  }

  survey(dirs: readonly string[]): Promise<readonly Surveyed[]> {
    return surveyOf(this, dirs);
  }

  stat(path: string): Promise<FileStat | null> {
    return this.#call('stat', path, () => {
      try {
        return statOfInode(this.volume.get(path, 'statx'));
      } catch (error) {
        if (isAbsence(error)) return null;
        throw error;
      }
    });
  }

  open(path: string): Promise<ReadFile> {
    return this.#call('open', path, () => {
      const inode = this.volume.get(path, 'open');
      if (inode.kind !== 'file') throw systemError(unreadable[inode.kind], 'open', path);
      return this.#handle(inode, path, false);
    });
  }

  readWhole(path: string, limit: number): Promise<WholeFile | null> {
    return readWhole(this, path, limit);
  }

  writeWhole(path: string, content: NewFile, sync: boolean): Promise<FileStat> {
    return writeWhole(this, path, content, sync);
  }

  create(path: string, mode: number): Promise<WriteFile> {
    return this.#call('create', path, () => this.#handle(this.volume.make(path, 'file', mode, 'open'), path, true));
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#call('mkdir', path, () => void this.volume.make(path, 'directory', mode, 'mkdir'));
  }

  rmdir(path: string): Promise<void> {
    return this.#call('rmdir', path, () => this.volume.remove(path, true));
  }

  unlink(path: string): Promise<void> {
    return this.#call('unlink', path, () => this.volume.remove(path, false));
  }

  rename(from: string, to: string, replace: boolean): Promise<void> {
    return this.#call('rename', from, () => this.volume.rename(from, to, replace ? 'replace' : 'noreplace'));
  }

  exchange(a: string, b: string): Promise<void> {
    return this.#call('exchange', a, () => this.volume.rename(a, b, 'exchange'));
  }

  link(from: string, to: string): Promise<void> {
    return this.#call('link', from, () => this.volume.link(from, to));
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.#call('chmod', path, () => {
      const inode = this.volume.get(path, 'chmod');
      if (inode.kind === 'symlink') throw systemError('ENOTSUP', 'chmod', path);
      this.volume.setMode(inode, mode);
    });
  }

  utimes(path: string, mtimeNs: bigint): Promise<void> {
    return this.#call('utimes', path, () => this.volume.setTime(this.volume.get(path, 'utime'), mtimeNs));
  }

  chown(path: string, uid: number, gid: number): Promise<void> {
    return this.#call('chown', path, () => this.volume.setOwner(this.volume.get(path, 'chown'), uid, gid));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#call('symlink', path, () => {
      checkTarget(target, path);
      this.volume.make(path, 'symlink', 0o777, 'symlink').target = target;
    });
  }

  details(dir: string, names: readonly string[]): Promise<readonly (Details | null)[]> {
    return this.#call('details', dir, () => {
      for (const name of names) checkPath(name, 'statx', false);
      const { entries } = this.volume.directory(dir, 'statx');
      return names.map((name) => {
        const inode = entries.get(name);
        if (inode === undefined) return null;
        const isLink = inode.kind === 'symlink';
        const keeps = inode.kind === 'file' || inode.kind === 'directory';
        return {
          stat: statOfInode(inode),
          target: isLink ? inode.target : undefined,
          xattrs: keeps ? inode.xattrs : undefined,
        };
      });
    });
  }

  setXattrs(path: string, xattrs: Xattrs): Promise<void> {
    return this.#call('setXattrs', path, () => {
      const inode = this.volume.get(path, 'setxattr');
      if (inode.kind !== 'file' && inode.kind !== 'directory') throw systemError('ENOTSUP', 'setxattr', path);
      this.volume.setXattrs(inode, xattrs);
    });
  }

  /** Nobody sets any here. */
  copyAccess(from: string): Promise<boolean> {
    return this.#call('copyAccess', from, () => false);
  }

  sync(): Promise<void> {
    return this.#call('sync', '', () => this.volume.sync());
  }

  syncPaths(paths: readonly string[]): Promise<readonly (FileStat | null)[]> {
    return this.#call('syncPaths', paths.join(' '), () =>
      paths.map((path) => {
        let inode: Inode | undefined;
        try {
          inode = this.volume.find(path, 'fsync');
        } catch (error) {
          if (!isAbsence(error) && codeOf(error) !== 'ELOOP') throw error;
        }
        if (inode?.kind !== 'file' && inode?.kind !== 'directory') return null;
        this.volume.syncInode(inode);
        return statOfInode(inode);
      }),
    );
  }

  isOpen(path: string): Promise<boolean | undefined> {
    return this.#call('isOpen', path, () => {
      checkPath(path, 'open', false);
      const inode = this.volume.get(path, 'open');
      if (inode.kind === 'directory' || inode.kind === 'symlink')
        throw systemError(unreadable[inode.kind], 'open', path);
      return inode.kind === 'file' ? inode.handles > 0 : undefined;
    });
  }

  space(): Promise<Space> {
    const { limits, usedBytes, usedInodes } = this.volume;
    return this.#call('space', '', () => ({
      freeBytes: limits.bytes - usedBytes,
      freeInodes: limits.inodes - usedInodes,
    }));
  }

  /** As the kernel does for a process that is gone: whatever it has open is closed. */
  release(): void {
    for (const close of this.#open) close();
    this.#open.clear();
  }

  close(): Promise<void> {
    this.release();
    return Promise.resolve();
  }

  async #call<T>(name: string, path: string, run: () => T): Promise<T> {
    await this.before(name, path);
    return run();
  }

  #handle(inode: Inode, path: string, writer: boolean): ReadFile & WriteFile {
    const { volume } = this;
    const call = <T>(name: string, run: () => T): Promise<T> => this.#call(name, path, run);
    const close = (): void => volume.closed(inode, writer);
    volume.opened(inode);
    this.#open.add(close);
    return {
      stat: () => call('stat', () => statOfInode(inode)),
      read: (offset, length) => call('read', () => inode.data.slice(offset, offset + length)),
      nextData: (offset) => call('seek', () => (offset < inode.data.length ? offset : Infinity)),
      write: (offset, bytes) => call('write', () => volume.write(inode, offset, bytes)),
      truncate: (size) => call('truncate', () => volume.truncate(inode, size)),
      chmod: (mode) => call('chmod', () => volume.setMode(inode, mode)),
      utimes: (mtimeNs) => call('utimes', () => volume.setTime(inode, mtimeNs)),
      sync: () => call('sync', () => volume.syncInode(inode)),
      close: () =>
        call('close', () => {
          if (this.#open.delete(close)) close();
        }),
    };
  }
}

const unreadable = { directory: 'EISDIR', symlink: 'ELOOP', other: 'EINVAL' } as const;
