// States that were tried in vain. One that can do nothing that one of them cannot need not be tried.
import { head, type Site, type State, type Version } from './state.ts';

export class Tried {
  /** By all but what was committed before the newest, and where in it the sites are. */
  readonly #alike = new Map<string, Place[]>();
  readonly states: State[] = [];

  /** False where it can do nothing that others cannot, or is one of them. */
  add(state: State): boolean {
    const key = keyButPlace(state);
    const place = placeOf(state);
    const alike = this.#alike.get(key) ?? [];
    if (alike.some((each) => covers(each, place))) return false;
    this.#alike.set(key, [...alike.filter((each) => !covers(place, each)), place]);
    this.states.push(state);
    return true;
  }
}

interface Place {
  readonly versions: readonly Version[];
  readonly bases: readonly number[];
}

/**
 * Every version that came after a base of the other came after that of this one, too, in the same order. So this one may get
 * what the other may. To what is sent it makes no difference which base it has, if it is not the newest, but that more ways
 * are open if the name was taken since: for what the other may do there is the same here.
 */
function covers(one: Place, other: Place): boolean {
  const [last, otherLast] = [one.versions.length - 1, other.versions.length - 1];
  if (one.bases.some((base, index) => (base === last) !== (other.bases[index] === otherLast))) return false;
  const oldest = Math.min(...other.bases);
  // From the newest on, each is found as late as can be: that leaves the most room for bases before it.
  let found = last + 1;
  for (let at = otherLast; at > oldest; at--) {
    do found--;
    while (found >= 0 && !isAs(one.versions[found], other.versions[at]));
    if (found < 0 || (at === otherLast && found < last)) return false;
    if (one.bases.some((base, index) => base >= found && (other.bases[index] ?? 0) < at)) return false;
  }
  return true;
}

/** It may have taken the name, too: that is asked only for what may be done then, besides. */
function isAs(one: Version | undefined, other: Version | undefined): boolean {
  return one !== undefined && one.value === other?.value && (one.instead || !other.instead);
}

function keyButPlace(state: State): string {
  const { value, time } = state.versions[head(state)] ?? { value: null, time: 0 };
  const sites = state.sites.map(({ base: _base, flight, orphan, ...site }) => [
    site,
    flight && [flight.value, flight.time, flight.from, flight.away !== undefined],
    orphan && [orphan.value, orphan.time, orphan.from],
  ]);
  return JSON.stringify([value, time, sites, state.found, state.copies]);
}

/** Whose file has a conflict name already, is based on what was the newest before. */
function basesOf({ base, flight, orphan }: Site): readonly number[] {
  const sent = flight?.away === undefined ? (flight?.base ?? base) : flight.away - 1;
  return [flight?.away === undefined ? base : sent, sent, orphan?.base ?? base];
}

function placeOf({ versions, sites }: State): Place {
  return { versions, bases: sites.flatMap(basesOf) };
}
