// What a day is like: one switch for each kind of fault. 0 is never, 1 is as often as on an ordinary day.
import { Chance } from '../support/chance.ts';

/** Of a thousand calls, messages or steps of people, on an ordinary day. */
const ordinary = {
  /** Calls of agents that do not get through, whose answers do not, that arrive while nobody waits any more, or take long. */
  lostCalls: 15,
  lostAnswers: 12,
  lateCalls: 12,
  slowCalls: 20,
  /** A site has no network. */
  offline: 30,
  /** Messages in the queue twice, and a lock that is lost while its holder works on. */
  doubledMessages: 80,
  lostLocks: 30,
  /** Hints of the topic, and events that call a function. */
  lostHints: 150,
  doubledHints: 100,
  lateHints: 100,
  /** What strikes a function at a call: 503, a time-out though it was applied, a request that arrives afterwards. */
  throttling: 6,
  timeouts: 5,
  lateRequests: 3,
  /** Its process ends there, or stands still and goes on as if nothing had been. */
  killedCommitters: 7,
  frozenCommitters: 5,
  /** An agent is killed, or its machine loses power: between two steps of people, or at any call that it makes. */
  killedAgents: 40,
  lostPower: 25,
  crashes: 1,
  /** A watch with so short a queue that it overflows: of a thousand starts. */
  overflows: 300,
  /** The clock of a site is set by up to half a minute, or by years. */
  skews: 20,
  leaps: 30,
  /** Programs that keep files open; attributes. */
  programs: 200,
  /** People who work on the share itself. */
  share: 250,
  /** The disk of a site is full, that of its state, the share. */
  fullDisks: 30,
  fullStates: 20,
  fullShares: 30,
  /** The disk of a site goes away and comes back. */
  unmounts: 40,
  /** What an agent remembers is gone, or comes from an old backup. */
  lostStates: 30,
  restoredStates: 30,
  /** People who delete and make again with the same content, or copy back what they moved away. */
  remakes: 60,
  /** A member of the group speaks for others, and gives names that lead out of a site. New kinds go here, at the end. */
  forgeries: 1,
} as const;

export type Fault = keyof typeof ordinary;
export type Weather = Readonly<Record<Fault, number>>;

/** Not of every day: each alone changes what a day is about. */
const rare: ReadonlySet<Fault> = new Set([
  'leaps',
  'fullDisks',
  'fullStates',
  'fullShares',
  'unmounts',
  'lostStates',
  'restoredStates',
  'forgeries',
] satisfies Fault[]);

export const faults = Object.keys(ordinary) as readonly Fault[];

/** How often a fault strikes, of a thousand times that it could. */
export function perMille(weather: Weather, fault: Fault): number {
  return ordinary[fault] * weather[fault];
}

/**
 * The mix of a seed. Of each kind none, some, or much: a fault that another one always comes before is met only on days that
 * have none of that other.
 */
export function weatherOf(seed: number): Weather {
  const chance = new Chance(seed + 0x7ea7_4e12);
  const mixed = faults.map((fault) => {
    const much = rare.has(fault) ? chance.pick([0, 0, 0, 0, 0, 0, 1, 2]) : chance.pick([0, 1, 1, 1, 1, 2, 4]);
    return [fault, much ?? 0] as const;
  });
  return Object.fromEntries(mixed) as Record<Fault, number>;
}
