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
  readonly #comparisons = new Set<Set<NodeId>>();

  add(id: NodeId): void {
    for (const written of this.#comparisons) written.add(id);
    if (this.#ids === undefined) return;
    if (this.#ids.size < most) this.#ids.add(id);
    else this.#ids = undefined;
  }

  /** Undefined where only a comparison of everything tells. */
  get known(): readonly NodeId[] | undefined {
    return this.#ids === undefined ? undefined : [...this.#ids];
  }

  /**
   * A comparison is begun. Whatever is written from now on may be a suspect, whether it was looked at before that or after:
   * it is in the answer, which goes to `compared` in the end.
   */
  comparing(): Set<NodeId> {
    const written = new Set<NodeId>();
    this.#comparisons.add(written);
    return written;
  }

  /** The comparison ended; it had found these, all of them, or was given up. */
  compared(written: Set<NodeId>, unequal: ReadonlySet<NodeId> | undefined): void {
    this.#comparisons.delete(written);
    if (unequal !== undefined) this.#ids = unequal.size > most ? undefined : new Set(unequal);
  }
}
