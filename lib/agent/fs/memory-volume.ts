// A Linux file system in memory, synchronous and deterministic: what MemoryFs (the agent) and MemoryUser (everybody
// else on that server) share. Errors come in the order in which the kernel finds them.
import { isDeepStrictEqual } from 'node:util';
import { systemError } from './errors.ts';
import { attributesOf, isBelow, newInode, save, setEntry, type Attributes, type Inode } from './memory-inode.ts';
import { setNames, type NameChange, type Notice } from './memory-change.ts';
import { placeAt, type Place } from './memory-place.ts';
import { checkPath } from './names.ts';
import type { Kind, Xattrs } from './port.ts';

export interface Limits {
  /** Content of all files together. */
  bytes: number;
  inodes: number;
}

const newAttributes = { uid: 0, gid: 0, xattrs: {} } as const;

export type RenameMode = 'replace' | 'noreplace' | 'exchange';

export class MemoryVolume {
  readonly root: Inode;
  readonly limits: Limits;
  /** False: a file system that does not tell when a file was made. */
  keepsBirth = true;
  readonly nowNs: () => bigint;
  /** Operations on names since the last sync. */
  readonly pending: NameChange[][] = [];
  readonly dirty = new Set<Inode>();
  readonly #listeners = new Set<(notice: Notice) => void>();
  readonly #free: bigint[] = [];
  #nextIno = 2n;
  #lastNs = 0n;
  #bytes = 0;
  #inodes = 1;

