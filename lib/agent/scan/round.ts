import { isIdentity, type Found, type Identity, type Place } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import type { FileStat } from '../fs/port.ts';

/** What one scan saw that the local tree does not say: a `Scan` in the making. */
export interface Round {
  /** From `Touched.scan`. */
  readonly began: number;
  readonly found: Found[];
  /** With the path where each was looked for. */
  readonly missing: Map<NodeId, string>;
  readonly seen: Set<NodeId>;
  /** Directories that could not be looked through, because their path led elsewhere by then. */
  readonly unread: { readonly place: Place; readonly path: string }[];
  /** Paths that changed under the eyes of the scan: nothing is concluded, they are to be looked at again. */
  readonly again: string[];
}

export function newRound(began: number): Round {
  return { began, found: [], missing: new Map(), seen: new Set(), unread: [], again: [] };
}

export function identityOf(stat: FileStat): Identity {
  return { inode: `${stat.dev}:${stat.ino}`, born: stat.bornNs.toString() };
}

export function isInode(known: Identity, stat: FileStat): boolean {
  return isIdentity(known, identityOf(stat));
}
