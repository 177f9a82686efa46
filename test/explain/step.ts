// What may happen unseen between two events, each step as the documentation describes it. Where it leaves a choice (which
// of two notices comes first), every choice is a step.
import type { Value } from './event.ts';
import { head, version, withCopies, withSite, withVersion, type Flight, type Site, type State } from './state.ts';

export interface Rules {
  /** The sites' clocks agree, so that the newest mtime tells who keeps the name. */
  readonly oneClock: boolean;
}

/** All states that one unseen step makes of this one. */
export function* unseen(state: State, rules: Rules): Generator<State> {
  yield* find(state);
  for (const [index, { flight }] of state.sites.entries()) {
    yield* send(state, index);
    yield* arrive(state, index);
    yield* abandon(state, index);
    yield* commitOrphan(state, index, rules);
    if (flight === undefined || flight.away !== undefined) continue;
    yield* refuse(state, index);
    yield* commit(state, index, rules);
  }
}

/** The committer sees what somebody put on the share. */
export function* find(state: State): Generator<State> {
  if (state.found !== undefined) yield withVersion({ ...state, found: undefined }, { ...state.found, instead: false });
}

/** What was committed comes to a site: to the end of what it sent itself, then by others. */
export function* arrive(state: State, index: number): Generator<State> {
  const site = siteAt(state, index);
  const { flight } = site;
  if (flight === undefined) yield* receive(state, index, site);
  else if (flight.away !== undefined) yield* learn(state, index, site, flight, flight.away);
}

/** A site sends what was made there: the newest, which need not be all. */
export function* send(state: State, index: number): Generator<State> {
  const site = siteAt(state, index);
  const { value, time, base, from, changed, flight } = site;
  if (!changed || flight !== undefined) return;
  yield withSite(state, index, { ...site, changed: false, flight: { value, time, base, from, away: undefined } });
}

/** A site gets what was committed: not every version, and not at once. */
function* receive(state: State, index: number, site: Site): Generator<State> {
  const { value, base, from, changed, orphan } = site;
  for (let at = base + 1; at <= head(state); at++) {
    const came = version(state, at);
    // What was removed here does not come back before its delete is through.
    if (came.value !== null && (came.value === orphan?.value || came.value === orphan?.from)) continue;
    const taken = fresh(site, came.value, at);
    // Killed before it wrote that down: what is made of it then counts as made of what was there before.
    if (site.mortal && !changed) yield withSite(state, index, { ...site, value: came.value });
    // Killed before it wrote down what came: to the next process that is made here. It is sent, loses, and is kept beside.
    if (site.came && !changed) yield withSite(withCopies(state, value), index, taken);
    // An edit elsewhere beats a delete here.
    if (!changed || (value === null && came.value !== null)) yield withSite(state, index, taken);
    // Written while the file was being replaced: what was replaced is kept beside. A delete leaves it where it is, and where
    // there was no file nothing is replaced.
    else if (came.value !== null && from !== null) yield withSite(withCopies(state, value), index, taken);
    if (!came.instead) continue;
    // The file goes to its conflict name first, and what takes its place comes a moment later.
    if (!changed && value !== null) yield withSite(state, index, fresh(site, null, at - 1));
    if (changed && from !== null) yield withSite(withCopies(state, value, from), index, fresh(site, null, at - 1));
  }
}

/** What is on its way was removed here: the name is free for what others have, before its delete can be sent. */
export function* abandon(state: State, index: number): Generator<State> {
  const site = siteAt(state, index);
  const { value, changed, flight, orphan } = site;
  if (flight === undefined || flight.away !== undefined || value !== null || !changed || orphan !== undefined) return;
  yield withSite(state, index, { ...site, from: null, changed: false, flight: undefined, orphan: flight });
}

