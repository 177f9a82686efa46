import type { Clock } from '../../base/clock.ts';

/** Until when all that was told of the site is in the local tree. A round takes all that was told before it. */
export class Seen {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When the oldest of each was told, while there is one: of what waits for a round, of what a round is at, of what got lost. */
  #waiting = Infinity;
  #atWork = Infinity;
  #lost = Infinity;
  /** How often events got lost. */
  losses = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Monotonic milliseconds. */
  get until(): number {
    return Math.min(this.#waiting, this.#atWork, this.#lost, this.#clock.monotonic());
  }

  /** Told, and not in the local tree yet. */
  get pending(): boolean {
    return this.#waiting < Infinity || this.#atWork < Infinity;
  }

  told(): void {
    this.#waiting = Math.min(this.#waiting, this.#clock.monotonic());
  }

  begin(): void {
    this.#atWork = this.#waiting;
    this.#waiting = Infinity;
  }

  end(): void {
    this.#atWork = Infinity;
  }

  /** Only a look at all of the site makes up for it. */
  lost(): void {
    this.losses++;
    this.#lost = Math.min(this.#lost, this.#clock.monotonic());
  }

  /** All of it was looked at, since a moment when `losses` was this. False: that has missed something again. */
  found(losses: number): boolean {
    if (losses !== this.losses) return false;
    this.#lost = Infinity;
    return true;
  }
}
