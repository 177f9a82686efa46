// What is known from the events of what is yet to come, until the next rest.
import type { Event, Rest, Value } from './event.ts';
import type { Site, State } from './state.ts';
import type { Rules } from './step.ts';

/** What is left at the next rest, and what is seen and replaced until then at each site: as far as it was written by now. */
export interface Outlook {
  /** Of what is written once: what was written twice may be here and there. */
  readonly left: readonly string[];
  /** Those of the rest, the settled ones not among them. */
  readonly copies: readonly string[];
  /** What copies hold at the rest before as at this one, and nothing else does in between. */
  readonly settled: ReadonlySet<string>;
  readonly sites: readonly SiteOutlook[];
  /** What has the name at the rest. */
  readonly value: Value;
  /** Somebody is yet to write on the share itself. */
  readonly share: boolean;
  /** Somebody is yet to write at a site. */
  readonly writes: boolean;
  /** Or to remove something. */
  readonly changes: boolean;
  readonly oneClock: boolean;
  /** Whatever happened unseen in this round, it ends in one state. */
  readonly isOneEnd: boolean;
  /**
   * What has this value at the site may take along a copy of what it was made from, which makes a copy of itself: it is one
   * at the rest, or replaced before, and nobody elsewhere is yet to see it at the name.
   */
  readonly mayTake: (value: Value, site: number, isReplaced: boolean) => boolean;
  /** What was made at the site is yet to be seen elsewhere: it takes the name, and the site is based on it then. */
  readonly mustWin: (value: Value, site: number) => boolean;
}

export interface SiteOutlook {
  readonly seen: ReadonlySet<Value>;
  /** What the site's own changes take the place of, nothing included. */
  readonly replaced: ReadonlySet<Value>;
  /** What changes take the place of that may take a copy that is there along: what they leave may become one, or goes. */
  readonly taken: readonly Value[];
  /** Nobody does anything there any more. */
  readonly isOver: boolean;
  /** Its agent is yet to be killed. */
  readonly isKilled: boolean;
}

/** The outlook before each event; undefined after the last rest. */
export function outlooks(events: readonly Event[], sites: number, rules: Rules): readonly (Outlook | undefined)[] {
  const outlook: (Outlook | undefined)[] = [];
  const known = new Set<Value>();
  const count = counted(events.flatMap((event) => writtenBy(event) ?? []));
  const once = (value: Value): boolean => value !== null && count.get(value) === 1;
  let before: Rest = { kind: 'rest', value: null, copies: [] };
  for (let begin = 0; begin < events.length;) {
    const end = events.findIndex(({ kind }, at) => at >= begin && kind === 'rest');
    const round = end < 0 ? events.slice(begin) : events.slice(begin, end + 1);
    const rest = round.at(-1);
    const whole =
      rest?.kind === 'rest' ? { rest, settled: settledOf(before, round, rest), once, sites, rules } : undefined;
    const isOneEnd = rest?.kind === 'rest' && endsInOne(round, rest, once);
    for (const [index, event] of round.entries()) {
      outlook.push(whole && { ...outlookOf(round.slice(index), known, whole), isOneEnd });
      const value = writtenBy(event);
      if (value !== undefined) known.add(value);
    }
    if (rest?.kind === 'rest') before = rest;
    begin += round.length;
  }
  return outlook;
}

/**
 * At the rest nothing is under way and all are based on the newest, which holds what was read, of the time when that was
 * written once. And they have it, but for who removed it himself, when his delete came to nothing for what was on the share.
 */
function endsInOne(round: readonly Event[], rest: Rest, once: (value: Value) => boolean): boolean {
  const { value } = rest;
  if (value === null) return true;
  const acts = round.filter(isAct);
  const hadIt = (site: number): boolean =>
    acts.some((act) => act.site === site && act.kind !== 'read' && (act.saw === value || writtenBy(act) === value));
  const isRemoved = acts.some(({ kind, site }) => kind === 'remove' && hadIt(site));
  return once(value) && !(isRemoved && round.some(({ kind }) => kind === 'share'));
}

function writtenBy(event: Event): string | undefined {
  return event.kind === 'write' || event.kind === 'share' ? event.value : undefined;
}

