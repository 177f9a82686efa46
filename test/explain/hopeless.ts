// What keeps the number of states within bounds: from the next rest on it is known what was left, so a state from which
// that cannot come any more need not be followed.
import type { Event, Value } from './event.ts';
import { head, version, type Site, type State } from './state.ts';

/** What is left at the next rest, and what is seen and replaced until then at each site: as far as it was written by now. */
export interface Outlook {
  readonly left: readonly string[];
  readonly copies: readonly string[];
  readonly sites: readonly SiteOutlook[];
  /** Somebody is yet to write on the share itself. */
  readonly share: boolean;
}

interface SiteOutlook {
  readonly seen: ReadonlySet<Value>;
  /** What the site's own changes take the place of, nothing included. */
  readonly replaced: ReadonlySet<Value>;
}

/** The outlook before each event; undefined after the last rest. */
export function outlooks(events: readonly Event[], sites: number): readonly (Outlook | undefined)[] {
  const written = new Set<Value>();
  return events.map((event, index) => {
    const end = events.findIndex(({ kind }, at) => at >= index && kind === 'rest');
    const outlook = outlookOf(events.slice(index, end + 1), new Set(written), sites);
    if (event.kind === 'write' || event.kind === 'share') written.add(event.value);
    return outlook;
  });
}

function outlookOf(events: readonly Event[], known: ReadonlySet<Value>, sites: number): Outlook | undefined {
  const rest = events.at(-1);
  if (rest?.kind !== 'rest') return undefined;
  const { value, copies } = rest;
  const all = value === null ? copies : [...copies, value];
  const each = Array.from({ length: sites }, (_none, site) => {
    const there = events.filter((event) => 'site' in event && event.site === site);
    const replaced = there.flatMap((event) => (event.kind === 'write' || event.kind === 'remove' ? [event.saw] : []));
    const seen = [...replaced, ...there.flatMap((event) => (event.kind === 'read' ? [event.value] : []))];
    return { seen: new Set(seen.filter((one) => known.has(one))), replaced: new Set(replaced) };
  });
  const share = events.some(({ kind }) => kind === 'share');
  return { left: all.filter((one) => known.has(one)), copies, sites: each, share };
}

/** Something that is left is gone here, what is not left can never go, or what is seen at a site cannot come there. */
export function isHopeless(state: State, outlook: Outlook): boolean {
  const { left, copies, sites } = outlook;
  const fresh = new Set(state.sites.flatMap(underWay));
  if (state.found !== undefined) fresh.add(state.found.value);
  const alive = new Set([...fresh, ...state.copies, version(state, head(state)).value]);
  if (left.some((each) => !alive.has(each))) return true;
  const mayTake = (each: string): boolean => state.sites.some((site, index) => takes(each, site, sites[index]));
  if (state.copies.some((each) => !copies.includes(each) && !mayTake(each))) return true;
  if (staysForEver(state, outlook, mayTake)) return true;
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
function staysForEver(state: State, { left, sites, share }: Outlook, mayTake: (each: string) => boolean): boolean {
  const there = state.found?.value ?? version(state, head(state)).value;
  if (there === null || share || left.includes(there) || mayTake(there)) return false;
  const isKnown = ({ base, flight, orphan }: Site): boolean => [base, flight?.base, orphan?.base].includes(head(state));
  return state.found !== undefined || !state.sites.some((site, at) => isKnown(site) && willChange(site, sites[at]));
}

/** What a site made that is not committed. */
function underWay({ value, changed, flight, orphan }: Site): readonly Value[] {
  const made = [...(changed ? [value] : []), ...(orphan === undefined ? [] : [orphan.value])];
  return flight === undefined || flight.away !== undefined ? made : [...made, flight.value];
}

/** Only who had a copy as his own file can replace or remove it. */
function takes(copy: string, site: Site, outlook: SiteOutlook | undefined): boolean {
  const { from, flight, orphan } = site;
  const changes = site.changed || (outlook !== undefined && outlook.replaced.size > 0);
  if (orphan?.from === copy || orphan?.value === copy) return true;
  if (flight?.from === copy || (from === copy && changes)) return true;
  return (flight?.value === copy && changes) || outlook?.replaced.has(copy) === true;
}

function willChange({ changed, flight, orphan }: Site, outlook: SiteOutlook | undefined): boolean {
  return changed || flight !== undefined || orphan !== undefined || (outlook?.replaced.size ?? 0) > 0;
}
