import type { SiteFs } from './fs/port.ts';

/**
 * One flush of the file system for many callers. A caller is answered after a flush that began after its call; while one
 * is under way, all who come share the next.
 */
export class Flush {
  readonly #fs: SiteFs;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  readonly counters = { flushes: 0 };

  constructor(fs: SiteFs) {
    this.#fs = fs;
  }

  sync(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void> | undefined): Promise<void> {
    // An error of the flush before belongs to those who asked for that one.
    await running?.catch(() => {});
    // Whoever is ready in this turn comes along.
    await Promise.resolve();
    this.#running = this.#next;
    this.#next = undefined;
    this.counters.flushes++;
    await this.#fs.sync();
  }
}