  /** `nowNs` may stand still: every change still gets a time of its own, as on a kernel with fine-grained times. */
  constructor(nowNs: () => bigint, limits: Limits) {
    this.nowNs = nowNs;
    this.limits = limits;
    const now = this.#now();
    this.root = newInode(this.#nextIno++, 'directory', { ...newAttributes, mode: 0o755, mtimeNs: now, ctimeNs: now });
  }

  get usedBytes(): number {
    return this.#bytes;
  }

  get usedInodes(): number {
    return this.#inodes;
  }

  listen(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The inode at a path, without following links; undefined when its parent has no such name. */
  find(path: string, syscall: string): Inode | undefined {
    checkPath(path, syscall, true);
    return path === '' ? this.root : placeAt(this.root, path, syscall).inode;
  }

  get(path: string, syscall: string): Inode {
    const inode = this.find(path, syscall);
    if (inode === undefined) throw systemError('ENOENT', syscall, path);
    return inode;
  }

  directory(path: string, syscall: string): Inode {
    const inode = this.get(path, syscall);
    if (inode.kind === 'symlink') throw systemError('ELOOP', syscall, path);
    if (inode.kind !== 'directory') throw systemError('ENOTDIR', syscall, path);
    return inode;
  }

  make(path: string, kind: Kind, mode: number, syscall: string): Inode {
    checkPath(path, syscall, false);
    const { dir, name, inode: taken } = placeAt(this.root, path, syscall);
    if (taken !== undefined) throw systemError('EEXIST', syscall, path);
    if (this.#inodes >= this.limits.inodes) throw systemError('ENOSPC', syscall, path);
    const now = this.#now();
    const ino = this.#free.shift() ?? this.#nextIno++;
    const inode = newInode(
      ino,
      kind,
      { ...newAttributes, mode, mtimeNs: now, ctimeNs: now },
      this.keepsBirth ? now : 0n,
    );
    this.#inodes++;
    this.#apply([{ dir, name, inode }]);
    this.#notify({ kind: 'changed', dir, name });
    return inode;
  }

  remove(path: string, directory: boolean): void {
    const syscall = directory ? 'rmdir' : 'unlink';
    checkPath(path, syscall, false);
    const { dir, name, inode } = placeAt(this.root, path, syscall);
    if (inode === undefined) throw systemError('ENOENT', syscall, path);
    if (directory && inode.kind !== 'directory') throw systemError('ENOTDIR', syscall, path);
    if (!directory && inode.kind === 'directory') throw systemError('EISDIR', syscall, path);
    if (inode.entries.size > 0) throw systemError('ENOTEMPTY', syscall, path);
    this.#apply([{ dir, name, inode: undefined }]);
    this.#notify({ kind: 'changed', dir, name });
  }

  link(from: string, to: string): void {
    for (const path of [from, to]) checkPath(path, 'link', false);
    const source = placeAt(this.root, from, 'link', to);
    const target = placeAt(this.root, to, 'link', to);
    if (source.inode === undefined) throw systemError('ENOENT', 'link', from, to);
    if (target.inode !== undefined) throw systemError('EEXIST', 'link', from, to);
    if (source.inode.kind === 'directory') throw systemError('EPERM', 'link', from, to);
    this.#apply([{ dir: target.dir, name: target.name, inode: source.inode }]);
    this.#notify({ kind: 'changed', dir: target.dir, name: target.name });
  }

  rename(from: string, to: string, mode: RenameMode): void {
    const refuse = (code: string): never => {
      throw systemError(code, 'rename', from, to);
    };
    for (const path of [from, to]) checkPath(path, 'rename', false);
    const a = placeAt(this.root, from, 'rename', to);
    const b = placeAt(this.root, to, 'rename', to);
    if (a.inode === undefined) return refuse('ENOENT');
    if (mode === 'noreplace' && b.inode !== undefined) return refuse('EEXIST');
    if (mode === 'exchange' && b.inode === undefined) return refuse('ENOENT');
    if (isBelow(b.dir, a.inode)) return refuse('EINVAL');
    if (b.inode !== undefined && isBelow(a.dir, b.inode)) return refuse(mode === 'exchange' ? 'EINVAL' : 'ENOTEMPTY');
    // Two names of one inode: POSIX has rename do nothing, and both names stay.
    if (a.inode === b.inode) return;
    if (mode === 'exchange') {
      this.#apply([
        { dir: a.dir, name: a.name, inode: b.inode },
        { dir: b.dir, name: b.name, inode: a.inode },
      ]);
      this.#moved(a, b, a.inode);
      if (b.inode !== undefined) this.#moved(b, a, b.inode);
      return;
    }
    if (b.inode !== undefined && a.inode.kind === 'directory' && b.inode.kind !== 'directory') refuse('ENOTDIR');
    if (b.inode?.kind === 'directory' && a.inode.kind !== 'directory') refuse('EISDIR');
    if (b.inode !== undefined && b.inode.entries.size > 0) refuse('ENOTEMPTY');
    this.#apply([
      { dir: a.dir, name: a.name, inode: undefined },
      { dir: b.dir, name: b.name, inode: a.inode },
    ]);
    this.#moved(a, b, a.inode);
  }

  write(inode: Inode, offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#resize(inode, Math.max(inode.data.length, offset + bytes.length), 'write');
    inode.data.set(bytes, offset);
    this.touch(inode);
    this.tell(inode, 'written');
  }

  truncate(inode: Inode, size: number): void {
    this.#resize(inode, size, 'ftruncate');
    this.touch(inode);
    this.tell(inode, 'written');
  }

  setMode(inode: Inode, mode: number): void {
    inode.mode = mode;
    this.#changed(inode);
    this.tell(inode, 'changed');
  }

  setTime(inode: Inode, mtimeNs: bigint): void {
    inode.mtimeNs = mtimeNs;
    this.#changed(inode);
    this.tell(inode, 'changed');
  }

  setOwner(inode: Inode, uid: number, gid: number): void {
    inode.uid = uid;
    inode.gid = gid;
    if (inode.kind === 'file') inode.mode &= 0o1777;
    this.#changed(inode);
    this.tell(inode, 'changed');
  }

  setXattrs(inode: Inode, xattrs: Xattrs): void {
    if (isDeepStrictEqual(xattrs, inode.xattrs)) return;
    inode.xattrs = xattrs;
    this.#changed(inode);
    this.tell(inode, 'changed');
  }

  /** New content: mtime and ctime are now. */
  touch(inode: Inode): void {
    this.#changed(inode);
    inode.mtimeNs = inode.ctimeNs;
  }

  opened(inode: Inode): void {
    inode.handles++;
  }

  closed(inode: Inode, writer: boolean): void {
    inode.handles--;
    if (writer) this.tell(inode, 'closed');
    this.#release(inode);
  }

  /** Everything so far is on disk. */
  sync(): void {
    setNames(this.pending.splice(0));
    for (const inode of this.dirty) save(inode);
    this.dirty.clear();
  }

  /** Content and attributes of one inode are on disk; with a directory the journal goes there, up to this moment. */
  syncInode(inode: Inode): void {
    if (inode.kind === 'directory') setNames(this.pending.splice(0));
    save(inode);
    this.dirty.delete(inode);
  }

  /** For a volume that comes back after a crash: an inode with its old number, without names yet. */
  revive(old: Inode, attributes: Attributes, data: Uint8Array): Inode {
    const isRoot = old.ino === this.root.ino;
    const own = attributesOf(attributes);
    const { ino, kind, bornNs } = old;
    const inode = isRoot ? Object.assign(this.root, own, { bornNs }) : newInode(ino, kind, own, bornNs);
    inode.data = data;
    inode.target = old.target;
    save(inode);
    this.#bytes += data.length;
    if (!isRoot) this.#inodes++;
    if (old.ino >= this.#nextIno) this.#nextIno = old.ino + 1n;
    return inode;
  }

  /** By one name only, as the kernel does; who writes to a file without a name is not heard. */
  tell(inode: Inode, kind: 'changed' | 'written' | 'closed'): void {
    const [place] = inode.places;
    if (place !== undefined) this.#notify({ kind, dir: place.dir, name: place.name });
    else if (inode === this.root) this.#notify({ kind, dir: inode, name: '' });
  }

  #apply(group: NameChange[]): void {
    const touched = group.flatMap(({ dir, name, inode }) => {
      const old = dir.entries.get(name);
      return [old, inode].filter((one) => one !== undefined);
    });
    for (const { dir, name, inode } of group) {
      setEntry(dir, name, inode);
      this.touch(dir);
    }
    this.pending.push(group);
    for (const inode of new Set(touched)) {
      this.#changed(inode);
      this.#release(inode);
    }
  }

  #changed(inode: Inode): void {
    inode.ctimeNs = this.#now();
    this.dirty.add(inode);
  }

  #now(): bigint {
    const now = this.nowNs();
    this.#lastNs = now > this.#lastNs ? now : this.#lastNs + 1n;
    return this.#lastNs;
  }

  #resize(inode: Inode, size: number, syscall: string): void {
    const used = this.#bytes + size - inode.data.length;
    if (used > this.#bytes && used > this.limits.bytes) throw systemError('ENOSPC', syscall);
    this.#bytes = used;
    const data = new Uint8Array(size);
    data.set(inode.data.subarray(0, size));
    inode.data = data;
  }

  /** The last name and the last handle are gone: number and space are free, and the number is used again, as on ext4. */
  #release(inode: Inode): void {
    if (inode.places.length > 0 || inode.handles > 0) return;
    this.#bytes -= inode.data.length;
    this.#inodes--;
    this.#free.push(inode.ino);
  }

  #moved(from: Place, to: Place, inode: Inode): void {
    const { dir, name } = from;
    this.#notify({ kind: 'moved', dir, name, toDir: to.dir, toName: to.name, inode, replaced: to.inode });
  }

  #notify(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice);
  }
}
