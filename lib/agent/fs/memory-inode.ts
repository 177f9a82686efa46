// What the in-memory volume is made of.
import { byteLength } from './names.ts';
import type { FileStat, Kind, Xattrs } from './port.ts';

export interface Attributes {
  mode: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
  uid: number;
  gid: number;
  xattrs: Xattrs;
}

export function attributesOf({ mode, mtimeNs, ctimeNs, uid, gid, xattrs }: Attributes): Attributes {
  return { mode, mtimeNs, ctimeNs, uid, gid, xattrs };
}

/** What of an inode would be there after a power loss. */
interface Saved extends Readonly<Attributes> {
  readonly data: Uint8Array;
}

interface Place {
  readonly dir: Inode;
  readonly name: string;
}

export interface Inode extends Attributes {
  readonly ino: bigint;
  readonly bornNs: bigint;
  readonly kind: Kind;
  /** Of a symbolic link. */
  target: string;
  /** Names, for a directory 2 and one for each directory in it. */
  links: number;
  handles: number;
  data: Uint8Array;
  /** Of a directory: what it holds. */
  readonly entries: Map<string, Inode>;
  /** Its names; none for the root, and for what was removed. A directory has one. */
  readonly places: Place[];
  saved: Saved;
  /** Of a directory: the entries that would be there after a power loss. */
  readonly savedEntries: Map<string, Inode>;
}

export function newInode(ino: bigint, kind: Kind, attributes: Attributes, bornNs = attributes.ctimeNs): Inode {
  const data = new Uint8Array(0);
  return {
    ...attributes,
    ino,
    bornNs,
    kind,
    target: '',
    links: kind === 'directory' ? 2 : 0,
    handles: 0,
    data,
    entries: new Map(),
    places: [],
    saved: { ...attributes, data },
    savedEntries: new Map(),
  };
}

/** Device numbers of all in-memory volumes are one: a volume that comes back after a crash is the same volume. */
const device = 1n;

export function statOfInode(inode: Inode): FileStat {
  return {
    kind: inode.kind,
    size: sizeOf(inode),
    mode: inode.mode,
    mtimeNs: inode.mtimeNs,
    ctimeNs: inode.ctimeNs,
    dev: device,
    ino: inode.ino,
    bornNs: inode.bornNs,
    links: inode.links,
    uid: inode.uid,
    gid: inode.gid,
  };
}

function sizeOf({ kind, target, data }: Inode): number {
  return kind === 'directory' ? 4096 : kind === 'symlink' ? byteLength(target) : data.length;
}

/** Content and attributes of this inode are on disk; its names are not. */
export function save(inode: Inode): void {
  inode.saved = { data: inode.data, ...attributesOf(inode) };
}

/** Sets or removes a name, and keeps the link counts. */
export function setEntry(dir: Inode, name: string, inode: Inode | undefined): void {
  const old = dir.entries.get(name);
  if (old !== undefined) {
    const at = old.places.findIndex((place) => place.dir === dir && place.name === name);
    old.places.splice(at, 1);
    if (old.kind === 'directory') dir.links--;
    else old.links--;
    dir.entries.delete(name);
  }
  if (inode === undefined) return;
  inode.places.push({ dir, name });
  if (inode.kind === 'directory') dir.links++;
  else inode.links++;
  dir.entries.set(name, inode);
}

export function isBelow(inode: Inode, ancestor: Inode): boolean {
  for (let dir: Inode | undefined = inode; dir !== undefined; dir = dir.places[0]?.dir)
    if (dir === ancestor) return true;
  return false;
}

/** The path of a directory, or undefined when it was removed. */
export function pathOfDirectory(dir: Inode, root: Inode): string | undefined {
  const names: string[] = [];
  let at = dir;
  for (let place = at.places[0]; place !== undefined; place = at.places[0]) {
    names.push(place.name);
    at = place.dir;
  }
  return at === root ? names.reverse().join('/') : undefined;
}
