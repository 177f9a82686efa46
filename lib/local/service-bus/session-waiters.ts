import type { Consumer } from './consumer.ts';
import type { Session } from './sessions.ts';

interface Waiter {
  readonly consumer: Consumer;
  readonly until: number;
  readonly resolve: (session: Session | undefined) => void;
}

interface Time {
  now(): number;
  wake(at: number): void;
}

/** Receivers that asked for the next session while there was none: first come, first served. */
export class SessionWaiters {
  readonly #time: Time;
  #waiters: Waiter[] = [];

  constructor(time: Time) {
    this.#time = time;
  }

  get waiting(): boolean {
    return this.#waiters.length > 0;
  }

  /** Undefined when `ms` passed, or the consumer left. */
  wait(consumer: Consumer, ms: number): Promise<Session | undefined> {
    const until = this.#time.now() + ms;
    this.#time.wake(until);
    return new Promise((resolve) => this.#waiters.push({ consumer, until, resolve }));
  }

  /** Gives the session to the one who waits longest, and says who that is. */
  serve(session: Session): Consumer | undefined {
    const waiter = this.#waiters.shift();
    waiter?.resolve(session);
    return waiter?.consumer;
  }

  leave(consumer: Consumer): void {
    this.#end((waiter) => waiter.consumer === consumer);
  }

  expire(now: number): void {
    this.#end((waiter) => waiter.until <= now);
  }

  next(): number {
    return this.#waiters.reduce((least, waiter) => Math.min(least, waiter.until), Number.POSITIVE_INFINITY);
  }

  #end(over: (waiter: Waiter) => boolean): void {
    const ended = this.#waiters.filter(over);
    if (ended.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !over(waiter));
    for (const waiter of ended) waiter.resolve(undefined);
  }
}
