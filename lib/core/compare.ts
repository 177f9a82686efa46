// When two views of a node count as equal.
import type { Nanoseconds, NodeId, NodeKind } from './node.ts';
import type { Local, Remote, Synced } from './trees.ts';

export interface Place {
  readonly parent: NodeId;
  readonly name: string;
}

export function samePlace(a: Place, b: Place): boolean {
  return a.parent === b.parent && a.name === b.name;
}

/** Node's own `utimes` goes through floating-point seconds and misses by up to a microsecond; that is no edit. */
const tolerance = 1000n;

export function sameTime(a: Nanoseconds, b: Nanoseconds): boolean {
  if (a === b) return true;
  const apart = BigInt(a) - BigInt(b);
  return apart <= tolerance && -apart <= tolerance;
}

export type Content = 'same' | 'changed' | 'unknown';

/**
 * Whether the local content is still the synced one. `unknown` asks for a hash: size alone never proves equality, and a
 * new mtime never proves a change.
 */
export function contentSince(local: Local, synced: Synced): Content {
  if (local.kind === 'directory') return 'same';
  if (local.kind === 'link') return local.target === synced.target ? 'same' : 'changed';
  if (local.size !== synced.size) return 'changed';
  // Only where content was never read here (a tiered file): then time is all there is to go by.
  if (synced.hash === null) return sameTime(local.mtime, synced.mtime) ? 'same' : 'changed';
  if (local.hash === null) return 'unknown';
  return local.hash === synced.hash ? 'same' : 'changed';
}

/** True only where it is known: a content that nobody has read equals nothing. */
export function sameContent(local: Local, remote: Remote): boolean {
  if (local.kind !== remote.kind) return false;
  if (local.kind === 'link') return local.target === remote.target;
  return local.hash !== null && local.hash === remote.hash;
}

/** Of a link there is one mode only, whatever somebody else's row says. */
export function sameMode(a: Moded, b: Moded): boolean {
  return a.mode === b.mode || a.kind === 'link';
}

interface Moded {
  readonly kind: NodeKind;
  readonly mode: number;
}
