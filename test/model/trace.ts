import { createHash } from 'node:crypto';
import type { Clock } from '../../lib/base/clock.ts';

/** Everything that happened in a run, with its virtual time: two runs of one seed must give the same. */
export class Trace {
  readonly lines: string[] = [];
  readonly #clock: Clock;
  readonly #digest = createHash('sha256');

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(who: string, what: string): void {
    const line = `${this.#clock.monotonic()} ${who}: ${what}`;
    this.lines.push(line);
    this.#digest.update(line).update('\n');
  }

  /** Of all lines so far. */
  get hash(): string {
    return this.#digest.copy().digest('hex');
  }
}
