/**
 * Shares flushes: all who ask for a key while a flush of it runs get one common flush after it. A flush that began
 * before a caller's write may have missed it, so a running one is never joined.
 */
export class Syncer {
  readonly #running = new Map<number | string, Promise<void>>();
  readonly #next = new Map<number | string, Promise<void>>();

  sync(key: number | string, flush: () => Promise<void>): Promise<void> {
    const waiting = this.#next.get(key);
    if (waiting !== undefined) return waiting;
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, flush);
    const next = running
      .catch(() => undefined) // its own callers were told; this flush stands for itself
      .then(() => {
        this.#next.delete(key);
        return this.#start(key, flush);
      });
    this.#next.set(key, next);
    return next;
  }

  #start(key: number | string, flush: () => Promise<void>): Promise<void> {
    const run = flush().finally(() => {
      if (this.#running.get(key) === run) this.#running.delete(key);
    });
    this.#running.set(key, run);
    return run;
  }
}
