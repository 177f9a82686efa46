import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { HostLog } from '../functions-host/host-log.ts';
import type { Store } from './store.ts';

// A clock may jump: look at it at least this often.
const longestSleep = 60_000;
/** In one transaction. */
const most = 1_000;

export interface TimersOptions {
  readonly clock: Clock;
  readonly log: HostLog;
  readonly store: Store;
  readonly fired: (instance: string) => void;
  /** Before those that could not be told of are tried again. */
  readonly retryMs: number;
}

/** Tells instances whose timers are due. They are read from the store when their time comes: thousands cost no memory. */
export class Timers {
  readonly #options: TimersOptions;
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #armed = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: TimersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
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
    const { clock, store } = this.#options;
    while (!this.#stopping.signal.aborted) {
      // Before the look at the store: what is made after that look wakes.
      this.#armed = Infinity;
      this.#wake = new AbortController();
      const next = store.nextTimer();
      const now = clock.now();
      if (next <= now) await this.#fire();
      else await this.#sleep(Math.min(next, now + longestSleep) - now, next);
    }
  }

  async #fire(): Promise<void> {
    const { clock, store, fired, log, retryMs } = this.#options;
    try {
      const instances = await store.commit(() => store.fire(clock.now(), most));
      for (const instance of instances) fired(instance);
    } catch (error) {
      // They are due still.
      log.write('Host.Triggers.DurableTask', 'error', `Timers: ${messageOf(error)}`);
      await clock.sleep(retryMs, this.#stopping.signal).catch(() => {}); // woken by the stop
    }
  }

  async #sleep(ms: number, until: number): Promise<void> {
    const { signal } = this.#wake;
    if (this.#stopping.signal.aborted || this.#armed < until) return;
    this.#armed = until;
    try {
      await this.#options.clock.sleep(Math.max(ms, 1), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
