// What keeps the number of states within bounds: from the next rest on it is known what was left, so a state from which
// that cannot come any more need not be followed.
import { must } from '../../lib/base/errors.ts';
import type { Value } from './event.ts';
import { isNewestStuck } from './newest.ts';
import { comingTo, mayCount, mayDouble, type Outlook, type SiteOutlook } from './outlook.ts';
import { head, version, type Site, type State } from './state.ts';

/** Something that is left is gone here, what is not left can never go, or what is seen at a site cannot come there. */
export function isHopeless(state: State, outlook: Outlook): boolean {
  const { left, copies, sites } = outlook;
  const fresh = new Set(state.sites.flatMap(underWay));
  if (state.found !== undefined) fresh.add(state.found.value);
  for (const [index, site] of state.sites.entries())
    if (mayDouble(site, sites[index])) for (const each of comingTo(state, site)) fresh.add(each);
  const alive = new Set([...fresh, ...state.copies, version(state, head(state)).value]);
  if (left.some((each) => !alive.has(each))) return true;
  const isTaken = (each: string): boolean => state.sites.some((site, at) => takes(each, site, at, outlook));
  const open = state.copies.filter((each) => !copies.includes(each) && !isTaken(each));
  if (open.length > 0 && areTooMany(open, state, outlook)) return true;
  if (staysForEver(state, outlook) || isNewestStuck(state, outlook)) return true;
  return state.sites.some((site, index) => {
    const mayCome = (each: Value): boolean =>
      each === site.value ||
      fresh.has(each) ||
      state.versions.some(({ value }, at) => at > site.base && value === each);
    return [...(sites[index]?.seen ?? [])].some((each) => !mayCome(each));
  });
}

/**
 * What is on the share, seen or not, and is not left. Who writes on the share takes away what is there; a site replaces what
 * it knows, and whatever else takes the name makes a copy of it.
 */
function staysForEver(state: State, outlook: Outlook): boolean {
  const { left, sites, share } = outlook;
  const there = state.found?.value ?? version(state, head(state)).value;
  if (there === null || share || left.includes(there) || takersOf(there, state, outlook).length > 0) return false;
  if (state.sites.some((site, at) => isOf(there, site, sites[at]))) return false;
  const isKnown = ({ base, flight, orphan }: Site): boolean => [base, flight?.base, orphan?.base].includes(head(state));
  return state.found !== undefined || !state.sites.some((site, at) => isKnown(site) && willChange(site, sites[at]));
}

/** What the site makes, or has made, may be made of that. */
function isOf(value: string, site: Site, there: SiteOutlook | undefined): boolean {
  const { from, changed, flight, orphan } = site;
  if ([orphan?.from, orphan?.value, flight?.from].includes(value) || there?.replaced.has(value) === true) return true;
  return (from === value || flight?.value === value) && (changed || (there?.replaced.size ?? 0) > 0);
}

/** What a site made that is not committed. */
function underWay({ value, changed, flight, orphan }: Site): readonly Value[] {
  const made = [...(changed ? [value] : []), ...(orphan === undefined ? [] : [orphan.value])];
  return flight === undefined || flight.away !== undefined ? made : [...made, flight.value];
}

/** Only who had a copy as his own file can replace or remove it. */
function takes(copy: string, site: Site, at: number, { sites, left, mayTake }: Outlook): boolean {
  const { value, from, changed, flight, orphan } = site;
  const { replaced, taken } = must(sites[at], 'an outlook of the site');
  const changes = changed || replaced.size > 0;
  // It takes that along to its conflict name, and is deleted there.
  if (orphan?.from === copy && (orphan.value === null || !left.includes(orphan.value))) return true;
  // Written over where it lay when it got its conflict name.
  if (orphan?.value === copy || (flight?.value === copy && (changed || replaced.has(copy)))) return true;
  if (flight?.from === copy && mayTake(flight.value, at, changes)) return true;
  if (from === copy && (changed ? mayTake(value, at, replaced.size > 0) : taken.length > 0)) return true;
  return taken.includes(copy);
}

/** The sites where what is written may count as made of this copy: it may still come there. */
function takersOf(copy: string, { sites, versions, found }: State, outlook: Outlook): readonly number[] {
  const comes = ({ value, base, changed }: Site, at: number): boolean => {
    if (found?.value === copy) return true;
    // Nothing comes before what was made there has the name, and then only what is newer.
    if (changed && outlook.mustWin(value, at)) return false;
    return versions.some((version, index) => index > base && version.value === copy);
  };
  return [...sites.keys()].filter((at) => {
    const site = sites[at];
    return site !== undefined && mayCount(site, outlook.sites[at]) && comes(site, at);
  });
}

/**
 * A change counts as made of one thing, so it takes one copy at most: of some copies, there are more than changes at all the
 * sites that may take one of these.
 */
function areTooMany(copies: readonly string[], state: State, outlook: Outlook): boolean {
  const takers = copies.map((copy) => takersOf(copy, state, outlook));
  return takers.some((among) => {
    const within = takers.filter((each) => each.every((site) => among.includes(site)));
    return within.length > among.reduce((sum, site) => sum + (outlook.sites[site]?.taken.length ?? 0), 0);
  });
}

function willChange({ changed, flight, orphan }: Site, outlook: SiteOutlook | undefined): boolean {
  return changed || flight !== undefined || orphan !== undefined || (outlook?.replaced.size ?? 0) > 0;
}
