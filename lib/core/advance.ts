// One log row moves the remote tree.
import type { NodeId } from './node.ts';
import type { Remote, Trees } from './trees.ts';

/** The part of a log row that the rules look at; the protocol's row has this shape. */
export interface OutcomeRow {
  readonly seq: number;
  readonly outcome: 'applied' | 'conflict' | 'rejected' | 'parked';
  readonly code?: string | undefined;
  readonly became?: NodeId | undefined;
  readonly effects: readonly Effect[];
}

export type Effect =
  | { readonly put: Remote }
  | { readonly drop: NodeId }
  | { readonly alias: NodeId; readonly to: NodeId };

/** The remote states that change, null for what is gone. A dropped directory takes all below it along. */
export function advance(trees: Trees, row: OutcomeRow): ReadonlyMap<NodeId, Remote | null> {
  const changes = new Map<NodeId, Remote | null>();
  for (const effect of row.effects) {
    if ('put' in effect) changes.set(effect.put.id, effect.put);
    else if ('drop' in effect) drop(trees, effect.drop, changes);
  }
  return changes;
}

function drop(trees: Trees, id: NodeId, changes: Map<NodeId, Remote | null>): void {
  changes.set(id, null);
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of trees.remoteChildren(next)) {
      // What the same row put elsewhere is no longer below it.
      if (changes.has(child.id)) continue;
      changes.set(child.id, null);
      open.push(child.id);
    }
  }
}
