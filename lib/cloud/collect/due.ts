// Whether there is anything to collect: one read where there was nothing a moment ago. What was committed or staged since is
// younger than any age, so it is known from one look when the next can find something.
import { z } from 'zod';
import { logKey, logRow } from '../../protocol/log-row.ts';
import type { Cloud } from '../group.ts';
import { after, floorKey, floorRow, groupKey, groupRow, type FloorRow } from '../rows.ts';
import { lookAtStaging, type Staged } from './staging.ts';

/** A hint: lost, or written over by another look, it costs reads. Times are ms since 1970. */
const dueRow = z.object({
  v: z.literal(1),
  /** When somebody looked. */
  at: z.number(),
  /** Nothing is there to be done before that. */
  nextAt: z.number(),
  /** When what is staged is listed next. */
  stagingAt: z.number(),
});
type DueRow = z.infer<typeof dueRow>;
const dueKey = 'collect';

/** A listing costs more than a row. */
const stagingEveryMs = 60 * 60_000;

export async function isCollectDue(cloud: Cloud, group: string): Promise<boolean> {
  const now = cloud.clock.now();
  const row = await cloud.table.get(group, dueKey);
  const known = row === undefined ? undefined : dueRow.parse(row.value);
  // A clock that was set back has looked in the future.
  if (known !== undefined && known.at <= now && now < known.nextAt) return false;
  const next = await look(cloud, group, known !== undefined && known.at <= now ? known.stagingAt : 0, now);
  if (next === undefined) return false;
  if (next.nextAt <= now) return true;
  await remember(cloud, group, next);
  return false;
}

/**
 * After a step that began at `asOf` and left `staged`: whether anything is left that was due by then. What is due since is
 * seen by the next look.
 */
export async function isMoreDue(cloud: Cloud, group: string, asOf: number, staged: Staged): Promise<boolean> {
  const floor = await cloud.table.get(group, floorKey);
  if (floor === undefined) return false;
  const next = dueOf(cloud, staged, await logDue(cloud, group, floorRow.parse(floor.value)), asOf);
  if (next.nextAt <= asOf) return true;
  await remember(cloud, group, next);
  return false;
}

/** What is due cannot be done now: somebody has it open. */
export async function postpone(cloud: Cloud, group: string, ms: number): Promise<void> {
  const at = cloud.clock.now();
  await remember(cloud, group, { v: 1, at, nextAt: at + ms, stagingAt: at + ms });
}

async function remember(cloud: Cloud, group: string, value: DueRow): Promise<void> {
  await cloud.table.transact(group, [{ do: 'put', key: dueKey, value }]);
}

/**
 * As of `at`, which is that of whoever asks: what is due by a later moment would count as not due yet. Undefined where there
 * is no group.
 */
async function look(cloud: Cloud, group: string, stagingAt: number, at: number): Promise<DueRow | undefined> {
  const [row, floor] = await Promise.all([cloud.table.get(group, groupKey), cloud.table.get(group, floorKey)]);
  if (row === undefined || floor === undefined) return undefined;
  const logAt = await logDue(cloud, group, floorRow.parse(floor.value));
  if (at < stagingAt) return { v: 1, at, nextAt: Math.min(logAt, stagingAt), stagingAt };
  const share = cloud.share(groupRow.parse(row.value).share);
  return dueOf(cloud, await lookAtStaging(cloud, group, share, at), logAt, at);
}

function dueOf(cloud: Cloud, staged: Staged, logAt: number, at: number): DueRow {
  if (staged.old.length > 0) return { v: 1, at, nextAt: at, stagingAt: at };
  const later = Math.min(at + Math.min(stagingEveryMs, cloud.settings.stagingAgeMs), staged.nextAt);
  return { v: 1, at, nextAt: Math.min(logAt, later), stagingAt: later };
}

/** The time of the first row for each position of `floor` to move over, or of what is committed next, and its age. */
async function logDue(cloud: Cloud, group: string, floor: FloorRow): Promise<number> {
  const { trashMinAgeMs, trashAgeMs, logAgeMs, floorLagMs } = cloud.settings;
  const due = async (from: number, ...ages: readonly number[]): Promise<number> => {
    const [first] = await cloud.table.range(group, logKey(from + 1), after('log|'), 1);
    return (first === undefined ? cloud.clock.now() : logRow.parse(first.value).at) + Math.max(...ages);
  };
  const all = await Promise.all([
    due(floor.counted, trashMinAgeMs),
    // Each waits for the one before it.
    due(floor.trashed, trashMinAgeMs, trashAgeMs),
    floor.swept < floor.floor ? floor.movedAt + floorLagMs : due(floor.floor, trashMinAgeMs, trashAgeMs, logAgeMs),
  ]);
  return Math.min(...all);
}
