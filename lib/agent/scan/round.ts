import { isIdentity, type Found, type Identity, type Place } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import type { FileStat } from '../fs/port.ts';
import type { State } from '../state/state.ts';
import type { Touched } from './touched.ts';

/** What one scan saw that the local tree does not say: a `Scan` in the making. */
export interface Round {
  /** From `Touched.scan`. */
  readonly began: number;
  readonly found: Found[];
  /** With the path where each was looked for. */
  readonly missing: Map<NodeId, string>;
  readonly seen: Set<NodeId>;
  /** Directories in which all is where the local tree has it, but for these names. */
  readonly whole: Map<NodeId, ReadonlySet<string>>;
  /** Directories that could not be looked through, because their path led elsewhere by then. */
  readonly unread: { readonly place: Place; readonly path: string }[];
  /** Paths that changed under the eyes of the scan: nothing is concluded, they are to be looked at again. */
  readonly again: string[];
}

export function newRound(began: number): Round {
  return { began, found: [], missing: new Map(), seen: new Set(), whole: new Map(), unread: [], again: [] };
}

export function identityOf(stat: FileStat): Identity {
  return { inode: `${stat.dev}:${stat.ino}`, born: stat.bornNs.toString() };
}

export function isInode(known: Identity, stat: FileStat): boolean {
  return isIdentity(known, identityOf(stat));
}

/**
 * Whether the round met the node where the local tree has it. Of what came to its place only since, by the agent's own hand
 * or another scan, nothing is said.
 */
export function isSeen(state: Pick<State, 'local'>, touched: Touched, round: Round, id: NodeId): boolean {
  if (round.seen.has(id)) return true;
  if (round.whole.size === 0) return false;
  const entry = state.local(id);
  const except = entry === undefined ? undefined : round.whole.get(entry.parent);
  if (entry === undefined || except === undefined || except.has(entry.name)) return false;
  if (touched.during(round.began, entry.parent, entry.name)) return false;
  // Whoever asks again gets the same answer, whatever happens to the name meanwhile.
  round.seen.add(id);
  return true;
}
