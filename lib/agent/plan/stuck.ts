import type { NodeId } from '../../core/node.ts';
import type { State } from '../state/state.ts';

/** Of the planner. */
export interface Turns {
  /** Nodes whose turn has not come. */
  readonly waiting: { has(id: NodeId): boolean; ids(): Iterable<NodeId> };
  /** Nodes that it has told a problem of. */
  readonly troubled: ReadonlySet<NodeId>;
  /** Grows with whatever may give a node its turn. */
  readonly changes: number;
}

/**
 * Nodes whose turn does not come, though nothing is under way any more, and that wait for nothing that has a problem. There
 * are none, unless somebody forgot to wake them; and while there is one the endpoint is not in sync, whatever the queues say.
 */
export class Stuck {
  readonly #state: State;
  readonly #planner: { readonly turns: Turns };
  readonly #isTroubled: (id: NodeId) => boolean;
  #at = -1;
  #nodes: readonly NodeId[] = [];

  constructor(state: State, planner: { readonly turns: Turns }, isTroubled: (id: NodeId) => boolean) {
    this.#state = state;
    this.#planner = planner;
    this.#isTroubled = isTroubled;
  }

  /** Ask only when nothing is under way: what is, explains any waiting. */
  nodes(): readonly NodeId[] {
    const { waiting, changes } = this.#planner.turns;
    if (changes !== this.#at) this.#nodes = this.#find(waiting.ids());
    this.#at = changes;
    return this.#nodes;
  }

  /** Whoever waits for one that waits for a problem, waits for it too. */
  #find(waiting: Iterable<NodeId>): readonly NodeId[] {
    const left = new Set(waiting);
    const explained = new Set<NodeId>();
    for (let before = -1; before !== left.size;) {
      before = left.size;
      for (const id of left)
        for (const other of this.#awaited(id))
          if (explained.has(other) || this.#isTroubled(other)) {
            explained.add(id);
            left.delete(id);
            break;
          }
    }
    return [...left];
  }

  /** What a node may wait for: its directory, whoever has its name, what is in it. */
  *#awaited(id: NodeId): Iterable<NodeId> {
    const state = this.#state;
    const [local, remote] = [state.local(id), state.remote(id)];
    yield id;
    for (const entry of [local, remote, state.synced(id)]) if (entry !== undefined) yield entry.parent;
    const holders = [
      local && state.remoteAt(local.parent, local.name),
      remote && state.localAt(remote.parent, remote.name),
    ];
    for (const holder of holders) if (holder !== undefined) yield holder.id;
    for (const { id: child } of state.localChildren(id)) yield child;
    for (const { id: child } of state.remoteChildren(id)) yield child;
  }
}
