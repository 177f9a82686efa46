// The states in which an event may find the system. Unseen steps at different sites do not touch each other, and a site
// gets what was committed whenever it likes: so a step is taken only when the event would miss it, and every order of
// steps that makes no difference is looked at once. The test has the search that takes every step at every moment.
import type { Event } from './event.ts';
import { head, keyOf, version, type State } from './state.ts';
import { abandon, arrive, commit, commitOrphan, find, send, type Rules } from './step.ts';

/** Answers one that is equal in all that matters, or undefined where nothing comes of it. */
export type Sieve = (state: State) => State | undefined;

/**
 * Before `event`; those in which it cannot happen may be among them. At a rest everything may have happened, which from many
 * states is the same: what is in `been`, by how far it went, was answered, or led to what was answered, already.
 */
export function possible(
  states: Iterable<State>,
  event: Event,
  rules: Rules,
  sieve: Sieve,
  been: Set<string>[] = [],
): Iterable<State> {
  if (event.kind === 'rest') return atRest([...committed(states, rules, sieve, setOf(been, 0)).values()], sieve, been);
  const all = committed(states, rules, sieve, new Set());
  if (event.kind === 'share') return [...all.values()].filter(({ due }) => due.has('share')).map(({ state }) => state);
  return atSite([...all.values()], event.site, event.kind !== 'read', sieve);
}

/** What the last step was that led there, by some way: nothing else can come after it, or it would have waited. */
type Due = 'start' | 'share' | 'version' | number;

interface Reached {
  readonly state: State;
  readonly due: Set<Due>;
}

/** With all that may have been committed by now, in every order. */
function committed(
  states: Iterable<State>,
  rules: Rules,
  sieve: Sieve,
  been: Set<string>,
): ReadonlyMap<string, Reached> {
  const all = new Map<string, Reached>();
  const reach = (state: State, ...due: readonly Due[]): void => {
    const kept = sieve(state);
    if (kept === undefined) return;
    const key = keyOf(kept);
    const there = all.get(key);
    if (there !== undefined) for (const each of due) there.due.add(each);
    else if (!been.has(key)) all.set(key, { state: kept, due: new Set(due) });
  };
  for (const state of states) reach(state, 'start', 'share');
  for (const { state } of all.values()) {
    for (const next of find(state)) reach(next, 'share', 'version');
    for (const index of state.sites.keys())
      for (const after of brought(state, index, rules)) {
        const due: Due[] = [index];
        if (head(after) > head(state)) due.push('version');
        if (after.found !== state.found) due.push('share');
        reach(after, ...due);
      }
  }
  for (const key of all.keys()) been.add(key);
  return all;
}

/** Something of the site is committed. */
function* brought(state: State, index: number, rules: Rules): Generator<State> {
  for (const next of proposed(state, index)) yield* commit(next, index, rules);
  yield* commitOrphan(state, index, rules);
  for (const next of abandon(state, index)) yield* commitOrphan(next, index, rules);
}

/** The site has an operation under way. */
function* proposed(state: State, index: number): Generator<State> {
  const flight = state.sites[index]?.flight;
  if (flight === undefined) yield* send(state, index);
  else if (flight.away === undefined) yield state;
  else for (const next of arrive(state, index)) yield* send(next, index);
}

function atSite(all: readonly Reached[], index: number, isChange: boolean, sieve: Sieve): Iterable<State> {
  const found = new Map<string, State>();
  for (const { state, due } of all) {
    const isOwn = due.has('start') || due.has(index);
    if (!isOwn && !due.has('version')) continue;
    for (const [key, next] of arrivals([state], index, sieve, new Set())) {
      // What another committed last is there because it is what comes here.
      if (!isOwn && !hasNewest(next, index)) continue;
      found.set(key, next);
      if (isChange) for (const sent of send(next, index)) found.set(keyOf(sent), sent);
    }
  }
  return found.values();
}

/** Or has just lost it. */
function hasNewest(state: State, index: number): boolean {
  const site = state.sites[index];
  const newest = head(state);
  return site !== undefined && (site.base >= newest - 1 || site.value === version(state, newest).value);
}

function atRest(all: readonly Reached[], sieve: Sieve, been: Set<string>[]): Iterable<State> {
  let states: Iterable<State> = all.map(({ state }) => state);
  for (const index of all[0]?.state.sites.keys() ?? [])
    states = arrivals(states, index, sieve, setOf(been, index + 1)).values();
  return states;
}

function setOf(been: Set<string>[], at: number): Set<string> {
  return (been[at] ??= new Set());
}

/** With all that may have come to one site. */
function arrivals(states: Iterable<State>, index: number, sieve: Sieve, been: Set<string>): Map<string, State> {
  const all = new Map<string, State>();
  for (const state of states) {
    const key = keyOf(state);
    if (!been.has(key)) all.set(key, state);
  }
  for (const state of all.values())
    for (const next of [...arrive(state, index), ...abandon(state, index)]) {
      const kept = sieve(next);
      if (kept === undefined) continue;
      const key = keyOf(kept);
      if (!all.has(key) && !been.has(key)) all.set(key, kept);
    }
  for (const key of all.keys()) been.add(key);
  return all;
}
