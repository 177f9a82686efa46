import type { NodeId } from '../../core/node.ts';

/** Beyond these a comparison of all that there is costs less than one by one. */
const most = 20_000;

/**
 * Nodes that the three trees may disagree on: all that were written since the trees were last compared. So a comparison costs
 * what has changed, not what there is.
 */
export class Suspects {
  /** Undefined: any node may be one. */
  #ids: Set<NodeId> | undefined;

  add(id: NodeId): void {
    if (this.#ids === undefined) return;
    if (this.#ids.size < most) this.#ids.add(id);
    else this.#ids = undefined;
  }

  /** Undefined where only a comparison of everything tells. */
  get known(): readonly NodeId[] | undefined {
    return this.#ids === undefined ? undefined : [...this.#ids];
  }

  /** A comparison has found these, and no others. Call it before anything is written. */
  compared(unequal: readonly NodeId[]): void {
    this.#ids = unequal.length > most ? undefined : new Set(unequal);
  }
}
