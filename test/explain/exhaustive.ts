// The search that is plainly right, and slow: every unseen step at every moment. What `explain` answers must be its answer.
import type { Event } from './event.ts';
import { apply } from './explain.ts';
import { beginning, head, type State } from './state.ts';
import { unseen, type Rules } from './step.ts';

/** How many of the events have an explanation, from the first on; undefined where there are more states than `tooMany`. */
export function explainedOf(
  events: readonly Event[],
  sites: number,
  rules: Rules,
  tooMany: number,
): number | undefined {
  let states = byKey([beginning(sites)]);
  for (const [index, event] of events.entries()) {
    for (const state of states.values()) {
      for (const next of unseen(state, rules)) states.set(keyOf(next), next); // a Map goes on over what is added
      if (states.size > tooMany) return undefined;
    }
    states = byKey([...states.values()].flatMap((state) => [...apply(state, event)]));
    if (states.size === 0) return index;
  }
  return events.length;
}

function byKey(states: readonly State[]): Map<string, State> {
  return new Map(states.map((state) => [keyOf(state), state]));
}

/** Versions that nobody is based on any more make no difference. */
function keyOf(state: State): string {
  const { versions, sites, found, copies } = state;
  const last = head(state);
  const oldest = Math.min(
    last,
    ...sites.flatMap(({ base, flight, orphan }) => [
      base,
      flight?.base ?? last,
      flight?.away ?? last,
      orphan?.base ?? last,
    ]),
  );
  const each = sites.map(({ base, flight, orphan, ...site }) => ({
    ...site,
    behind: last - base,
    flight: flight && { ...flight, base: last - flight.base, away: flight.away && last - flight.away },
    orphan: orphan && { ...orphan, base: last - orphan.base },
  }));
  return JSON.stringify([versions.slice(oldest), each, found, copies]);
}
