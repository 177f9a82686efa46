// The one clock of a run. Nothing waits for real time: when everything that could go on has gone on, time jumps to the next
// event. Events of the same millisecond happen in the order in which they were asked for, so one seed is one run.
import type { Clock } from '../../lib/base/clock.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  work(): void;
}

/** A hundred times what happens in any millisecond of a good run. */
const mostAtOnce = 1000;

export class Scheduler implements Clock {
  readonly #started: number;
  readonly #heap: Event[] = [];
  #now: number;
  #order = 0;
  #atOnce = 0;

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

  /** `work` happens `ms` (a whole number) from now. */
  after(ms: number, work: () => void): void {
    this.#push({ at: this.#now + Math.max(ms, 0), order: this.#order++, work });
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(reasonOf(signal));
        return;
      }
      const onAbort = (): void => reject(reasonOf(signal));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.after(Math.ceil(ms), () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  /** Lets events happen until `done`, or until `ms` have passed: then the answer is false. */
  async run(done: () => boolean, ms: number): Promise<boolean> {
    const end = this.#now + ms;
    for (;;) {
      // Whatever runs in promises, and in the turn of the event loop that some of the product's loops yield for, comes first.
      await new Promise((resolve) => setImmediate(resolve));
      if (done()) return true;
      const next = this.#heap[0];
      if (next === undefined || next.at > end) return false;
      this.#pop();
      this.#atOnce = next.at === this.#now ? this.#atOnce + 1 : 0;
      this.#now = next.at;
      // Each round of a loop that does not wait asks for more events than one turn has, so that time all but stands still.
      if (this.#atOnce > mostAtOnce) {
        this.#atOnce = 0;
        throw new Error(`something goes round without a wait at ${this.monotonic()} ms`);
      }
      next.work();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    heap.push(event);
    for (let at = heap.length - 1; at > 0;) {
      const up = (at - 1) >> 1;
      if (!this.#before(at, up)) return;
      this.#swap(at, up);
      at = up;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < heap.length && this.#before(left, first)) first = left;
      if (right < heap.length && this.#before(right, first)) first = right;
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #before(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.at === other.at ? one.order < other.order : one.at < other.at;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('aborted');
}
