// Whether what was seen from outside can be explained by what the documentation says, whatever happened unseen: the
// method of "Mysteries of Dropbox" (Hughes, Pierce, Arts, Norell; ICST 2016). All states that the system may be in are
// followed from event to event; when none is left, it did something that it must not.
import { tell, type Event } from './event.ts';
import { isHopeless, outlooks, type Outlook } from './hopeless.ts';
import { beginning, head, keyOf, version, withSite, type Site, type State } from './state.ts';
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
  const ahead = outlooks(events);
  for (const [index, event] of events.entries()) {
    const before = states;
    const all = closure(before, rules, ahead[index]);
    most = Math.max(most, all.size);
    states = new Map();
    for (const state of all.values()) for (const after of apply(state, event)) states.set(keyOf(after), after);
    if (states.size === 0) return { mystery: story(events.slice(0, index + 1), before), most };
  }
  return { mystery: undefined, most };
}

/** With every state that unseen steps lead to. */
function closure(
  states: ReadonlyMap<string, State>,
  rules: Rules,
  ahead: Outlook | undefined,
): ReadonlyMap<string, State> {
  const all = new Map(states);
  for (const state of all.values())
    for (const next of unseen(state, rules)) {
      if (ahead !== undefined && isHopeless(next, ahead)) continue;
      const key = keyOf(next);
      if (!all.has(key)) all.set(key, next); // a Map goes on over what is added
      if (all.size > tooMany) throw new Error(`too many states: ${all.size}`);
    }
  return all;
}

/** The states that the event may lead to; none if it cannot have happened in this one. */
function* apply(state: State, event: Event): Generator<State> {
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
