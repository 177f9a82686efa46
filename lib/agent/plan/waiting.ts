import type { NodeId } from '../../core/node.ts';
import type { State } from '../state/state.ts';

/**
 * Nodes whose turn has not come: they wait for a name, a parent, or what is in them. Something that changes wakes those
 * that wait in the same directory or for it; whatever that misses is woken when nothing else is left to do.
 */
export class Waiting {
  readonly #state: State;
  readonly #nodes = new Map<NodeId, readonly NodeId[]>();
  readonly #byKey = new Map<NodeId, Set<NodeId>>();

  constructor(state: State) {
    this.#state = state;
  }

  get size(): number {
    return this.#nodes.size;
  }

  has(id: NodeId): boolean {
    return this.#nodes.has(id);
  }

  ids(): Iterable<NodeId> {
    return this.#nodes.keys();
  }

  add(id: NodeId): void {
    this.#drop(id);
    const keys = [...this.#keys(id)];
    this.#nodes.set(id, keys);
    for (const key of keys) {
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, new Set([id]));
      else known.add(id);
    }
  }

  /** Adds to `ids` those that wait for any of them. */
  wake(ids: Set<NodeId>): void {
    if (this.#nodes.size === 0) return;
    for (const id of Array.from(ids)) {
      this.#drop(id);
      for (const key of this.#keys(id)) {
        const woken = this.#byKey.get(key);
        if (woken === undefined) continue;
        for (const each of woken) {
          ids.add(each);
          this.#drop(each);
        }
      }
    }
  }

  all(): readonly NodeId[] {
    const ids = [...this.#nodes.keys()];
    this.#nodes.clear();
    this.#byKey.clear();
    return ids;
  }

  #keys(id: NodeId): ReadonlySet<NodeId> {
    const keys = new Set<NodeId>([id]);
    for (const entry of [this.#state.local(id), this.#state.remote(id), this.#state.synced(id)])
      if (entry !== undefined) keys.add(entry.parent);
    return keys;
  }

  #drop(id: NodeId): void {
    const keys = this.#nodes.get(id);
    if (keys === undefined) return;
    this.#nodes.delete(id);
    for (const key of keys) {
      const set = this.#byKey.get(key);
      set?.delete(id);
      if (set?.size === 0) this.#byKey.delete(key);
    }
  }
}
