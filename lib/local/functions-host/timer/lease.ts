import type { Clock } from '../../../base/clock.ts';

/** Where a lease outlives the process that holds it. Times are ms since 1970. */
export interface LeaseStore {
  leasedUntil(name: string): number;
  lease(name: string, until: number): void;
}

/**
 * One host fires a timer at a time. A host that stops gives its lease back; that of one that was killed runs out, and
 * until then the timer is nobody's. A length of 0 is no lease at all.
 */
export class Lease {
  readonly #store: LeaseStore;
  readonly #name: string;
  readonly #lengthMs: number;
  readonly #clock: Clock;

  constructor(store: LeaseStore, name: string, lengthMs: number, clock: Clock) {
    this.#store = store;
    this.#name = name;
    this.#lengthMs = lengthMs;
    this.#clock = clock;
  }

  /** Waits until it is free, and takes it. Rejects with the signal's reason when that comes first. */
  async acquire(signal: AbortSignal): Promise<void> {
    if (this.#lengthMs === 0) return;
    const until = this.#store.leasedUntil(this.#name);
    // However wrong the clock was when that was written: no lease is longer than this.
    const left = Math.min(until - this.#clock.now(), this.#lengthMs);
    if (left > 0) await this.#clock.sleep(left, signal);
    this.#renew();
  }

  /** Renews it, long before it runs out, until the signal comes; then gives it back. */
  async hold(signal: AbortSignal): Promise<void> {
    if (this.#lengthMs === 0) return;
    while (!signal.aborted) {
      await this.#clock.sleep(this.#lengthMs / 4, signal).catch(() => {}); // woken by the stop
      if (!signal.aborted) this.#renew();
    }
    this.#store.lease(this.#name, 0);
  }

  #renew(): void {
    this.#store.lease(this.#name, this.#clock.now() + this.#lengthMs);
  }
}
