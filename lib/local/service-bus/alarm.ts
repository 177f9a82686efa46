import type { Clock } from '../../base/clock.ts';

// A clock may jump: look at it at least this often.
const longestSleep = 60_000;

/** Calls `run` when something is due. `run` does what is due and returns when the next thing is (ms since 1970). */
export class Alarm {
  readonly #clock: Clock;
  readonly #run: (now: number) => number;
  readonly #stopped = new AbortController();
  #armed = 0;
  #rearm = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(clock: Clock, run: (now: number) => number) {
    this.#clock = clock;
    this.#run = run;
  }

  start(): void {
    this.#loop = this.#ring();
  }

  /** Something is due at that time already. */
  at(due: number): void {
    if (due >= this.#armed) return;
    this.#armed = due;
    this.#rearm.abort();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#rearm.abort();
    await this.#loop;
  }

  async #ring(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      // While it runs, `at` has nothing to abort: what it asks for is part of the answer or comes before it.
      this.#armed = Number.POSITIVE_INFINITY;
      this.#rearm = new AbortController();
      const next = this.#run(this.#clock.now());
      this.#armed = Math.min(next, this.#armed, this.#clock.now() + longestSleep);
      await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    const { signal } = this.#rearm;
    if (signal.aborted) return;
    try {
      await this.#clock.sleep(Math.max(this.#armed - this.#clock.now(), 1), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
