import type { Clock } from '../../base/clock.ts';
import type { Database } from '../../base/sqlite.ts';

/**
 * Writes share one open transaction: each is seen by all reads at once, and is durable with the next commit. So whatever
 * is lost by a crash is lost from the end, and what is left is the state of one earlier moment, from which the agent
 * finds its way by itself; only what must not be lost (a number that was sent) has to wait for the disk.
 */
export class Writes {
  readonly #db: Database;
  #open = false;
  #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #scheduled = false;
  #broken: Error | undefined;
  /** Called when something was written that is not on disk. */
  onOpen: () => void = () => {};
  readonly counters = { commits: 0 };

  readonly #clock: Clock;
  /** How long the last commit took, and when it ended. */
  #took = 0;
  #ended = -Infinity;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Runs `work` now, all of it or nothing. */
  run<T>(work: () => T): T {
    if (this.#broken !== undefined) throw this.#broken;
    if (!this.#open) {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#open = true;
      this.onOpen();
    }
    this.#db.exec('SAVEPOINT part');
    try {
      return work();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK TO part');
      throw error;
    } finally {
      if (this.#db.isTransaction) this.#db.exec('RELEASE part');
    }
  }

  /** Resolves when everything written before the call is on disk; callers of one turn of the event loop share a commit. */
  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      // A commit holds up the whole process. Under load it may have every other moment, no more: then more share it.
      const wait = this.#ended + this.#took - this.#clock.monotonic();
      if (wait > 0.5) void this.#clock.sleep(wait).then(() => this.flushWaiting());
      else setImmediate(() => this.flushWaiting());
    });
  }

  /** As `flush`, where somebody still waits. */
  flushWaiting(): void {
    if (this.#waiting.length > 0) this.flush();
  }

  /** Commits now. An error (disk full, I/O) is final: memory is ahead of the disk by then, so nothing may go on. */
  flush(): void {
    this.#scheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      if (this.#broken !== undefined) throw this.#broken;
      if (this.#open) {
        const began = this.#clock.monotonic();
        this.#db.exec('COMMIT');
        this.#open = false;
        this.#ended = this.#clock.monotonic();
        this.#took = this.#ended - began;
        this.counters.commits++;
      }
    } catch (error) {
      this.#broken ??= error instanceof Error ? error : new Error(String(error));
      for (const { reject } of waiting) reject(error);
      if (waiting.length === 0) throw error;
      return;
    }
    for (const { resolve } of waiting) resolve();
  }
}
