import type { Clock } from '../../base/clock.ts';

/** A flush is followed by a rest, as long as it took: others use the disk, too. */
export interface Rest {
  readonly clock: Clock;
  /** Only if so many had waited for it: then more are on their way, and share the next one if it comes a little later. */
  readonly crowd: number;
  readonly atLeastMs: number;
}

/**
 * One flush for many callers. A caller is answered after a flush that began after its call; while one is under way, all
 * who come share the next. An error goes to those whom it would have answered, and to nobody else.
 */
export class Flush {
  readonly #work: () => Promise<void>;
  readonly #clock: Clock | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  readonly #crowd: number;
  readonly #atLeastMs: number;
  /** Who waits for the next one. */
  #callers = 0;
  /** Not before this the next one begins. */
  #rested = -Infinity;
  readonly counters: { flushes: number } = { flushes: 0 };

  constructor(work: () => Promise<void>, rest?: Rest) {
    this.#work = work;
    this.#clock = rest?.clock;
    this.#crowd = rest?.crowd ?? Infinity;
    this.#atLeastMs = rest?.atLeastMs ?? 0;
  }

  run(): Promise<void> {
    this.#callers++;
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void> | undefined): Promise<void> {
    await running?.catch(() => {}); // told to those who asked for that one
    const wait = this.#clock === undefined ? 0 : this.#rested - this.#clock.monotonic();
    if (wait > 0) await this.#clock?.sleep(wait);
    // Whoever is ready in this turn of the event loop comes along.
    else await new Promise((resolve) => setImmediate(resolve));
    this.#running = this.#next;
    this.#next = undefined;
    this.counters.flushes++;
    const callers = this.#callers;
    this.#callers = 0;
    const began = this.#clock?.monotonic() ?? 0;
    try {
      await this.#work();
    } finally {
      const ended = this.#clock?.monotonic() ?? 0;
      if (callers >= this.#crowd) this.#rested = ended + Math.max(this.#atLeastMs, ended - began);
    }
  }
}
