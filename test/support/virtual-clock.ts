import type { Clock } from '../../lib/base/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly order: number;
  wake(): void;
}

/**
 * Time that jumps to the next sleeper as soon as everything else waits: a run takes no time and is the same every time.
 * It may only be used where all other work is done in microtasks.
 */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #pumping = false;
  readonly #started: number;
  readonly #sleepers: Sleeper[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
    this.#started = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#started;
  }

  /** Lets time pass without waking anybody before it has. */
  advance(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#sleepers.push({ until: this.#now + ms, order: this.#order++, wake: resolve });
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#sleepers.sort((a, b) => a.until - b.until || a.order - b.order);
      const next = this.#sleepers.shift();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.until);
      next.wake();
      if (this.#sleepers.length > 0) this.#pump();
    });
  }
}
