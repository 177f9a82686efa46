// One name in the whole system, as the documentation describes it: the committed states, and what each site has of them.
import type { Value } from './event.ts';

/** A committed state of the name. */
export interface Version {
  readonly value: Value;
  readonly time: number;
  /** What had the name before was not replaced, but went to a conflict name, with its identity. */
  readonly instead: boolean;
}

/** An operation that was sent. */
export interface Flight {
  readonly value: Value;
  readonly time: number;
  /** The version that it is based on. */
  readonly base: number;
  readonly from: Value;
  /** Undefined: not committed yet. Else the file is at a conflict name since this version was the newest. */
  readonly away: number | undefined;
}

export interface Site {
  readonly value: Value;
  readonly time: number;
  /** Index of the version that the value came from, or was made from; one that is not the newest any more never will be. */
  readonly base: number;
  /** What the file held that the value was made from: that of `base`, or null where there was no such file here. */
  readonly from: Value;
  /** The value was made here since. */
  readonly changed: boolean;
  readonly flight: Flight | undefined;
  /** What was sent and removed here before it was committed: the name is free for others meanwhile. Then it is deleted. */
  readonly orphan: Flight | undefined;
  /** Its agent may be killed when something has its place and is not written down. */
  readonly mortal: boolean;
  /** What it has came since everything was in sync, from elsewhere, and it may not be written down. */
  readonly came: boolean;
}

export interface State {
  readonly versions: readonly Version[];
  readonly sites: readonly Site[];
  /** Written on the share itself, and not seen by the committer yet. */
  readonly found: { readonly value: string; readonly time: number } | undefined;
  /** What conflict copies hold, sorted. */
  readonly copies: readonly string[];
}

export const nothing: Version = { value: null, time: 0, instead: false };

export function beginning(sites: number): State {
  const site: Site = {
    value: null,
    time: 0,
    base: 0,
    from: null,
    changed: false,
    flight: undefined,
    orphan: undefined,
    mortal: false,
    came: false,
  };
  return { versions: [nothing], sites: Array.from({ length: sites }, () => site), found: undefined, copies: [] };
}

export function head(state: State): number {
  return state.versions.length - 1;
}

export function version(state: State, index: number): Version {
  return state.versions[index] ?? nothing;
}

export function withSite(state: State, index: number, site: Site): State {
  return { ...state, sites: state.sites.map((each, at) => (at === index ? site : each)) };
}

export function withVersion(state: State, added: Version): State {
  return { ...state, versions: [...state.versions, added] };
}

/** `more` is one value more among the copies, `less` one less where it is there. */
export function withCopies(state: State, more: Value, less: Value = null): State {
  const copies = [...state.copies];
  const at = less === null ? -1 : copies.indexOf(less);
  if (at >= 0) copies.splice(at, 1);
  if (more !== null) copies.push(more);
  return { ...state, copies: copies.toSorted() };
}

/** Two states with one key have the same future. */
export function keyOf({ versions, sites, found, copies }: State): string {
  return JSON.stringify([versions, sites, found ?? null, copies]);
}
