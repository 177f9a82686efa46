import type { NodeId } from '../../core/node.ts';
import type { State } from '../state/state.ts';

/** As long as an event may be on its way that says that others were lost. */
const lagMs = 60_000;

/**
 * Files whose hash was kept over a rename or a new mode because the watch would have told of a write. When it turns out a
 * moment later that events were lost, such a write may be among them: then these files are read again.
 */
export class Excused {
  readonly #state: State;
  readonly #since = new Map<NodeId, number>();

  constructor(state: State) {
    this.#state = state;
  }

  /** `nowMs` only ever grows. */
  add(ids: readonly NodeId[], nowMs: number): void {
    for (const [id, since] of this.#since) {
      if (nowMs - since < lagMs) break;
      this.#since.delete(id);
    }
    for (const id of ids) {
      this.#since.delete(id);
      this.#since.set(id, nowMs);
    }
  }

  /** Events were lost. */
  doubt(): void {
    if (this.#since.size === 0) return;
    const state = this.#state;
    state.now(() => {
      for (const id of this.#since.keys()) {
        const entry = state.local(id);
        if (entry !== undefined) state.setLocal(id, { ...entry, hash: null });
      }
    });
    this.#since.clear();
  }
}
