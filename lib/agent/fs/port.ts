// The file system as the agent sees it: one endpoint's tree. Everything the agent does to a site goes through here,
// so that a simulator can stand in for the kernel and a test can break any single call.
//
// A path is relative to the endpoint's root: names joined by '/', '' for the root itself. A name is the text form of the
// kernel's bytes: valid UTF-8 as it is, every other byte 0xNN as the lone surrogate U+DCNN, so that it is reversible.
// No call follows a symbolic link, and none leaves the root (I25), whatever is swapped meanwhile.

export type Kind = 'file' | 'directory' | 'symlink' | 'other';

export interface FileStat {
  readonly kind: Kind;
  readonly size: number;
  /** Permission bits only (07777). */
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /**
   * Device, inode number and time of birth: with the kind, what identifies a file across renames. The number alone does
   * not: the next file made after a delete often gets it. The birth is 0 where the file system keeps none.
   */
  readonly dev: bigint;
  readonly ino: bigint;
  readonly bornNs: bigint;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Entry {
  readonly name: string;
  readonly stat: FileStat;
}

/** A directory as a whole: what is in it as lines (see lines.ts), and what it is itself, afterwards. */
export type Surveyed =
  | { readonly stat: FileStat; readonly count: number; readonly lines: Buffer }
  | { readonly error: unknown };

export interface ReadFile {
  stat(): Promise<FileStat>;
  /** Up to `length` bytes at `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Where the next byte is that somebody wrote, at or after `offset`: `offset` itself where holes are not told, Infinity after the last. */
  nextData(offset: number): Promise<number>;
  close(): Promise<void>;
}

export interface WriteFile {
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Sets the length; what was never written reads as zeros. */
  truncate(size: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  utimes(mtimeNs: bigint): Promise<void>;
  /** Content and length are on disk (not the name: see SiteFs.sync). An error means: not written. */
  sync(): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
}

export interface WholeFile {
  readonly stat: FileStat;
  readonly bytes: Uint8Array;
}

export interface NewFile {
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly mtimeNs: bigint;
}

/** `user.*` extended attributes: name, in the form of file names, and value in base64. */
export type Xattrs = Readonly<Record<string, string>>;

/** What a stat does not tell of an entry. A change while it was read shows in `stat`, which is of afterwards. */
export interface Details {
  readonly stat: FileStat;
  /** Of a symbolic link: where it points, in the form of names. */
  readonly target: string | undefined;
  /** Of a file or directory; undefined where this file system keeps none, or they may not be read. */
  readonly xattrs: Xattrs | undefined;
}

export interface Space {
  readonly freeBytes: number;
  readonly freeInodes: number;
}

/** What this file system and this build can do; what is false is said once to the user, and worked around. */
export interface Capabilities {
  /** RENAME_NOREPLACE and RENAME_EXCHANGE are atomic; else they are checked and then done, which has a race. */
  readonly atomicRename: boolean;
  /** mtime is set with all its nanoseconds; else to the microsecond. */
  readonly nanoseconds: boolean;
  /** Paths are resolved beneath the root by the kernel; else checked component by component, which has a race. */
  readonly beneath: boolean;
  readonly leases: boolean;
  /** `user.*` extended attributes are kept, and can be read and set. */
  readonly xattrs: boolean;
  /** Why less is possible than this machine could do, where a person can mend that. */
  readonly lack?: Lack | undefined;
}

export interface Lack {
  /** `addon_stale`, `addon_missing`, `kernel_refuses` */
  readonly code: string;
  readonly message: string;
}

/** Errors are Node's, with `code` (ENOENT, EEXIST, ENOTDIR, ENOTEMPTY, ENOSPC, EACCES, EXDEV, ELOOP, EIO ...). */
export interface SiteFs {
  /** Absolute, without symbolic links. */
  readonly root: string;
  readonly capabilities: Capabilities;
  /** All entries of a directory with their stats, or an error: never a part (I6). Entries that vanish meanwhile are left out. */
  list(dir: string): Promise<readonly Entry[]>;
  /** As `list`, of many directories: costs one call, and no object an entry. An error stands where its directory does. */
  survey(dirs: readonly string[]): Promise<readonly Surveyed[]>;
  /** Null when nothing is there; for the root also when its own path does not lead to it any more. */
  stat(path: string): Promise<FileStat | null>;
  /** Opens a regular file for reading; never blocks on a fifo or device (they are refused with EINVAL). */
  open(path: string): Promise<ReadFile>;
  /** A small file in one go: its content as of `stat`; null when it is larger than `limit`, or changed while it was read. */
  readWhole(path: string, limit: number): Promise<WholeFile | null>;
  /** Makes a new small file with all that belongs to it, with `sync` on disk (not the name). After an error there is none. */
  writeWhole(path: string, content: NewFile, sync: boolean): Promise<FileStat>;
  /** Makes a new regular file (EEXIST when the name is taken). */
  create(path: string, mode: number): Promise<WriteFile>;
  mkdir(path: string, mode: number): Promise<void>;
  rmdir(path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** With `replace` false the target must not exist (EEXIST). */
  rename(from: string, to: string, replace: boolean): Promise<void>;
  /** Swaps two existing entries. */
  exchange(a: string, b: string): Promise<void>;
  /** A second name for the inode at `from`. */
  link(from: string, to: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  utimes(path: string, mtimeNs: bigint): Promise<void>;
  /** Of any entry, a symbolic link itself included. Takes setuid and setgid from a file. */
  chown(path: string, uid: number, gid: number): Promise<void>;
  /** Makes a symbolic link; `target` is never looked at. EEXIST when the name is taken. */
  symlink(target: string, path: string): Promise<void>;
  /** Of entries of one directory, in their order; null for one that is gone. Opens none of them. */
  details(dir: string, names: readonly string[]): Promise<readonly (Details | null)[]>;
  /** Makes the `user.*` attributes of a file or directory exactly these. Without `capabilities.xattrs`: ENOTSUP. */
  setXattrs(path: string, xattrs: Xattrs): Promise<void>;
  /**
   * Gives a file what another one has of access control beyond owner and mode: POSIX ACL, Samba's, SELinux label. True when
   * something was set; what cannot be kept or set here is left out.
   */
  copyAccess(from: string, to: string): Promise<boolean>;
  /** Everything written, named or removed below the root before the call is on disk after it. Costs one flush, however much it is. */
  sync(): Promise<void>;
  /**
   * What stands at these paths is on disk: of a file content and attributes, of a directory the names in it. Answers what
   * that is; null where there is nothing, or neither a file nor a directory. Costs a flush each.
   */
  syncPaths(paths: readonly string[]): Promise<readonly (FileStat | null)[]>;
  /** True if a process has the file open (for writing or reading), undefined when that cannot be told. */
  isOpen(path: string): Promise<boolean | undefined>;
  space(): Promise<Space>;
  close(): Promise<void>;
}
