import type { Clock } from '../../../lib/base/clock.ts';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** The clock of the machine, put forward by hand: clients sign with the true time, so by less than 15 minutes. */
export class ShiftedClock implements Clock {
  #ahead = 0;
  #sleepers: Sleeper[] = [];

  now(): number {
    return Date.now() + this.#ahead;
  }

  monotonic(): number {
    return performance.now() + this.#ahead;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { due: this.now() + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  advance(ms: number): void {
    this.#ahead += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.due <= this.now());
    this.#sleepers = this.#sleepers.filter((sleeper) => !due.includes(sleeper));
    for (const { wake } of due) wake();
  }
}
