// A node is one file, directory or symbolic link of a group's namespace. Its id survives renames and moves.

export type NodeId = string;

/** The group's root directory: always there, never an operation's subject. */
export const rootId: NodeId = 'root';

export type NodeKind = 'file' | 'directory' | 'link';

/** Nanoseconds since 1970 as a decimal string, because JSON has no integers of that size. */
export type Nanoseconds = string;

/**
 * What a site may be unable to see or to set. Absent: nobody has said, so it is left as it is and no difference to anything.
 */
export interface Attributes {
  /** The user's name, or the number in decimal where there is no name. */
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  /** `user.*` only: name to value in base64; `{}` is none. */
  readonly xattrs?: Readonly<Record<string, string>> | undefined;
}

/** What the namespace says of one node that is alive; the remote tree of an agent is made of these. */
export interface NodeState extends Attributes {
  readonly id: NodeId;
  readonly parent: NodeId;
  /** The Linux name. */
  readonly name: string;
  /** The name on the share, where it differs from what `shareName(name)` gives (twins under case folding). */
  readonly share?: string | undefined;
  readonly kind: NodeKind;
  /** What a link points at: as names, bytes that are no UTF-8 are lone surrogates. Its content on the share is made of it. */
  readonly target?: string | undefined;
  /** The sequence number that last changed the content; 0 for a directory. */
  readonly version: number;
  /** The sequence number that last changed anything. */
  readonly seq: number;
  readonly size: number;
  /** SHA-256 over the SHA-256 of each block of 4 MiB, hex; null where the content was found on the share and not read yet. */
  readonly hash: string | null;
  readonly mtime: Nanoseconds;
  readonly mode: number;
  /** The share's ETag of the content: every range of a download must carry it (I17). */
  readonly etag: string;
  /** The share's file id: with size and last-write it tells a foreign edit. */
  readonly fileId: string;
  /** The share's last-write time, as its header spells it. */
  readonly lastWrite: string;
  /** Hash of the block list, where the content has more than one block. */
  readonly blocks?: string | undefined;
  /** Server that wrote this version: names the conflict copy if it loses. */
  readonly author: string;
}

/** Content is hashed and transferred in blocks of this size: the Put Range limit. */
export const blockSize = 4 * 1024 * 1024;
