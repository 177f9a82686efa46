import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { HostLog } from '../functions-host/host-log.ts';
import type { Store } from './store.ts';

// A clock may jump: look at it at least this often.
const longestSleep = 60_000;
/** In one transaction. */
const most = 1_000;

/** Tells instances whose timers are due. They are read from the store when their time comes: thousands cost no memory. */
export class Timers {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #fired: (instance: string) => void;
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #armed = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(clock: Clock, store: Store, fired: (instance: string) => void) {
    this.#clock = clock;
    this.#store = store;
    this.#fired = fired;
  }

  start(log: HostLog): void {
    this.#loop = this.#run().catch((error: unknown) =>
      // The store takes nothing more: whatever else is asked of it fails too, and a start will read the timers again.
      log.write('Host.Triggers.DurableTask', 'critical', `Timers stand still: ${messageOf(error)}`),
    );
  }

  /** There is a new one, due at that time (ms since 1970). */
  at(due: number): void {
    if (due >= this.#armed) return;
    this.#armed = due;
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      // Before the look at the store: what is made after that look wakes.
      this.#armed = Infinity;
      this.#wake = new AbortController();
      const next = this.#store.nextTimer();
      const now = this.#clock.now();
      if (next <= now) {
        const instances = await this.#store.commit(() => this.#store.fire(this.#clock.now(), most));
        for (const instance of instances) this.#fired(instance);
      } else await this.#sleep(Math.min(next, now + longestSleep) - now, next);
    }
  }

  async #sleep(ms: number, until: number): Promise<void> {
    const { signal } = this.#wake;
    if (this.#stopping.signal.aborted || this.#armed < until) return;
    this.#armed = until;
    try {
      await this.#clock.sleep(Math.max(ms, 1), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
