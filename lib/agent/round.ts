import type { FileStat } from './fs/port.ts';
import type { NodeId } from '../core/node.ts';

/** A directory of the site: a node of the local tree, or one that was found in this very round and has no id yet. */
export type Place = NodeId | Found;

/** Something on the site that is not as the local tree says. */
export interface Found {
  readonly dir: Place;
  readonly name: string;
  readonly path: string;
  readonly stat: FileStat;
  /** A writer closed it just now: no need to wait for quiet. */
  readonly closed: boolean;
  /** The watch told of it, so it would have told of a write as well. Else it may have been written to unheard. */
  readonly heard: boolean;
  /** Bytes were written since it was looked at last, whatever the times say: timestamps may be as coarse as 4 ms. */
  readonly written: boolean;
}

/** What one scan saw that the local tree does not say. A directory that could not be read whole adds nothing (I6). */
export interface Round {
  /** From `Touched.scan`. */
  readonly began: number;
  /** Parents before what is found in them. */
  readonly found: Found[];
  /** Nodes that are not where the local tree has them. */
  readonly missing: Set<NodeId>;
  /** Nodes that were seen to be just where the local tree has them, by the way. */
  readonly seen: Set<NodeId>;
}

export function newRound(began: number): Round {
  return { began, found: [], missing: new Set(), seen: new Set() };
}

/** What a file is known by wherever it moves. */
export interface Identity {
  /** `dev:ino` */
  readonly inode: string;
  /** Time of birth, '0' where that is not known. */
  readonly born: string;
}

export function identityOf(stat: FileStat): Identity {
  return { inode: `${stat.dev}:${stat.ino}`, born: stat.bornNs.toString() };
}

/** False: another file. Without a birth on either side it may be another one all the same, which got the number again. */
export function isIdentity(known: Identity, { inode, born }: Identity): boolean {
  return known.inode === inode && (known.born === born || known.born === '0' || born === '0');
}

/** True only where the very same file is meant: nothing that was made later has both its number and its birth. */
export function isProven(known: Identity, { inode, born }: Identity): boolean {
  return known.inode === inode && known.born === born && born !== '0';
}

export function isInode(known: Identity, stat: FileStat): boolean {
  return isIdentity(known, identityOf(stat));
}
