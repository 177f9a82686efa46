import { systemError } from './errors.ts';
import { statOfInode, type Inode } from './memory-inode.ts';
import type { MemoryVolume } from './memory-volume.ts';
import { joinPath, splitPath } from './names.ts';
import type { FileStat, WriteFile, Xattrs } from './port.ts';

/** What is at a path, for comparing trees. */
export interface Snapshot {
  readonly stat: FileStat;
  /** Of a file. */
  readonly data: Uint8Array | undefined;
  /** Of a symbolic link. */
  readonly target: string | undefined;
  readonly xattrs: Xattrs;
}

/** Somebody who works on the server, beside the agent: every method is one step, at once, and errors are the kernel's. */
export class MemoryUser {
  readonly #volume: MemoryVolume;

  constructor(volume: MemoryVolume) {
    this.#volume = volume;
  }

  /** Makes the file, or empties it, and writes it in place, as `echo > file` does. */
  writeFile(path: string, data: Uint8Array | string): void {
    const inode = this.#openOrMake(path);
    if (inode.data.length > 0) this.#volume.truncate(inode, 0);
    this.#writeAndClose(inode, 0, data);
  }

  appendFile(path: string, data: Uint8Array | string): void {
    const inode = this.#openOrMake(path);
    this.#writeAndClose(inode, inode.data.length, data);
  }

  read(path: string): Uint8Array {
    return this.#volume.get(path, 'open').data;
  }

  /** A program that keeps the file open: its writes go to the inode, whatever happens to the name. */
  open(path: string): Pick<WriteFile, 'close'> & { write(offset: number, data: Uint8Array | string): void } {
    const inode = this.#openOrMake(path);
    let open = true;
    return {
      write: (offset, data) => this.#volume.write(inode, offset, bytesOf(data)),
      close: () => {
        if (open) this.#volume.closed(inode, true);
        open = false;
        return Promise.resolve();
      },
    };
  }

  mkdirp(path: string): void {
    if (path === '') return;
    this.mkdirp(splitPath(path).parent);
    if (this.#volume.find(path, 'mkdir')?.kind !== 'directory') this.mkdir(path);
  }

  /** A fifo, socket or device: only that it is there matters to the agent. */
  special(path: string): void {
    this.#volume.make(path, 'other', 0o644, 'mknod');
  }

  symlink(target: string, path: string): void {
    this.#volume.make(path, 'symlink', 0o777, 'symlink').target = target;
  }

  chown(path: string, uid: number, gid: number): void {
    this.#volume.setOwner(this.#volume.get(path, 'chown'), uid, gid);
  }

  setXattrs(path: string, xattrs: Xattrs): void {
    this.#volume.setXattrs(this.#volume.get(path, 'setxattr'), xattrs);
  }

  rename(from: string, to: string): void {
    this.#volume.rename(from, to, 'replace');
  }

  exchange(a: string, b: string): void {
    this.#volume.rename(a, b, 'exchange');
  }

  link(from: string, to: string): void {
    this.#volume.link(from, to);
  }

  mkdir(path: string): void {
    this.#volume.make(path, 'directory', 0o755, 'mkdir');
  }

  /** A file, or an empty directory. */
  remove(path: string): void {
    this.#volume.remove(path, this.#volume.get(path, 'unlink').kind === 'directory');
  }

  /** With everything below, bottom up, as `rm -r` does. */
  rm(path: string): void {
    for (const name of this.#volume.get(path, 'unlink').entries.keys()) this.rm(joinPath(path, name));
    this.remove(path);
  }

  utimes(path: string, mtimeNs: bigint): void {
    this.#volume.setTime(this.#volume.get(path, 'utime'), mtimeNs);
  }

  chmod(path: string, mode: number): void {
    this.#volume.setMode(this.#volume.get(path, 'chmod'), mode);
  }

  /** The whole tree below `path`, which is left out itself; keys are paths relative to the root, in sorted order. */
  snapshot(path = ''): ReadonlyMap<string, Snapshot> {
    const found: [string, Snapshot][] = [];
    const walk = (dir: Inode, at: string): void => {
      for (const [name, inode] of dir.entries) {
        const child = joinPath(at, name);
        const data = inode.kind === 'file' ? inode.data : undefined;
        const target = inode.kind === 'symlink' ? inode.target : undefined;
        found.push([child, { stat: statOfInode(inode), data, target, xattrs: inode.xattrs }]);
        walk(inode, child);
      }
    };
    walk(this.#volume.directory(path, 'scandir'), path);
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #openOrMake(path: string): Inode {
    const there = this.#volume.find(path, 'open');
    const inode = there ?? this.#volume.make(path, 'file', 0o644, 'open');
    if (inode.kind !== 'file') throw systemError(inode.kind === 'directory' ? 'EISDIR' : 'ELOOP', 'open', path);
    this.#volume.opened(inode);
    return inode;
  }

  #writeAndClose(inode: Inode, offset: number, data: Uint8Array | string): void {
    try {
      this.#volume.write(inode, offset, bytesOf(data));
    } finally {
      this.#volume.closed(inode, true);
    }
  }
}

function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data;
}
