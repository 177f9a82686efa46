// The committed states that still make a difference. A step asks for the newest, or for what came after the one that a
// site is based on; and of those most can do nothing that an earlier one cannot. Without them, orders of commits that
// nobody can tell apart are one.
//
// Lower is better: with an older base, if neither is the newest, a site can do all that it could with a later one. All
// that came after that one came after this one, too; and what is sent is treated the same, with a choice more if a name
// was taken in between. So of several ways to the same file on different bases, the one to the lowest is enough.
import type { Value } from './event.ts';
import { mayCount, mayDouble, type Outlook } from './outlook.ts';
import { head, nothing, version, type Flight, type Site, type State, type Version } from './state.ts';

export function onFewVersions(state: State, outlook: Outlook): State {
  const last = head(state);
  const views = state.sites.flatMap((site, index) => viewsOf(state, site, index, outlook));
  const oldest = Math.min(last, ...views.map(({ base }) => base));
  const versions: Version[] = [];
  const moved: number[] = [];
  for (let at = oldest; at <= last; at++) {
    const plain = plainOf(state, at, outlook);
    if (at === oldest) versions.push(at === last ? { ...plain, instead: false } : nothing);
    else if (areUseful(views, at, plain) || at === last || isNamed(plain)) versions.push(plain);
    // Who is based on one that is left out, is based on the one before: nothing that is left is between them.
    moved[at] = versions.length - 1;
  }
  const to = (at: number): number => moved[at] ?? 0;
  return { ...state, versions, sites: state.sites.map((site) => onBases(site, to)) };
}

/** Versions after `base`, as they are asked for from there. */
interface View {
  readonly base: number;
  /** They may come to the site; else it is only asked whether one of them took the name. */
  readonly comes: boolean;
  /** One may come before the agent is killed, and count as what the next write was made from. */
  readonly counts: boolean;
  /** Those do not come. */
  readonly but: readonly Value[];
  /** What there was of them before the one that is looked at. */
  readonly had: {
    nothing: boolean;
    taken: boolean;
    held: boolean;
    unnamed: boolean;
    nothingThen: boolean;
    takenThen: boolean;
  };
}

/** From its base, from what it may be based on when it writes, and from the bases of what it sent. */
function viewsOf(state: State, site: Site, index: number, outlook: Outlook): readonly View[] {
  const { flight, orphan } = site;
  const counts = mayCount(site, outlook.sites[index]);
  const but = orphan === undefined ? [] : [orphan.value, orphan.from];
  const view = (base: number, comes: boolean): View => ({
    base,
    comes,
    counts,
    but,
    had: {
      nothing: false,
      taken: false,
      held: false,
      unnamed: false,
      nothingThen: false,
      takenThen: false,
    },
  });
  const base = flight?.away === undefined ? site.base : flight.away - 1;
  const views = [view(base, true)];
  let isFirst = true;
  for (let at = base + 1; at < head(state); at++) {
    const plain = plainOf(state, at, outlook);
    if (isNamed(plain) || (counts && isFirst && plain.value !== null)) views.push(view(at, true));
    if (plain.value !== null && !isNamed(plain)) isFirst = false;
  }
  if (orphan !== undefined) views.push(view(orphan.base, false));
  if (flight !== undefined && flight.away === undefined) views.push(view(flight.base, false));
  return views;
}

function areUseful(views: readonly View[], at: number, version: Version): boolean {
  let any = false;
  for (const view of views) {
    if (view.base >= at) continue;
    any ||= isUseful(view, version);
    look(view, version);
  }
  return any;
}

/**
 * What is seen is named, and stays. The others can only be gone through, to one that is seen or to nothing. To one that is
 * seen the way is as well without them: it keeps beside it what was written here, as they do. To nothing a file without
 * changes comes by the first version that is nothing or took the name; with changes, by the first that took the name, or
 * by the first nothing, or taken name, after any that had its file kept beside. All later ones lead to the same file on a
 * later base. What is written when its agent was killed in between may count as made of one of them: of the first.
 */
function isUseful({ comes, counts, had }: View, { value, instead }: Version): boolean {
  if (!comes) return instead && !had.taken;
  if (value === null) return !had.nothing || (had.held && !had.nothingThen);
  if (instead && (!had.taken || (had.held && !had.takenThen))) return true;
  return !had.held || (counts && !had.unnamed);
}

function look({ but, had }: View, { value, instead }: Version): void {
  had.nothing ||= value === null;
  had.taken ||= instead;
  had.nothingThen ||= had.held && value === null;
  had.takenThen ||= had.held && instead;
  had.held ||= value !== null && !but.includes(value);
  had.unnamed ||= value === unnamed;
}

/** Of a version that is not the newest nobody asks the time, and its value only who may get it and tell it from others. */
function plainOf(state: State, at: number, { sites, left }: Outlook): Version {
  const { value, time, instead } = version(state, at);
  if (at === head(state)) return { value, time, instead };
  if (value === null) return { value, time: 0, instead };
  // What is made of it later takes this copy along.
  const isCopy = state.copies.includes(value) && !left.includes(value);
  const isAsked = state.sites.some((site, index) => {
    const { base, flight, orphan } = site;
    if (base >= at || (flight?.away !== undefined && flight.away > at)) return false;
    if (sites[index]?.seen.has(value) === true || (isCopy && mayCount(site, sites[index]))) return true;
    if (left.includes(value) && mayDouble(site, sites[index])) return true;
    return value === orphan?.value || value === orphan?.from;
  });
  return { value: isAsked ? value : unnamed, time: 0, instead };
}

const unnamed = 'something';

function isNamed({ value }: Version): boolean {
  return value !== null && value !== unnamed;
}

/** Of a file that has a conflict name already it matters where it is from then on, and no more what it was made from. */
function onBases({ flight, orphan, ...site }: Site, to: (at: number) => number): Site {
  const moved = (each: Flight): Flight => ({ ...each, base: to(each.base) });
  const left = orphan && moved(orphan);
  const time = site.changed ? site.time : 0;
  if (flight?.away === undefined)
    return { ...site, time, base: to(site.base), flight: flight && moved(flight), orphan: left };
  const base = to(flight.away - 1);
  const away: Flight = { value: flight.value, time: 0, base, from: null, away: base + 1 };
  return { ...site, time, base, from: null, flight: away, orphan: left };
}
