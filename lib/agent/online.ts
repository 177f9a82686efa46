import type { Clock } from '../base/clock.ts';
import { codeOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { randomInt, type Random } from '../base/random.ts';

const firstMs = 200;
const maxMs = 30_000;

/** Errors that say something about the call, not about the line: repeating it the same way is of no use. */
const answers: ReadonlySet<string> = new Set([
  'clone',
  'changed',
  'absent',
  'invalid',
  'revoked',
  'newer',
  'slot_unknown',
  'share_full',
]);

/**
 * Repeats calls to the backend until they are answered: from 0.2 s doubling to 30 s, each wait shortened by chance so
 * that a hundred servers do not come back in step. `offline` is true while any call has been failing.
 */
export class Online {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  #failing = 0;
  lastError: unknown;

  constructor(options: { clock: Clock; random: Random; log: Log; signal: AbortSignal }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = options.log;
    this.#signal = options.signal;
  }

  get offline(): boolean {
    return this.#failing > 0;
  }

  /**
   * Rejects with what the backend answered about the call itself, with the signal's reason, and with the last error when
   * `patienceMs` are over. What is not `vital` does not make the agent offline.
   */
  async call<T>(what: string, attempt: () => Promise<T>, { patienceMs = Infinity, vital = true } = {}): Promise<T> {
    let failed = false;
    const until = this.#clock.monotonic() + patienceMs;
    try {
      for (let wait = firstMs; ; wait = Math.min(wait * 2, maxMs)) {
        this.#signal.throwIfAborted();
        try {
          return await attempt();
        } catch (error) {
          this.#signal.throwIfAborted();
          if (answers.has(codeOf(error)) || this.#clock.monotonic() >= until) throw error;
          this.lastError = error;
          if (!failed) {
            failed = true;
            if (vital) this.#failing++;
            this.#log.warn('backend_failed', { call: what, error });
          }
        }
        await this.#clock.sleep(wait / 2 + randomInt(this.#random, wait / 2), this.#signal);
      }
    } finally {
      if (failed && vital) this.#failing--;
    }
  }
}

/** For calls that go with one slot or one version: these may be void by then, and the file is begun anew. */
export const transfer = { patienceMs: 5 * 60_000 };
