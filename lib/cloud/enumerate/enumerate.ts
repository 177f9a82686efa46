// Enumeration of the share, in steps: the map. Directories wait in `todo` rows; what a listing shows different is kept in
// `sight` rows until a second look, and goes to the committer when that shows the same. Every step ends with its own row as it
// was read, so of two that run at once one changes nothing but rows that come out alike.
import type { Cloud } from '../group.ts';
import { RowConflict, type Row, type Write } from '../ports.ts';
import { emptyCache } from '../cached-rows.ts';
import { epochPath } from '../../protocol/layout.ts';
import { cloudSigner, seal } from '../../protocol/message.ts';
import { after, groupKey, groupRow } from '../rows.ts';
import { sightPrefix, todoPrefix } from './rows.ts';
import { View } from '../view.ts';
import { takeListings } from './take-listings.ts';
import { takeSights } from './take-sights.ts';
import { forgettable, isOver, scansOf, type Scan } from './start.ts';
import { isWithin, type Step } from './step.ts';

/**
 * A step of each enumeration that is under way, those that somebody waits for first. Ends soon after `until` (monotonic ms).
 * Answers when the next step is due: a time that has passed, or one to come (ms since 1970); null: nothing is under way.
 */
export async function enumerate(cloud: Cloud, group: string, until: number): Promise<number | null> {
  const [row, scans] = await Promise.all([cloud.table.get(group, groupKey), scansOf(cloud, group)]);
  if (row === undefined) return null;
  const groupNow = groupRow.parse(row.value);
  const budget = { entries: cloud.settings.enumerateStep };
  const inOrder = scans.toSorted((a, b) => Number(a.scan.kind !== 'path') - Number(b.scan.kind !== 'path'));
  let next = (await forgetOld(cloud, group, scans)) ? Infinity : 0;
  for (const { scan, row: at } of inOrder) {
    if (isOver(scan)) continue;
    const view = new View(cloud.table, group, emptyCache());
    await view.refresh();
    const share = cloud.share(groupNow.share);
    const step: Step = { cloud, group, share, view, until, budget, scan, tired: false, nextAt: Infinity };
    next = Math.min(next, await takeAll(step, at));
  }
  return next === Infinity ? null : next;
}

/** What failed may have passed by then. */
const restMs = 10_000;

/** Until nothing is left to do now, or the step has taken long enough. Answers when the next one is due, 0 for at once. */
async function takeAll(step: Step, at: Row): Promise<number> {
  let { etag } = at;
  do {
    const before = step.scan;
    step.nextAt = Infinity;
    const writes = await take(step);
    if (writes.length === 0 && step.scan === before) break;
    const own: Write = { do: 'replace', key: at.key, value: step.scan, etag };
    try {
      etag = (await step.cloud.table.transact(step.group, [own, ...writes]))[0] ?? '';
    } catch (error) {
      if (error instanceof RowConflict) return 0; // another step of it was faster, or the committer is through
      throw error;
    }
    if (isOver(step.scan)) return 0;
  } while (isWithin(step));
  if (!step.tired && !isWithin(step)) return 0;
  const rested = step.cloud.clock.now() + restMs;
  if (step.tired) return Math.min(step.nextAt, rested);
  return step.nextAt === Infinity ? rested : step.nextAt;
}

/** What is written at the end, with the row of the enumeration. */
async function take(step: Step): Promise<readonly Write[]> {
  if (!(await isOurShare(step))) {
    end(step, 'failed', 'share_changed');
    return [];
  }
  const writes: Write[] = [];
  if (step.scan.state === 'listing') writes.push(...(await takeListings(step)));
  if (step.scan.state === 'listing' || step.scan.state === 'confirming') writes.push(...(await takeSights(step)));
  if (step.scan.state === 'committing') await askCommitter(step);
  return writes;
}

/** A share that was emptied, restored or swapped has another epoch, or none: nothing is inferred from it. */
async function isOurShare({ share, view }: Step): Promise<boolean> {
  const there = await share.properties(epochPath, 'file');
  return there?.metadata['tw_epoch'] === view.head.row.epoch;
}

function end(step: Step, state: 'failed', code: string): void {
  step.cloud.log.error('enumeration_failed', { group: step.group, scan: step.scan.id, code });
  step.scan = { ...step.scan, state, code, endedAt: step.cloud.clock.now() };
}

const askAgainMs = 60_000;

/** The committer takes messages in order: when it comes to this one it has compared all that was found. */
async function askCommitter(step: Step): Promise<void> {
  const { cloud, group, scan } = step;
  const now = cloud.clock.now();
  if (scan.askedAt !== undefined && now - scan.askedAt < askAgainMs) {
    step.nextAt = scan.askedAt + askAgainMs;
    return;
  }
  const nudge = { v: 1 as const, group, nudge: 'scanned', scan: scan.id };
  await cloud.changes.send(group, seal(nudge, cloudSigner, cloud.keys.privateKey));
  step.scan = { ...scan, askedAt: now };
}

/** False where something is left of what is to be forgotten. */
async function forgetOld(cloud: Cloud, group: string, scans: readonly Scan[]): Promise<boolean> {
  let all = true;
  for (const { scan, row } of forgettable(scans, cloud.clock.now()))
    if (await isEmptied(cloud, group, scan.id)) await remove(cloud, group, [row]);
    else all = false;
  return all;
}

/** What it left behind (it failed, or a step came late) goes first. */
async function isEmptied(cloud: Cloud, group: string, id: string): Promise<boolean> {
  for (const prefix of [todoPrefix(id), sightPrefix(id)]) {
    const rows = await cloud.table.range(group, prefix, after(prefix), 100);
    if (rows.length > 0) await remove(cloud, group, rows);
    if (rows.length === 100) return false;
  }
  return true;
}

async function remove(cloud: Cloud, group: string, rows: readonly Row[]): Promise<void> {
  await cloud.table.transact(
    group,
    rows.map(({ key }) => ({ do: 'delete', key })),
  );
}
