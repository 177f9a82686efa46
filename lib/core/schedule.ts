// When a schedule comes due on the clocks of a place, which are put forward and back: the rule of the zone is passed in.
import { nextOccurrence, type Crontab } from './crontab.ts';

/** By how many ms the clocks of a place are ahead of UTC at an instant (ms since 1970). */
export type Zone = (instant: number) => number;

export const utc: Zone = () => 0;

/**
 * The first instant after `after` at which it is due; undefined where that never comes. A time of day that the clocks skip is
 * due when they are put forward, one that they show twice is due the first time. A schedule for every hour follows the hours
 * that pass instead: none is made up, and none left out.
 */
export function nextDue(cron: Crontab, zone: Zone, after: number): number | undefined {
  const followsHours = cron.hours.length === 24;
  let at = after;
  let wall = after + zone(after);
  for (;;) {
    const ahead = zone(at);
    const found = nextOccurrence(cron, wall);
    if (found === undefined) return undefined;
    const instant = found - ahead;
    if (zone(instant) === ahead) {
      if (followsHours || !isRepeated(zone, instant)) return instant;
      at = instant;
      wall = found;
      continue;
    }
    // The clocks change on the way: what they skip counts now, and from there the search goes on by the new time.
    const change = firstChange(zone, at, instant);
    const skippedTo = change + zone(change);
    if (!followsHours && found < skippedTo) return change;
    at = change;
    wall = skippedTo - 1;
  }
}

/** The last instant in (after, until] at which it was due. */
export function lastDue(cron: Crontab, zone: Zone, after: number, until: number): number | undefined {
  // A window that grows, so that neither a schedule of seconds nor a year away takes long.
  for (let width = minute; ; width *= 8) {
    const from = Math.max(after, until - width);
    let last: number | undefined;
    for (let next = nextDue(cron, zone, from); next !== undefined && next <= until; next = nextDue(cron, zone, next))
      last = next;
    if (last !== undefined || from <= after) return last;
  }
}

const minute = 60_000;
/** Clocks change by less than that at once, and not twice within it. */
const longestRepeat = 3 * 60 * minute;

/** Whether the clocks show this time for the second time. */
function isRepeated(zone: Zone, instant: number): boolean {
  const before = zone(instant - longestRepeat);
  const back = before - zone(instant);
  return back > 0 && zone(instant - back) === before;
}

/** The first ms in (from, to] at which the zone has another rule than at `from`; at `to` it has. */
function firstChange(zone: Zone, from: number, to: number): number {
  const ahead = zone(from);
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone(middle) === ahead) low = middle;
    else high = middle;
  }
  return high;
}
