// Which snapshots go, by the group's retention, and the orders for it. What is decided is what is there: it may be done again.
import { z } from 'zod';
import { timeZone } from '../../base/time-zone.ts';
import { retain, type Point, type Verdict } from '../../core/retention.ts';
import type { Cloud } from '../group.ts';
import type { ShareSnapshot } from '../ports.ts';
import { groupKey, groupRow } from '../rows.ts';
import { carries, markOf } from '../snapshot-mark.ts';
import { readBook, readSnapshots, type Book } from './book.ts';
import { order, type Order } from './order.ts';
import { backupProblem, droppedSnapshot, type BackupProblem, type SnapshotRow } from './rows.ts';
import { defaultRetention, maxSnapshots, reserve } from './settings.ts';

export const pruned = z.object({
  /** Names of what was ordered. */
  orders: z.array(z.string()),
  dropped: z.array(droppedSnapshot),
  problems: z.array(backupProblem),
});
export type Pruned = z.infer<typeof pruned>;

export interface Kept {
  readonly snapshots: readonly SnapshotRow[];
  /** One for each snapshot, by its id. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly onShare: readonly ShareSnapshot[];
  /** How many of those this group did not take. */
  readonly others: number;
}

/** What is there, and what the retention that is set says of each. */
export async function judge(cloud: Cloud, group: string, { settings }: Book): Promise<Kept> {
  // RACE: rows before the share. The other way round one that is taken meanwhile would seem to be gone from the share.
  const snapshots = await readSnapshots(cloud, group);
  const row = groupRow.parse((await cloud.table.get(group, groupKey))?.value);
  const onShare = await cloud.share(row.share).snapshots();
  const others = onShare.filter(({ metadata }) => !carries(metadata, markOf(group))).length;
  const verdicts = retain(snapshots.map(pointOf), settings?.value.retention ?? defaultRetention, {
    zone: timeZone(settings?.value.zone ?? 'UTC'),
    now: cloud.clock.now(),
    room: maxSnapshots - reserve - others,
  });
  return { snapshots, onShare, others, verdicts: new Map(verdicts.map((verdict) => [verdict.id, verdict])) };
}

function pointOf({ id, createdAt, dueAt, expiresAt }: SnapshotRow): Point {
  return dueAt === undefined ? { id, at: createdAt, onDemand: { expiresAt } } : { id, at: dueAt };
}

/** Orders the end of what is to go. `part` begins the names: done again, it answers what it ordered before, too. */
export async function prune(cloud: Cloud, group: string, part: string): Promise<Pruned> {
  const book = await readBook(cloud, group);
  const kept = await judge(cloud, group, book);
  const drops = book.orders.flatMap(({ value: { operation, closed } }) =>
    operation.kind === 'drop-snapshot' ? [{ ...operation, isOpen: closed === undefined }] : [],
  );
  const own = drops.filter(({ order: name }) => name.startsWith(`${part}-`));
  const open = new Set(drops.filter(({ isOpen }) => isOpen).map(({ snapshot }) => snapshot));
  const fresh = goingOf(kept, group, cloud.clock.now()).filter(({ id }) => !open.has(id));
  const orders = new Map<string, Drop>([
    ...own.map(({ order: name, snapshot, why }) => [name, drop(snapshot, why)] as const),
    ...fresh.map(({ id, why }) => [`${part}-${wordOf(id)}`, drop(id, why)] as const),
  ]);
  if (orders.size > 0) await order(cloud, group, orders);
  const dropped = [...orders.values()].map(({ snapshot, why }) => ({ id: snapshot, why }));
  return { orders: [...orders.keys()], dropped, problems: [...problemsOf(kept, dropped.length)] };
}

type Drop = Extract<Order, { kind: 'drop-snapshot' }>;

function drop(snapshot: string, why: string): Drop {
  return { kind: 'drop-snapshot', snapshot, why };
}

/** A snapshot whose row is still to come is younger than that. */
const strayAfterMs = 60 * 60_000;

function goingOf(
  { snapshots, onShare, verdicts }: Kept,
  group: string,
  now: number,
): readonly { id: string; why: string }[] {
  const there = new Set(onShare.map(({ id }) => id));
  const known = new Set(snapshots.map(({ id }) => id));
  const strays = onShare.filter(
    ({ id, metadata }) =>
      !known.has(id) && carries(metadata, { ...markOf(group) }) && now - Date.parse(id) > strayAfterMs,
  );
  return [
    ...snapshots.flatMap(({ id }) => {
      const verdict = verdicts.get(id);
      if (!there.has(id)) return [{ id, why: 'not on the share any more' }];
      return verdict === undefined || verdict.keep ? [] : [{ id, why: verdict.why.join(', ') }];
    }),
    ...strays.map(({ id }) => ({ id, why: 'taken twice' })),
  ];
}

/** `2026-11-26T02:30:00.0000000Z` as a word of an order's name. */
function wordOf(id: string): string {
  return id.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function problemsOf({ onShare, snapshots, others }: Kept, going: number): readonly BackupProblem[] {
  const left = onShare.length - going;
  if (left <= maxSnapshots - reserve) return [];
  const message =
    `the share has ${left} snapshots, of ${maxSnapshots} at most: ${others} of others, ` +
    `${snapshots.filter(({ dueAt }) => dueAt === undefined).length} on demand`;
  return [{ code: 'snapshot_limit_near', message }];
}
