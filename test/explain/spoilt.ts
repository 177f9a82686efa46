import type { Chance } from '../support/chance.ts';
import type { Event, Value } from './event.ts';

/**
 * One event is left out, happens elsewhere, or at another time, or saw what another did, or a rest has a copy more or less:
 * it may be explained all the same.
 */
export function spoilt(events: readonly Event[], sites: number, chance: Chance): readonly Event[] {
  const at = chance.below(events.length);
  const [event] = events.slice(at, at + 1);
  if (event === undefined) return events;
  const others = events.toSpliced(at, 1);
  const way = chance.below(4);
  if (way === 0) return others;
  if (way === 1) return others.toSpliced(chance.below(events.length), 0, event);
  const values = events.flatMap((each): readonly Value[] => ('value' in each ? [each.value] : []));
  const value = chance.pick(values) ?? null;
  if (event.kind === 'read' || event.kind === 'killed') {
    const elsewhere = { ...event, site: (event.site + 1) % sites };
    return events.with(at, event.kind === 'read' && way === 2 ? { ...event, value } : elsewhere);
  }
  if (event.kind === 'rest' && way === 2) return events.with(at, { ...event, value });
  if (event.kind === 'rest') return events.with(at, { ...event, copies: toggled(event.copies, value) });
  return event.kind === 'write' ? events.with(at, { ...event, saw: value }) : events;
}

function toggled(copies: readonly string[], value: Value): readonly string[] {
  if (value === null) return copies.slice(1);
  return copies.includes(value) ? copies.filter((copy) => copy !== value) : [...copies, value];
}