function counted(values: readonly string[]): ReadonlyMap<string, number> {
  const count = new Map<string, number>();
  for (const value of values) count.set(value, (count.get(value) ?? 0) + 1);
  return count;
}

function settledOf(before: Rest, round: readonly Event[], rest: Rest): ReadonlySet<string> {
  const [were, are] = [counted(before.copies), counted(rest.copies)];
  const told = new Set<Value>([before.value]);
  for (const event of round) {
    if ('value' in event) told.add(event.value);
    if ('saw' in event) told.add(event.saw);
  }
  return new Set([...were.keys()].filter((copy) => were.get(copy) === are.get(copy) && !told.has(copy)));
}

interface Round {
  readonly rest: Rest;
  readonly settled: ReadonlySet<string>;
  readonly once: (value: Value) => boolean;
  readonly sites: number;
  readonly rules: Rules;
}

function outlookOf(
  events: readonly Event[],
  known: ReadonlySet<Value>,
  { rest, settled, once, sites, rules }: Round,
): Omit<Outlook, 'isOneEnd'> {
  const copies = rest.copies.filter((copy) => !settled.has(copy));
  const all = rest.value === null ? copies : [...copies, rest.value];
  const acts = events.filter(isAct);
  const there = Array.from({ length: sites }, (_none, site) => acts.filter((act) => act.site === site));
  const seenAt = there.map((own) => new Set(own.map(seenIn)));
  const mustWin = (value: Value, site: number): boolean =>
    once(value) && seenAt.some((seen, at) => at !== site && seen.has(value));
  const mayTake = (value: Value, site: number, isReplaced: boolean): boolean => {
    if (value === null || !once(value)) return true;
    return (isReplaced || copies.includes(value)) && !mustWin(value, site);
  };
  const each = there.map((own, site): SiteOutlook => {
    const changes = own.filter(({ kind }) => kind !== 'read');
    const replaced = new Set(changes.map(seenIn));
    const isTaking = (event: Event): boolean =>
      event.kind !== 'write' || mayTake(event.value, site, replaced.has(event.value));
    // When that has the name, the site is based on it, and older ones come no more.
    const wins = changes.findIndex((event) => event.kind === 'write' && mustWin(event.value, site));
    const older = wins < 0 ? changes : changes.slice(0, wins);
    return {
      seen: new Set([...(seenAt[site] ?? [])].filter((one) => known.has(one))),
      replaced,
      taken: older.filter(isTaking).map(seenIn),
      isOver: own.length === 0,
      isKilled: events.some((event) => event.kind === 'killed' && event.site === site),
    };
  });
  return {
    left: all.filter((value) => known.has(value) && once(value)),
    copies,
    settled,
    sites: each,
    value: rest.value,
    share: events.some(({ kind }) => kind === 'share'),
    writes: events.some(({ kind }) => kind === 'write'),
    changes: acts.some(({ kind }) => kind !== 'read'),
    oneClock: rules.oneClock,
    mayTake,
    mustWin,
  };
}

type Act = Extract<Event, { kind: 'read' | 'write' | 'remove' }>;

function isAct(event: Event): event is Act {
  return event.kind === 'read' || event.kind === 'write' || event.kind === 'remove';
}

function seenIn(event: Act): Value {
  return event.kind === 'read' ? event.value : event.saw;
}

/** Its agent may be killed between two: what is made of the second counts as made of the first then. */
export function mayCount({ mortal }: Site, there: SiteOutlook | undefined): boolean {
  return there !== undefined && (mortal || there.isKilled) && there.replaced.size > 0;
}

/** What came to the site from elsewhere may be taken for its own by the next process there, and end as a copy. */
export function mayDouble({ mortal }: Site, there: SiteOutlook | undefined): boolean {
  return mortal || there?.isKilled === true;
}

/** What it has, and what was committed since; what loses to the newest gets that once more, or for the first time. */
export function comingTo({ versions }: State, { value, base, came, changed, flight, orphan }: Site): readonly Value[] {
  const isSending = changed || flight !== undefined || orphan !== undefined;
  const from = isSending ? Math.min(base + 1, versions.length - 1) : base + 1;
  return [came ? value : null, ...versions.slice(from).map((each) => each.value)];
}
