import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { HostLog } from '../functions-host/host-log.ts';

export interface LoopOptions<Key> {
  readonly clock: Clock;
  readonly log: HostLog;
  /** So many at a time. */
  readonly width: number;
  /** One piece of work; never twice at a time for one key. */
  readonly work: (key: Key) => Promise<void>;
  /** Before work that failed is tried again: doubling from the first to the last while nothing succeeds. */
  readonly retry: { readonly firstMs: number; readonly lastMs: number };
}

/** Works through what has news, in the order in which it came. News of what is being worked on are looked at after it. */
export class Loop<Key> {
  readonly #options: LoopOptions<Key>;
  readonly #waiting = new Set<Key>();
  readonly #running = new Map<Key, Promise<void>>();
  readonly #stopping = new AbortController();
  #delay: number;

  constructor(options: LoopOptions<Key>) {
    this.#options = options;
    this.#delay = options.retry.firstMs;
  }

  news(key: Key): void {
    this.#waiting.add(key);
    this.#pump();
  }

  /** Takes nothing new, and resolves once nothing runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #pump(): void {
    for (const key of this.#waiting) {
      if (this.#stopping.signal.aborted || this.#running.size >= this.#options.width) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.set(key, this.#run(key));
    }
  }

  async #run(key: Key): Promise<void> {
    const { work, log, retry } = this.#options;
    try {
      await work(key);
      this.#delay = retry.firstMs;
    } catch (error) {
      // Nothing was committed, so nothing is lost: what it was about is still in the store. The disk may have been full.
      log.write('Host.Triggers.DurableTask', 'error', `${String(key)}: ${messageOf(error)}`);
      void this.#again(key);
    }
    this.#running.delete(key);
    this.#pump();
  }

  async #again(key: Key): Promise<void> {
    const { clock, retry } = this.#options;
    const { signal } = this.#stopping;
    const delay = this.#delay;
    this.#delay = Math.min(delay * 2, retry.lastMs);
    try {
      await clock.sleep(delay, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    this.news(key);
  }
}
