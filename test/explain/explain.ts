// Whether what was seen from outside can be explained by what the documentation says, whatever happened unseen: the
// method of "Mysteries of Dropbox" (Hughes, Pierce, Arts, Norell; ICST 2016). All states that the system may be in are
// followed from event to event; when none is left, it did something that it must not.
import { tell, type Event } from './event.ts';
import { beginning, head, keyOf, version, withSite, type State } from './state.ts';
import { unseen, type Rules } from './step.ts';

export interface Verdict {
  /** Undefined: there is an explanation. Else the events up to the first that has none, and the states before it. */
  readonly mystery: string | undefined;
  /** The most states that were possible at once. */
  readonly most: number;
}

const tooMany = 300_000;

/** Errors: `too many states`, when the events leave too much open to be followed. */
export function explain(events: readonly Event[], sites: number, rules: Rules): Verdict {
  let states = new Map<string, State>();
  const first = beginning(sites);
  states.set(keyOf(first), first);
  let most = 1;
  for (const [index, event] of events.entries()) {
    const before = states;
    const all = closure(before, rules);
    most = Math.max(most, all.size);
    states = new Map();
    for (const state of all.values()) {
      const after = apply(state, event);
      if (after !== undefined) states.set(keyOf(after), after);
    }
    if (states.size === 0) return { mystery: story(events.slice(0, index + 1), before), most };
  }
  return { mystery: undefined, most };
}

/** With every state that unseen steps lead to. */
function closure(states: ReadonlyMap<string, State>, rules: Rules): ReadonlyMap<string, State> {
  const all = new Map(states);
  for (const state of all.values())
    for (const next of unseen(state, rules)) {
      const key = keyOf(next);
      if (!all.has(key)) all.set(key, next); // a Map goes on over what is added
      if (all.size > tooMany) throw new Error(`too many states: ${all.size}`);
    }
  return all;
}

/** The state after the event; undefined if it cannot have happened in this one. */
function apply(state: State, event: Event): State | undefined {
  if (event.kind === 'rest') return rest(state, event);
  if (event.kind === 'share') return { ...state, found: { value: event.value, time: event.time } };
  const site = state.sites[event.site];
  if (site === undefined) throw new Error(`there is no site ${event.site}`);
  if (event.kind === 'read') return site.value === event.value ? state : undefined;
  if (site.value !== event.saw) return undefined;
  const [value, time] = event.kind === 'write' ? [event.value, event.time] : [null, site.time];
  return withSite(state, event.site, { ...site, value, time, changed: true });
}

/** Nothing is under way; from here on only the present counts. */
function rest(state: State, { value, copies }: Extract<Event, { kind: 'rest' }>): State | undefined {
  const newest = head(state);
  const calm =
    state.found === undefined &&
    state.sites.every(({ base, changed, flight }) => base === newest && !changed && flight === undefined);
  if (!calm || version(state, newest).value !== value) return undefined;
  return JSON.stringify(state.copies) === JSON.stringify(copies.toSorted()) ? state : undefined;
}

function story(events: readonly Event[], before: ReadonlyMap<string, State>): string {
  const states = [...before.keys()].slice(0, 5);
  return [...events.map(tell), `no explanation for the last one; before it, of ${before.size}:`, ...states].join('\n');
}
