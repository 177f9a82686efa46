// Entries of the local tree and what is at their place.
import type { Identity, Known } from '../../core/identify.ts';
import type { Attributes, NodeState } from '../../core/node.ts';
import { attributesOf } from './attributes.ts';
import { isSyncedKind, nodeKind } from '../scan/found.ts';
import type { FileStat } from '../fs/port.ts';
import { identityOf, isInode } from '../scan/round.ts';

/** What tells a content of a file from any other. */
export type Version = Identity & Pick<Known, 'size' | 'statMtime'>;

/** The very inode the entry stands for, of the same kind. */
export function isThis(entry: Known, stat: FileStat): boolean {
  return isInode(entry, stat) && isSyncedKind(stat) && nodeKind(stat.kind) === entry.kind;
}

export function sameVersion(entry: Version, stat: FileStat): boolean {
  return isInode(entry, stat) && stat.size === entry.size && stat.mtimeNs.toString() === entry.statMtime;
}

/** The bits beyond those that are synced stay as they are: a set-group-id directory is what makes a shared folder. */
export function modeOf(before: FileStat, node: NodeState): number {
  return (before.mode & ~0o777) | node.mode;
}

/** A local entry just as the row says; its mtime is the row's where the file system kept it to a microsecond. */
export function entryOf(node: NodeState, stat: FileStat, hash: string | null, seen: Attributes): Known {
  const { id, parent, name, kind, target } = node;
  const directory = kind === 'directory';
  const apart = stat.mtimeNs - BigInt(node.mtime);
  const kept = apart <= 1000n && apart >= -1000n;
  return {
    id,
    parent,
    name,
    kind,
    ...(target === undefined ? {} : { target }),
    size: directory ? 0 : stat.size,
    mtime: directory ? '0' : kept ? node.mtime : stat.mtimeNs.toString(),
    mode: stat.mode & 0o777,
    hash: kind === 'file' ? hash : null,
    settled: true,
    ...identityOf(stat),
    statMtime: stat.mtimeNs.toString(),
    ctime: stat.ctimeNs.toString(),
    ...attributesOf(node, seen),
  };
}