/** It is committed, and then its delete. */
export function* commitOrphan(state: State, index: number, rules: Rules): Generator<State> {
  const { orphan, ...site } = siteAt(state, index);
  if (orphan === undefined) return;
  const alone = withSite(state, index, { ...site, flight: orphan, orphan: undefined });
  for (const after of commit(alone, index, rules)) {
    const { base, from, flight } = siteAt(after, index);
    // Its delete was sent by who knows what became of it: nothing older comes to him any more.
    const known = site.changed || site.flight !== undefined ? site.base : Math.max(site.base, orphan.base);
    const gone = (next: State, left: Flight | undefined): State =>
      withSite(next, index, { ...site, base: left === undefined ? known : site.base, orphan: left });
    if (orphan.value === null) yield gone(after, undefined);
    else if (flight === undefined) yield gone(after, { value: null, time: 0, base, from, away: undefined });
    else yield gone(withCopies(after, null, orphan.value), undefined);
  }
}

/** Refused (what it names is about to move): planned again from what is there then, as if it had not been sent. */
function* refuse(state: State, index: number): Generator<State> {
  yield withSite(state, index, { ...siteAt(state, index), changed: true, flight: undefined });
}

/** What a site has sent is committed. */
export function* commit(state: State, index: number, rules: Rules): Generator<State> {
  const site = siteAt(state, index);
  const { flight } = site;
  if (flight === undefined || flight.away !== undefined) return;
  yield* carryOut(state, index, site, flight, rules);
  const { found } = state;
  if (found === undefined) return;
  // What somebody put there meanwhile is seen first, by a step of its own, or goes out of the way to a conflict name.
  const free = withCopies({ ...state, found: undefined }, found.value);
  yield* carryOut(free, index, site, flight, rules);
  const { value, time } = flight;
  if (value === null) return yield withSite(state, index, { ...site, flight: undefined });
  // It took the place of what was committed last: of that nothing is left to keep, and the file goes on under its identity or
  // takes that along to its conflict name.
  for (const instead of [false, true]) {
    const placed = withVersion(free, { value, time, instead });
    yield withSite(placed, index, { ...site, base: head(placed), from: value, flight: undefined });
  }
}

function* carryOut(state: State, index: number, site: Site, flight: Flight, { oneClock }: Rules): Generator<State> {
  const { value, time, base, from } = flight;
  const newest = version(state, head(state));
  const done = (after: State): State =>
    withSite(after, index, { ...site, base: head(after), from: value, flight: undefined });
  const away = (after: State): State => withSite(after, index, { ...site, flight: { ...flight, away: head(after) } });
  if (base === head(state)) return yield done(withVersion(state, { value, time, instead: false }));
  const displaced = from !== null && state.versions.slice(base + 1).some(({ instead }) => instead);
  if (value === null) {
    // A delete of what has changed since is void; of what went to a conflict name, it deletes that.
    yield withSite(state, index, { ...site, flight: undefined });
    if (displaced) yield withSite(withCopies(state, null, from), index, { ...site, flight: undefined });
    return;
  }
  if (displaced) yield away(withCopies(state, value, from));
  if (displaced) yield away(withCopies(state, value));
  if (newest.value === null) return yield done(withVersion(state, { value, time, instead: false }));
  if (!oneClock || time >= newest.time)
    yield done(withVersion(withCopies(state, newest.value), { value, time, instead: true }));
  if (!oneClock || time <= newest.time) yield away(withCopies(state, value));
}

/** A site learns that its file has a conflict name now. */
function* learn(state: State, index: number, site: Site, { value }: Flight, away: number): Generator<State> {
  const gone = fresh(site, null, away - 1);
  if (!site.changed) return yield withSite(state, index, gone);
  // What was written there since is the file that moves, or a new one; then the old one was taken away by who wrote it.
  const kept: Site = { ...site, base: away - 1, from: null, flight: undefined };
  yield withSite(withCopies(state, site.value, value), index, gone);
  yield withSite(state, index, kept);
  yield withSite(withCopies(state, null, value), index, kept);
}

/** What a site has by no deed of its own. */
function fresh({ orphan, mortal }: Site, value: Value, base: number): Site {
  const came = mortal && value !== null;
  return { value, time: 0, base, from: value, changed: false, flight: undefined, orphan, mortal, came };
}

function siteAt({ sites }: State, index: number): Site {
  const site = sites[index];
  if (site === undefined) throw new Error(`there is no site ${index}`);
  return site;
}
