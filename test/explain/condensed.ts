// One state for many that nobody can tell apart until the next rest: what no step and no event asks is left out.
import { onFewVersions } from './few-versions.ts';
import { mayDouble, type Outlook } from './outlook.ts';
import { head, version, type Site, type State } from './state.ts';

export function condensed(state: State, outlook: Outlook): State {
  return onFewVersions({ ...state, sites: withIdle(state, outlook) }, outlook);
}

/** Nobody has what they hold, nor sees it again, so that no step adds or takes one of them: they are there at the rest, too. */
export function withoutSettled(state: State, { settled }: Outlook): State {
  const { copies } = state;
  return copies.some((copy) => settled.has(copy))
    ? { ...state, copies: copies.filter((copy) => !settled.has(copy)) }
    : state;
}

/**
 * Nothing of the site is under way, and nobody does anything there until the rest: none of its steps touches more than
 * itself, it can get the newest version at any time, and must have that at the rest. So it is taken to have it always.
 */
function withIdle(state: State, outlook: Outlook): readonly Site[] {
  const last = head(state);
  const { value } = version(state, last);
  const idle: Site = {
    value,
    time: 0,
    base: last,
    from: value,
    changed: false,
    flight: undefined,
    orphan: undefined,
    mortal: false,
    came: false,
  };
  const isIdle = (site: Site, index: number): boolean => {
    const { value: has, base, from, changed, flight, orphan } = site;
    if (outlook.sites[index]?.isOver !== true || changed || orphan !== undefined) return false;
    // A copy that is left may be made there, of whatever is yet to come.
    if (mayDouble(site, outlook.sites[index]) && outlook.copies.length > 0) return false;
    if (flight !== undefined) return flight.away !== undefined;
    // Who is based on the newest and has something else keeps it.
    return base < last || (has === value && from === value);
  };
  return state.sites.map((site, index) => (isIdle(site, index) ? idle : site));
}
