import type { Clock } from '../../base/clock.ts';
import type { State } from '../state/state.ts';

const recountAtMostMs = 60_000;
const recountAtLeastMs = 500;

/** How many files this site and the others have agreed on, as of a little while ago. */
export class FileCount {
  readonly #state: Pick<State, 'countAgreed'>;
  readonly #clock: Clock;
  #count = 0;
  #until = -Infinity;

  constructor({ state, clock }: { readonly state: Pick<State, 'countAgreed'>; readonly clock: Clock }) {
    this.#state = state;
    this.#clock = clock;
  }

  /** Counting takes the longer the more there are, and the more there are the less a few more are a difference. */
  now(): number {
    const now = this.#clock.monotonic();
    if (now < this.#until) return this.#count;
    this.#count = this.#state.countAgreed();
    this.#until = now + Math.min(Math.max(2 * this.#count, recountAtLeastMs), recountAtMostMs);
    return this.#count;
  }
}
