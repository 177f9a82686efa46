import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Bodies } from './bodies.ts';
import type { Counters } from './counters.ts';
import type { Store } from './store.ts';

/** What all queues of one broker share. */
export interface Surroundings {
  readonly store: Store;
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly counters: Counters;
  /** Asks for a `tick` at that time (ms since 1970) at the latest. */
  wake(at: number): void;
}
