// What must become of the newest version until the next rest, and who may do it.
import type { Value } from './event.ts';
import { comingTo, mayDouble, type Outlook } from './outlook.ts';
import { head, version, type Flight, type Site, type State } from './state.ts';

/**
 * It must go, or stay, and nothing is under way or yet to come that lets it: a copy of it is left only by one that was not
 * made of it and is not older, or where the agent is killed that it came to; nothing is left by a delete of it, or of one that its own site removed while it was sent.
 */
export function isNewestStuck(state: State, outlook: Outlook): boolean {
  const { left, value: last, writes, share } = outlook;
  const { value, time } = version(state, head(state));
  if (value === null) return false;
  const made = state.sites.flatMap(underWay);
  if (value !== last && left.includes(value) && !state.copies.includes(value)) {
    // Only another one that takes the name leaves a copy of it.
    const mayWin = (each: Made): boolean =>
      each.value !== null && each.base !== head(state) && (!outlook.oneClock || each.time >= time);
    const mayLeaveOne = (site: Site, at: number): boolean =>
      mayDouble(site, outlook.sites[at]) && comingTo(state, site).includes(value);
    return !writes && !made.some(mayWin) && !state.sites.some(mayLeaveOne);
  }
  if (outlook.changes || share || state.found !== undefined) return false;
  const removed = made.some((each) => each.value === null && each.base === head(state));
  // A delete of the newest is carried out, unless another comes first.
  if (value === last) return removed && left.includes(value);
  return last === null && !removed && !state.sites.some((site) => goesAgain(site, left));
}

interface Made {
  readonly value: Value;
  readonly time: number;
  readonly base: number;
}

/** What is sent next, if it is not changed before, among it. */
function underWay({ value, time, base, changed, flight, orphan }: Site): readonly Made[] {
  const made: Made[] = orphan === undefined ? [] : [orphan];
  if (flight !== undefined && flight.away === undefined) made.push(flight);
  if (changed) made.push({ value, time, base });
  return made;
}

/** It may take the name, and then its own site removes it. */
function goesAgain({ value, changed, flight, orphan }: Site, left: readonly string[]): boolean {
  const mayGo = (each: Flight | undefined): boolean =>
    each !== undefined && each.away === undefined && each.value !== null && !left.includes(each.value);
  return mayGo(orphan) || (changed && value === null && mayGo(flight));
}
