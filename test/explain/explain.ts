// Whether what was seen from outside can be explained by what the documentation says, whatever happened unseen: the
// method of "Mysteries of Dropbox" (Hughes, Pierce, Arts, Norell; ICST 2016). An explanation is a way from state to state
// along the events. It is looked for depth first, and no state is tried twice at one event; when all have been tried in
// vain, the system did something that it must not.
import { tell, type Event } from './event.ts';
import { isHopeless, outlooks, type Outlook } from './hopeless.ts';
import { possible, type Sieve } from './possible.ts';
import { beginning, condensed, head, keyOf, version, withSite, type Site, type State } from './state.ts';
import type { Rules } from './step.ts';

export interface Verdict {
  /** Undefined: there is an explanation. Else the events up to the first that has none, and the states before it. */
  readonly mystery: string | undefined;
  /** How many states were tried. */
  readonly tried: number;
}

const tooMany = 300_000;

/** Errors: `too many states`, when the events leave too much open to be followed. */
export function explain(events: readonly Event[], sites: number, rules: Rules): Verdict {
  const sieves = [...outlooks(events, sites), undefined].map(sieveOf);
  /** Those that an event was met in, by the number of those before it. */
  const reached = events.map(() => new Map<string, State>());
  let tried = 0;
  /** The way so far: of each event the states after it that are still to be tried. */
  const way: State[][] = [[beginning(sites)]];
  while (way.length > 0) {
    const index = way.length - 1;
    const event = events[index];
    const state = way.at(-1)?.pop();
    if (state === undefined) {
      way.pop();
      continue;
    }
    if (event === undefined) return { mystery: undefined, tried };
    const key = keyOf(state);
    const there = reached[index];
    if (there === undefined || there.has(key)) continue;
    there.set(key, state);
    if (++tried > tooMany) throw new Error(`too many states: ${tried}`);
    const [now, then] = [sieves[index] ?? asItIs, sieves[index + 1] ?? asItIs];
    const after = new Map<string, State>();
    for (const before of possible([state], event, rules, now))
      for (const next of apply(before, event)) {
        const kept = then(next);
        if (kept !== undefined) after.set(keyOf(kept), kept);
      }
    way.push([...after.values()]);
  }
  const last = reached.findLastIndex(({ size }) => size > 0);
  return { mystery: story(events.slice(0, last + 1), reached[last] ?? new Map()), tried };
}

const asItIs: Sieve = (state) => state;

function sieveOf(outlook: Outlook | undefined): Sieve {
  if (outlook === undefined) return asItIs;
  const seen = outlook.sites.map((site) => site.seen);
  return (state) => (isHopeless(state, outlook) ? undefined : condensed(state, seen));
}

/** The states that the event may lead to; none if it cannot have happened in this one. */
export function* apply(state: State, event: Event): Generator<State> {
  if (event.kind === 'rest') return yield* rest(state, event);
  if (event.kind === 'share') {
    if (event.unsure === true) yield state;
    return yield { ...state, found: { value: event.value, time: event.time } };
  }
  const site = state.sites[event.site];
  if (site === undefined) throw new Error(`there is no site ${event.site}`);
  if (site.value !== (event.kind === 'read' ? event.value : event.saw)) return;
  const [value, time] = event.kind === 'write' ? [event.value, event.time] : [null, 0];
  yield event.kind === 'read' ? state : withSite(state, event.site, { ...site, value, time, changed: true });
}

/** Nothing is under way. */
function* rest(state: State, { value, copies }: Extract<Event, { kind: 'rest' }>): Generator<State> {
  const newest = head(state);
  const isCalm = ({ base, changed, flight }: Site): boolean => base === newest && !changed && flight === undefined;
  const same = JSON.stringify(state.copies) === JSON.stringify(copies.toSorted());
  if (state.found === undefined && state.sites.every(isCalm) && version(state, newest).value === value && same)
    yield state;
}

function story(events: readonly Event[], before: ReadonlyMap<string, State>): string {
  const states = [...before.keys()].slice(0, 5);
  return [...events.map(tell), `no explanation for the last one; before it, of ${before.size}:`, ...states].join('\n');
}
