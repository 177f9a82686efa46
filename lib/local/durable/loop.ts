import type { HostLog } from '../functions-host/host-log.ts';
import { messageOf } from '../../base/errors.ts';

export interface LoopOptions<Key> {
  readonly log: HostLog;
  /** So many at a time. */
  readonly width: number;
  /** One piece of work; never twice at a time for one key. */
  readonly work: (key: Key) => Promise<void>;
}

/** Works through what has news, in the order in which it came. News of what is being worked on are looked at after it. */
export class Loop<Key> {
  readonly #options: LoopOptions<Key>;
  readonly #waiting = new Set<Key>();
  readonly #running = new Map<Key, Promise<void>>();
  #stopped = false;

  constructor(options: LoopOptions<Key>) {
    this.#options = options;
  }

  news(key: Key): void {
    this.#waiting.add(key);
    this.#pump();
  }

  /** Takes nothing new, and resolves once nothing runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #pump(): void {
    for (const key of this.#waiting) {
      if (this.#stopped || this.#running.size >= this.#options.width) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.set(key, this.#run(key));
    }
  }

  async #run(key: Key): Promise<void> {
    const { work, log } = this.#options;
    try {
      await work(key);
    } catch (error) {
      // Nothing was committed, so nothing is lost: what it was about is still in the store, and comes again with its next
      // news or the next start.
      log.write('Host.Triggers.DurableTask', 'error', `${String(key)}: ${messageOf(error)}`);
    }
    this.#running.delete(key);
    this.#pump();
  }
}
