import { Heap } from './heap.ts';
import { expiresAt } from './message.ts';
import type { Message } from './message.ts';

// Below this many dead entries a sweep of the heap is not worth its while.
const slack = 1024;

/** The messages of a queue by the time they expire. Those that are locked then are looked at again when they come back. */
export class Expiry {
  readonly #heap = new Heap<Message>(expiresAt);
  #live = 0;

  /** False for a message that never expires. */
  add(message: Message): boolean {
    if (message.ttl === undefined) return false;
    this.#live++;
    this.#heap.push(message);
    return true;
  }

  forget(message: Message): void {
    if (message.ttl === undefined) return;
    this.#live--;
    // Without this the queue would remember every message until its time to live is over, 14 days as a rule.
    if (this.#heap.size > 2 * this.#live + slack) this.#heap.retain((other) => other.state !== 'gone');
  }

  /** At most `limit` messages whose time is over. */
  take(now: number, limit: number): Message[] {
    const over: Message[] = [];
    for (let next = this.#heap.peek(); next !== undefined && over.length < limit; next = this.#heap.peek()) {
      if (expiresAt(next) > now) break;
      this.#heap.pop();
      over.push(next);
    }
    return over;
  }

  next(): number {
    const next = this.#heap.peek();
    return next === undefined ? Number.POSITIVE_INFINITY : expiresAt(next);
  }
}
