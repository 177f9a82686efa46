// Which points of a backup survive: the last one of each of the newest days, weeks, months and years that have one. Buckets
// are counted, not ages: where no new points come, the old ones stay. What was made on demand goes by its own date.
import type { Zone } from './schedule.ts';

export interface RetentionPolicy {
  /** So many newest points, whatever days they are of. */
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
}

export interface Point {
  readonly id: string;
  /** When it was due, ms since 1970; where nobody planned it, when it was made. */
  readonly at: number;
  /** Made on demand: no day's, week's ... point. `expiresAt` in ms since 1970; absent means never. */
  readonly onDemand?: { readonly expiresAt?: number | undefined } | undefined;
}

export interface Verdict {
  readonly id: string;
  readonly keep: boolean;
  /** For people: `daily 2026-11-26`, `on demand until 2026-12-26`, or why it goes: `expired`, `retention`, `no room`. */
  readonly why: readonly string[];
}

export interface Circumstances {
  readonly zone: Zone;
  /** Ms since 1970. */
  readonly now: number;
  /** So many points may stay: the share's limit less what others have and a reserve. */
  readonly room: number;
}

/**
 * A verdict for each point, oldest first. The newest point on schedule always stays. Where there is no room for all, points
 * on schedule go: of days before those of weeks, months and years, the oldest first. On demand is never taken for room.
 */
export function retain(points: readonly Point[], policy: RetentionPolicy, where: Circumstances): readonly Verdict[] {
  const sorted = points.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const reasons = reasonsOf(
    sorted.filter((point) => point.onDemand === undefined),
    policy,
    where.zone,
  );
  const verdicts = sorted.map((point): Verdict => {
    const { id, onDemand } = point;
    if (onDemand === undefined) {
      const why = reasons.get(id) ?? [];
      return why.length > 0 ? { id, keep: true, why } : { id, keep: false, why: ['retention'] };
    }
    const { expiresAt } = onDemand;
    if (expiresAt !== undefined && expiresAt <= where.now) return { id, keep: false, why: ['expired'] };
    const until = expiresAt === undefined ? 'on demand' : `on demand until ${dateOf(expiresAt, where.zone)}`;
    return { id, keep: true, why: [until] };
  });
  const tooMany = verdicts.filter(({ keep }) => keep).length - where.room;
  const first = tooMany <= 0 ? new Set<string>() : leastOf(verdicts, reasons, tooMany);
  return verdicts.map((verdict) => (first.has(verdict.id) ? { ...verdict, keep: false, why: ['no room'] } : verdict));
}

type Class = keyof RetentionPolicy;
/** From the least to the most. */
const classes: readonly Class[] = ['last', 'daily', 'weekly', 'monthly', 'yearly'];

function reasonsOf(sorted: readonly Point[], policy: RetentionPolicy, zone: Zone): ReadonlyMap<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const each of classes) {
    const newest = new Map<string, string>();
    for (const { id, at } of sorted.toReversed()) {
      const bucket = bucketOf(each, id, at, zone);
      if (newest.has(bucket)) continue;
      if (newest.size >= policy[each]) break;
      newest.set(bucket, id);
    }
    for (const [bucket, id] of newest)
      reasons.set(id, [...(reasons.get(id) ?? []), each === 'last' ? each : `${each} ${bucket}`]);
  }
  const last = sorted.at(-1);
  if (last !== undefined && !reasons.has(last.id)) reasons.set(last.id, ['newest']);
  return reasons;
}

/** Which points go first; the newest on schedule is not among them. */
function leastOf(
  verdicts: readonly Verdict[],
  reasons: ReadonlyMap<string, readonly string[]>,
  count: number,
): ReadonlySet<string> {
  const rank = (id: string): number => {
    const why = reasons.get(id) ?? [];
    return classes.findLastIndex((each) => why.some((reason) => reason.startsWith(each)));
  };
  const scheduled = verdicts.filter(({ id, keep }) => keep && reasons.has(id)).slice(0, -1);
  const least = scheduled.toSorted((a, b) => rank(a.id) - rank(b.id)); // stable: the oldest of a class stays first
  return new Set(least.slice(0, count).map(({ id }) => id));
}

function bucketOf(each: Class, id: string, at: number, zone: Zone): string {
  const date = dateOf(at, zone);
  switch (each) {
    case 'last':
      return id;
    case 'daily':
      return date;
    case 'weekly':
      return mondayOf(at, zone);
    case 'monthly':
      return date.slice(0, -3);
    case 'yearly':
      return date.slice(0, -6);
  }
}

const dayMs = 86_400_000;

function dateOf(at: number, zone: Zone): string {
  return new Date(at + zone(at)).toISOString().replace(/T.*/, '');
}

/** Weeks begin on Monday (ISO 8601) and are named by it. */
function mondayOf(at: number, zone: Zone): string {
  const day = Math.floor((at + zone(at)) / dayMs);
  const monday = day - ((day + 3) % 7); // 1 January 1970 was a Thursday
  return new Date(monday * dayMs).toISOString().replace(/T.*/, '');
}
