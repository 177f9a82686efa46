/**
 * One flush for many callers. A caller is answered after a flush that began after its call; while one is under way, all
 * who come share the next. An error goes to those whom it would have answered, and to nobody else.
 */
export class Flush {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  readonly counters: { flushes: number } = { flushes: 0 };

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  run(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void> | undefined): Promise<void> {
    await running?.catch(() => {}); // told to those who asked for that one
    // Whoever is ready in this turn of the event loop comes along.
    await new Promise((resolve) => setImmediate(resolve));
    this.#running = this.#next;
    this.#next = undefined;
    this.counters.flushes++;
    await this.#work();
  }
}
