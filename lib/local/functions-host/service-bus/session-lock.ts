import type { Clock } from '../../../base/clock.ts';
import type { SessionReceiver } from './receiver.ts';

/**
 * Keeps a session's lock while it is served. A session between messages keeps it; one whose message has been running for
 * longer than `mostMs` loses it, so that a function that hangs does not hold up its session for ever.
 */
export class SessionLock {
  readonly #clock: Clock;
  readonly #receiver: SessionReceiver;
  readonly #mostMs: number;
  /** When the messages now running began, oldest first. */
  readonly #begun = new Set<{ readonly at: number }>();

  constructor(receiver: SessionReceiver, clock: Clock, mostMs: number) {
    this.#receiver = receiver;
    this.#clock = clock;
    this.#mostMs = mostMs;
  }

  /** Call the result when the message is done. */
  begin(): () => void {
    const run = { at: this.#clock.monotonic() };
    this.#begun.add(run);
    return () => this.#begun.delete(run);
  }

  /** Renews at half time until released, which rejects. Rejects too when the lock is lost, and with it the session. */
  async hold(released: AbortSignal): Promise<void> {
    for (;;) {
      const left = this.#receiver.sessionLockedUntilUtc.getTime() - this.#clock.now();
      await this.#clock.sleep(Math.max(left / 2, 100), released);
      const [oldest] = this.#begun;
      if (oldest === undefined || this.#clock.monotonic() - oldest.at < this.#mostMs)
        await this.#receiver.renewSessionLock();
    }
  }
}
