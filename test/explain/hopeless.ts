// What keeps the number of states within bounds: from the next rest on it is known what was left, so a state from which
// that cannot come any more need not be followed.
import type { Event, Value } from './event.ts';
import { head, version, type State } from './state.ts';

/** What is left at the next rest, and which of it was written by now. */
export interface Outlook {
  readonly left: readonly string[];
  readonly copies: readonly string[];
}

/** The outlook before each event; undefined after the last rest. */
export function outlooks(events: readonly Event[]): readonly (Outlook | undefined)[] {
  const written = new Set<string>();
  const known = events.map((event) => {
    const before = new Set(written);
    if (event.kind === 'write' || event.kind === 'share') written.add(event.value);
    return before;
  });
  return events.map((_event, index) => {
    const rest = events.slice(index).find((event) => event.kind === 'rest');
    if (rest === undefined) return undefined;
    const { value, copies } = rest;
    const all = value === null ? copies : [...copies, value];
    return { left: all.filter((each) => known[index]?.has(each) === true), copies };
  });
}

/** Something that is left is gone here, or a copy that is not left can never go. */
export function isHopeless(state: State, { left, copies }: Outlook): boolean {
  const alive = new Set<Value>([...state.copies, version(state, head(state)).value]);
  if (state.found !== undefined) alive.add(state.found.value);
  const held = new Set<Value>();
  for (const { value, from, changed, flight } of state.sites) {
    if (changed) alive.add(value);
    if (flight !== undefined) alive.add(flight.value);
    // Only who had a copy as his own file can replace or remove it.
    for (const each of [value, from, flight?.value ?? null, flight?.from ?? null]) held.add(each);
  }
  return (
    left.some((each) => !alive.has(each)) || state.copies.some((each) => !copies.includes(each) && !held.has(each))
  );
}
