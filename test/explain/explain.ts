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
  return new Search(sites, rules).further(events);
}

/** Goes on where it ended when there are more events: after a rest, what was before it is hardly ever tried again. */
export class Search {
  readonly #sites: number;
  readonly #rules: Rules;
  #events: readonly Event[] = [];
  #sieves: readonly Sieve[] = [];
  /** Those that an event was met in, by the number of those before it. */
  readonly #reached: Map<string, State>[] = [];
  /** By the number of a rest: what was tried of the ways to it. */
  readonly #been = new Map<number, Set<string>[]>();
  /** The way so far: of each event the states after it that are still to be tried. */
  readonly #way: State[][];

  constructor(sites: number, rules: Rules) {
    this.#sites = sites;
    this.#rules = rules;
    this.#way = [[beginning(sites)]];
  }

  /** `events` begin with those that it was asked before, which ended with a rest. Errors as those of `explain`. */
  further(events: readonly Event[]): Verdict {
    this.#events = events;
    this.#sieves = [...outlooks(events, this.#sites), undefined].map(sieveOf);
    let tried = 0;
    while (this.#way.length > 0) {
      const index = this.#way.length - 1;
      const state = this.#way.at(-1)?.at(-1);
      if (state !== undefined && index === events.length) return { mystery: undefined, tried };
      this.#way.at(-1)?.pop();
      if (state === undefined) this.#way.pop();
      else if (this.#isNew(index, state)) {
        if (++tried > tooMany) throw new Error(`too many states: ${tried}`);
        this.#way.push(this.#after(index, state));
      }
    }
    const last = this.#reached.findLastIndex(({ size }) => size > 0);
    return { mystery: story(events.slice(0, last + 1), this.#reached[last] ?? new Map()), tried };
  }

  #isNew(index: number, state: State): boolean {
    const there = (this.#reached[index] ??= new Map<string, State>());
    const key = keyOf(state);
    if (there.has(key)) return false;
    there.set(key, state);
    return true;
  }

  #after(index: number, state: State): State[] {
    const event = this.#events[index];
    const [now, then] = [this.#sieves[index] ?? asItIs, this.#sieves[index + 1] ?? asItIs];
    const after = new Map<string, State>();
    if (event === undefined) return [];
    const been = this.#been.get(index) ?? [];
    this.#been.set(index, been);
    for (const before of possible([state], event, this.#rules, now, been))
      for (const next of apply(before, event)) {
        const kept = then(next);
        if (kept !== undefined) after.set(keyOf(kept), kept);
      }
    // The last is tried first: that with the fewest steps that nobody saw. Whoever was cut off has sent only what he had at last.
    return [...after.values()].toReversed();
  }
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
  if (event.kind === 'killed') return yield withSite(state, event.site, { ...site, mortal: true });
  if (site.value !== (event.kind === 'read' ? event.value : event.saw)) return;
  const [value, time] = event.kind === 'write' ? [event.value, event.time] : [null, 0];
  yield event.kind === 'read' ? state : withSite(state, event.site, { ...site, value, time, changed: true });
}

/** Nothing is under way. */
function* rest(state: State, { value, copies }: Extract<Event, { kind: 'rest' }>): Generator<State> {
  const newest = head(state);
  const isCalm = ({ base, changed, flight, orphan }: Site): boolean =>
    base === newest && !changed && flight === undefined && orphan === undefined;
  const same = JSON.stringify(state.copies) === JSON.stringify(copies.toSorted());
  if (state.found === undefined && state.sites.every(isCalm) && version(state, newest).value === value && same)
    yield { ...state, sites: state.sites.map((site) => ({ ...site, mortal: false })) };
}

function story(events: readonly Event[], before: ReadonlyMap<string, State>): string {
  const states = [...before.keys()].slice(0, 5);
  return [...events.map(tell), `no explanation for the last one; before it, of ${before.size}:`, ...states].join('\n');
}
