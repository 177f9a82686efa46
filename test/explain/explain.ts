// Whether what was seen from outside can be explained by what the documentation says, whatever happened unseen: the
// method of "Mysteries of Dropbox" (Hughes, Pierce, Arts, Norell; ICST 2016). An explanation is a way from state to state
// along the events. It is looked for depth first, and no state is tried twice at one event; when all have been tried in
// vain, the system did something that it must not.
import { condensed, withoutSettled } from './condensed.ts';
import { tell, type Event, type Rest } from './event.ts';
import { isHopeless } from './hopeless.ts';
import { Names } from './names.ts';
import { outlooks, type Outlook } from './outlook.ts';
import { possible, type Sieve } from './possible.ts';
import { beginning, head, keyOf, version, withSite, type Site, type State } from './state.ts';
import type { Rules } from './step.ts';
import { Tried } from './tried.ts';

export type Verdict =
  | { readonly kind: 'explained'; readonly tried: number }
  /** `story`: the events up to the first that has no explanation, and states before it. */
  | { readonly kind: 'mystery'; readonly tried: number; readonly story: string }
  /** The events leave so much open that it was given up; `story` ends where it got farthest. */
  | { readonly kind: 'undecided'; readonly tried: number; readonly story: string };

/** States that may be looked at on the way to one rest: half a minute or a little more. */
const bound = 3_000_000;

/** `tried` counts the states that an event was tried in; `atMost` bounds those that were looked at on the way. */
export function explain(events: readonly Event[], sites: number, rules: Rules, atMost = bound): Verdict {
  return new Search(sites, rules, atMost).further(events);
}

/** Goes on where it ended when there are more events: after a rest, what was before it is hardly ever tried again. */
export class Search {
  readonly #sites: number;
  readonly #rules: Rules;
  readonly #names = new Names();
  #events: readonly Event[] = [];
  #outlooks: readonly (Outlook | undefined)[] = [];
  /** Those that an event was met in, by the number of those before it. */
  readonly #reached: Tried[] = [];
  /** By the number of a rest: what was tried of the ways to it. */
  readonly #been = new Map<number, Set<string>[]>();
  /** The way so far: of each event the states after it that are still to be tried. */
  readonly #way: State[][];
  readonly #atMost: number;
  #looked = 0;

  constructor(sites: number, rules: Rules, atMost = bound) {
    this.#sites = sites;
    this.#rules = rules;
    this.#atMost = atMost;
    this.#way = [[beginning(sites)]];
  }

  /** `events` begin with those that it was asked before, which ended with a rest. Once undecided, it remains so. */
  further(events: readonly Event[]): Verdict {
    this.#events = events.map((event) => this.#names.shortened(event));
    this.#outlooks = outlooks(this.#events, this.#sites, this.#rules);
    let tried = 0;
    if (!this.#isTired()) this.#looked = 0;
    while (this.#way.length > 0 && !this.#isTired()) {
      const index = this.#way.length - 1;
      const state = this.#way.at(-1)?.at(-1);
      if (state !== undefined && index === events.length) return { kind: 'explained', tried };
      this.#way.at(-1)?.pop();
      if (state === undefined) this.#way.pop();
      else if ((this.#reached[index] ??= new Tried()).add(state)) {
        tried++;
        if (this.#events[index - 1]?.kind === 'rest' && this.#outlooks[index - 1]?.isOneEnd === true)
          this.#arrive(index);
        this.#way.push(this.#after(index, state));
      }
    }
    const last = this.#reached.findLastIndex(({ states }) => states.length > 0);
    const story = this.#story(events.slice(0, last + 1), this.#reached[last]?.states ?? []);
    return { kind: this.#isTired() ? 'undecided' : 'mystery', tried, story };
  }

  /** Every other way up to this rest ends as this one does, and need not be tried any more. */
  #arrive(index: number): void {
    for (let before = 0; before < index; before++) {
      this.#way[before] = [];
      this.#been.delete(before);
    }
  }

  #isTired(): boolean {
    return this.#looked > this.#atMost;
  }

  #story(events: readonly Event[], before: readonly State[]): string {
    const states = before.slice(0, 5).map((state) => this.#names.told(keyOf(state)));
    return [...events.map(tell), `no explanation for the last one; before it, of ${before.length}:`, ...states].join(
      '\n',
    );
  }

  /** Too many: then nothing comes of any, and the end is near. */
  #sieve(outlook: Outlook | undefined): Sieve {
    return (state) => {
      if (++this.#looked > this.#atMost) return undefined;
      if (outlook === undefined) return state;
      const unsettled = withoutSettled(state, outlook);
      return isHopeless(unsettled, outlook) ? undefined : condensed(unsettled, outlook);
    };
  }

  #after(index: number, state: State): State[] {
    const event = this.#events[index];
    const outlook = this.#outlooks[index];
    const [now, then] = [this.#sieve(outlook), this.#sieve(this.#outlooks[index + 1])];
    const after = new Map<string, State>();
    if (event === undefined) return [];
    const been = this.#been.get(index) ?? [];
    this.#been.set(index, been);
    for (const before of possible([state], event, this.#rules, now, been))
      for (const next of event.kind === 'rest' ? atRest(before, event, outlook) : apply(before, event)) {
        const kept = then(next);
        if (kept !== undefined) after.set(keyOf(kept), kept);
      }
    // The last is tried first: that with the fewest steps that nobody saw. Whoever was cut off has sent only what he had at last.
    return [...after.values()].toReversed();
  }
}

/** The settled copies are there again. */
function* atRest(state: State, event: Rest, outlook: Outlook | undefined): Generator<State> {
  const copies = event.copies.toSorted();
  for (const next of rest(state, { ...event, copies: outlook?.copies ?? copies })) yield { ...next, copies };
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
  yield event.kind === 'read'
    ? state
    : withSite(state, event.site, { ...site, value, time, changed: true, came: false });
}

/** Nothing is under way. */
function* rest(state: State, { value, copies }: Rest): Generator<State> {
  const newest = head(state);
  const isCalm = ({ base, changed, flight, orphan }: Site): boolean =>
    base === newest && !changed && flight === undefined && orphan === undefined;
  const same = JSON.stringify(state.copies) === JSON.stringify(copies.toSorted());
  if (state.found === undefined && state.sites.every(isCalm) && version(state, newest).value === value && same)
    yield { ...state, sites: state.sites.map((site) => ({ ...site, mortal: false, came: false })) };
}
