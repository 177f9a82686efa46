import { createHash } from 'node:crypto';
import type { Clock } from '../../lib/base/clock.ts';

/** Everything that happened in a run, with its virtual time: two runs of one seed must give the same. */
export class Trace {
  readonly lines: string[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(who: string, what: string): void {
    this.lines.push(`${this.#clock.monotonic()} ${who}: ${what}`);
  }

  /** Of all lines so far. */
  get hash(): string {
    return createHash('sha256').update(this.lines.join('\n')).digest('hex');
  }
}
