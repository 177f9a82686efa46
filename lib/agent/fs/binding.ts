// The addon as TypeScript sees it (native/fs.cc). Every asynchronous call resolves with a number >= 0, or with -errno;
// paths are relative to the directory `root` is open on, and resolved beneath it.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TidewayError } from '../../base/errors.ts';
import type { FileStat, Kind } from './port.ts';

type Path = string | Buffer;
/** An answer, or -errno. */
type Answer<T> = Promise<T | number>;

/** An open inotify queue; released when it is collected, stopped by `watchStop`. */
export interface WatchHandle {
  readonly kind: unique symbol;
}

export interface Native {
  readonly version: number;
  /** Attributes, packed: read them with `statReader`. */
  stat(root: number, path: Path): Answer<ArrayBuffer>;
  /** Names, each followed by '/', and attributes in the same order. Entries that vanish meanwhile are left out. */
  list(root: number, path: Path): Answer<readonly [ArrayBuffer, ArrayBuffer]>;
  /**
   * Of directories: the lines of all (lines.ts), two doubles each (its entries or -errno, the bytes of its lines), and the
   * attributes of each. Every path is followed by NUL.
   */
  survey(root: number, paths: Path): Answer<readonly [ArrayBuffer, ArrayBuffer, ArrayBuffer]>;
  /** A descriptor to read from; EINVAL for what is neither file, directory nor symbolic link. */
  open(root: number, path: Path): Promise<number>;
  create(root: number, path: Path, mode: number): Promise<number>;
  mkdir(root: number, path: Path, mode: number): Promise<number>;
  unlink(root: number, path: Path, directory: 0 | 1): Promise<number>;
  rename(root: number, from: Path, to: Path, flags: number): Promise<number>;
  link(root: number, from: Path, to: Path): Promise<number>;
  chmod(root: number, path: Path, mode: number): Promise<number>;
  utimes(root: number, path: Path, mtimeNs: bigint): Promise<number>;
  chown(root: number, path: Path, uid: number, gid: number): Promise<number>;
  symlink(root: number, target: Path, path: Path): Promise<number>;
  /** Attributes, and fields (see details.ts), of entries of a directory; each of `names` is followed by '/'. */
  details(root: number, path: Path, names: Path): Answer<readonly [ArrayBuffer, ArrayBuffer]>;
  /** Makes the `user.*` attributes exactly these (fields: name and value in turn). */
  setXattrs(root: number, path: Path, fields: Uint8Array): Promise<number>;
  /** 1 something was set, 0 there was nothing to set. */
  copyAccess(root: number, from: Path, to: Path): Promise<number>;
  /** Of a user (0) or group (1), by number; -ENOENT: there is none. */
  accountName(group: 0 | 1, id: number): Answer<ArrayBuffer>;
  accountId(group: 0 | 1, name: Path): Promise<number>;
  /** 1 somebody has it open, 0 nobody. */
  isOpen(root: number, path: Path): Promise<number>;
  /** Bits: 1 leases tell who has a file open, 2 mtime keeps nanoseconds, 4 it keeps `user.*`. -errno: openat2 cannot be used. */
  probe(root: number): Promise<number>;
  /** Attributes before and after it was read, and what was read; nothing is read of what is larger than `limit`. */
  readWhole(root: number, path: Path, limit: number): Answer<readonly [ArrayBuffer, ArrayBuffer]>;
  /** A new file; its attributes. */
  writeWhole(
    root: number,
    path: Path,
    bytes: Uint8Array,
    mode: number,
    mtimeNs: bigint,
    sync: 0 | 1,
  ): Answer<ArrayBuffer>;
  /** Attributes of each, all zero where there is nothing; `paths` are the paths, each followed by NUL. */
  syncPaths(root: number, paths: Path): Answer<ArrayBuffer>;
  syncfs(root: number): Promise<number>;
  /** Two doubles: free bytes, free inodes (-1 where they are not counted). */
  space(root: number): Answer<ArrayBuffer>;
  futimes(fd: number, mtimeNs: bigint): Promise<number>;
  /** Where data (0) or a hole (1) next begins at or after `offset`; ENXIO past the end. */
  seek(fd: number, offset: bigint, hole: 0 | 1): Promise<number>;
  /** Shares all blocks of `from` (FICLONE). */
  clone(to: number, from: number): Promise<number>;
  getXattr(fd: number, name: Path): Answer<ArrayBuffer>;
  /** Names, each followed by NUL. */
  listXattrs(fd: number): Answer<ArrayBuffer>;
  setXattr(fd: number, name: Path, value: Path): Promise<number>;
  removeXattr(fd: number, name: Path): Promise<number>;
  /** Starts the thread; `onEvents` gets inotify's bytes as they were queued. */
  watchStart(onEvents: (events: ArrayBuffer) => void): WatchHandle | number;
  /** A watch descriptor (or -errno) for each of the paths, as int32; each path is followed by NUL. */
  watchAdd(watch: WatchHandle, root: number, paths: Path, mask: number): Answer<ArrayBuffer>;
  watchRemove(watch: WatchHandle, wd: number): number;
  watchStop(watch: WatchHandle): void;
}

/** Count it up together with kVersion in native/stat.hh. */
const version = 5;

/**
 * The addon, or undefined where it was not built. Errors: `addon_stale` where it was built from other sources (its answers
 * would be taken for what they are not), and the loader's own.
 */
export function loadNative(file = builtFile()): Native | undefined {
  if (file === undefined) return undefined;
  const native = createRequire(import.meta.url)(file) as Partial<Native>;
  if (native.version === version) return native as Native;
  throw new TidewayError('addon_stale', `The addon is of version ${native.version ?? 0}, and ${version} is needed`, {
    path: file,
    hint: 'Run `npm install` again.',
  });
}

function builtFile(): string | undefined {
  // Beside the bundle where the agent is shipped, else where native/build.ts puts it.
  const here = import.meta.dirname;
  return [join(here, 'fs.node'), join(here, '..', '..', '..', 'build', 'fs.node')].find((name) => existsSync(name));
}

/** O_PATH names a file without opening it; Node has no constant for it. */
export const pathOnly = 0o10000000;
export const renameNoReplace = 1;
export const renameExchange = 2;
export const probedLeases = 1;
export const probedNanoseconds = 2;
export const probedXattrs = 4;

const slots = 10;
const slotBytes = 8;
const typeMask = 0o170000;

/** Kind from a raw `st_mode`. */
export function kindOf(mode: number): Kind {
  switch (mode & typeMask) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    default:
      return 'other';
  }
}

/** Entry `index` of packed attributes (layout: native/stat.hh). */
export function statReader(packed: ArrayBuffer): { readonly count: number; at(index: number): FileStat } {
  const numbers = new Float64Array(packed);
  const integers = new BigInt64Array(packed);
  return {
    count: packed.byteLength / (slots * slotBytes),
    at(index) {
      const base = index * slots;
      const number = (slot: number): number => numbers[base + slot] as number;
      const integer = (slot: number): bigint => integers[base + slot] as bigint;
      const mode = number(0);
      return {
        kind: kindOf(mode),
        size: number(1),
        mode: mode & 0o7777,
        mtimeNs: integer(5),
        ctimeNs: integer(6),
        dev: integer(7),
        ino: integer(8),
        bornNs: integer(9),
        links: number(2),
        uid: number(3),
        gid: number(4),
      };
    },
  };
}
