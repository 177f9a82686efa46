// How a group's backups are told: to administrators, and to whoever asks for one.
import { TidewayError } from '../../base/errors.ts';
import type { BackupAnswer, OrderAnswer, SnapshotsAnswer } from '../../protocol/backup.ts';
import type { Cloud } from '../group.ts';
import { groupKey } from '../rows.ts';
import { readBook, readSnapshots, type Book } from './book.ts';
import { judge } from './prune.ts';
import { orderKey, orderRow, type BackupProblem } from './rows.ts';
import { defaultRetention, nextRunAt } from './settings.ts';

const iso = (time: number): string => new Date(time).toISOString();

/** Rejects with `group_unknown`. */
export async function backupStatus(cloud: Cloud, group: string): Promise<BackupAnswer> {
  await mustBeGroup(cloud, group);
  const [book, snapshots] = await Promise.all([readBook(cloud, group), readSnapshots(cloud, group)]);
  const settings = book.settings?.value;
  const state = book.state?.value;
  const now = cloud.clock.now();
  const newest = snapshots.at(-1);
  const next = nextRunAt(settings, state, now);
  const last = state?.last;
  return {
    schedule: settings?.schedule ?? null,
    zone: settings?.zone ?? 'UTC',
    retention: settings?.retention ?? defaultRetention,
    lastSeq: newest?.seq ?? null,
    lastSuccessAt: newest === undefined ? null : iso(newest.createdAt),
    nextRunAt: next === undefined ? null : iso(next),
    running: state?.running !== undefined,
    problems: [...(last?.problems ?? []), ...lateOf(book, next, now)],
    last:
      last === undefined
        ? null
        : {
            endedAt: iso(last.endedAt),
            ...(last.snapshot === undefined ? {} : { snapshot: last.snapshot }),
            dropped: last.dropped,
          },
  };
}

/** The timer comes every few seconds, and a run takes minutes at most. */
const lateMs = 15 * 60_000;

function lateOf({ state, orders }: Book, next: number | undefined, now: number): readonly BackupProblem[] {
  const problems: BackupProblem[] = [];
  const since = state?.value.running?.since;
  if (since !== undefined && now - since > lateMs)
    problems.push({ code: 'backup_slow', message: `a run has been under way since ${iso(since)}` });
  if (since === undefined && next !== undefined && now - next > lateMs)
    problems.push({ code: 'backup_not_started', message: `it was due at ${iso(next)}: see whether the functions run` });
  const waiting = orders.find(({ value }) => value.closed === undefined && now - value.at > lateMs);
  if (waiting !== undefined)
    problems.push({
      code: 'snapshot_waiting',
      message: `${waiting.value.operation.kind} was ordered at ${iso(waiting.value.at)}, and the share or the committer holds it up`,
    });
  return problems;
}

/** Rejects with `group_unknown`. */
export async function listSnapshots(cloud: Cloud, group: string): Promise<SnapshotsAnswer> {
  await mustBeGroup(cloud, group);
  const { snapshots, verdicts, others } = await judge(cloud, group, await readBook(cloud, group));
  return {
    snapshots: snapshots.map(({ id, seq, createdAt, dueAt, expiresAt, label }) => ({
      id,
      seq,
      createdAt: iso(createdAt),
      kind: dueAt === undefined ? 'on-demand' : 'scheduled',
      ...(dueAt === undefined ? {} : { dueAt: iso(dueAt) }),
      ...(expiresAt === undefined ? {} : { expiresAt: iso(expiresAt) }),
      ...(label === undefined ? {} : { label }),
      keep: verdicts.get(id)?.keep ?? true,
      why: [...(verdicts.get(id)?.why ?? [])],
    })),
    others,
  };
}

/** Rejects with `order_unknown`: it never was, or ended more than an hour ago. */
export async function orderState(cloud: Cloud, group: string, name: string): Promise<OrderAnswer> {
  const row = await cloud.table.get(group, orderKey(name));
  if (row === undefined) throw new TidewayError('order_unknown', `there is no order ${name} in ${group}`);
  const { closed } = orderRow.parse(row.value);
  if (closed === undefined) return { order: name, state: 'open' };
  const { seq, code, snapshot, outcome } = closed;
  const more = { ...(code === undefined ? {} : { code }), ...(snapshot === undefined ? {} : { snapshot }) };
  return { order: name, state: outcome === 'applied' ? 'applied' : 'rejected', seq, ...more };
}

export async function mustBeGroup(cloud: Cloud, group: string): Promise<void> {
  if ((await cloud.table.get(group, groupKey)) === undefined)
    throw new TidewayError('group_unknown', `there is no group ${group}`, {
      path: group,
      hint: 'Create the group first.',
    });
}
