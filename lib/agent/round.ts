import { isIdentity, type Found, type Identity } from '../core/identify.ts';
import type { NodeId } from '../core/node.ts';
import type { FileStat } from './fs/port.ts';

/** What one scan saw that the local tree does not say: a `Scan` in the making. */
export interface Round {
  /** From `Touched.scan`. */
  readonly began: number;
  readonly found: Found[];
  readonly missing: Set<NodeId>;
  readonly seen: Set<NodeId>;
  /** Paths that changed under the eyes of the scan: nothing is concluded, they are to be looked at again. */
  readonly again: string[];
}

export function newRound(began: number): Round {
  return { began, found: [], missing: new Set(), seen: new Set(), again: [] };
}

export function identityOf(stat: FileStat): Identity {
  return { inode: `${stat.dev}:${stat.ino}`, born: stat.bornNs.toString() };
}

export function isInode(known: Identity, stat: FileStat): boolean {
  return isIdentity(known, identityOf(stat));
}
