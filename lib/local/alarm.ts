import type { Clock } from '../base/clock.ts';

// A clock may jump: look at it at least this often.
const longestSleep = 60_000;

/** Does what is due. Answers when the next thing is (ms since 1970), Infinity for none. */
export type Due = (now: number) => number | Promise<number>;

/** Calls `run` when something is due: at its own answer, or earlier when it is told. */
export class Alarm {
  readonly #clock: Clock;
  readonly #run: Due;
  readonly #stopped = new AbortController();
  #armed = 0;
  #rearm = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(clock: Clock, run: Due) {
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

  /** Resolves once nothing runs. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#rearm.abort();
    await this.#loop;
  }

  async #ring(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      // Before the look at what is due: what is told of after that look wakes.
      this.#armed = Number.POSITIVE_INFINITY;
      this.#rearm = new AbortController();
      const next = await this.#run(this.#clock.now());
      this.#armed = Math.min(next, this.#armed, this.#clock.now() + longestSleep);
      await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    const { signal } = this.#rearm;
    if (signal.aborted || this.#stopped.signal.aborted) return;
    try {
      await this.#clock.sleep(Math.max(this.#armed - this.#clock.now(), 1), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
