// Enumeration of the share, in steps that `tick` takes: the map. Directories wait in `todo` rows; what a listing shows
// different is kept in `sight` rows until a second look, and goes to the committer when that shows the same. Every step ends
// with its own row as it was read, so of two that run at once one changes nothing but rows that come out alike.
import type { Cloud } from '../group.ts';
import { RowConflict, type Row, type Write } from '../ports.ts';
import { emptyCache } from '../cached-rows.ts';
import { epochPath } from '../../protocol/layout.ts';
import { cloudSigner, seal } from '../../protocol/message.ts';
import { after, groupKey, groupRow, type GroupRow } from '../rows.ts';
import { sightPrefix, todoPrefix } from './rows.ts';
import { View } from '../view.ts';
import { takeListings } from './take-listings.ts';
import { takeSights } from './take-sights.ts';
import { isOver, scansOf, startScan, type Scan } from './start.ts';
import { isWithin, type Step } from './step.ts';

/**
 * A step of each enumeration that is under way, those that somebody waits for first; begins one of the whole share when it is
 * time. Ends soon after `until` (monotonic ms).
 */
export async function enumerate(cloud: Cloud, group: string, until: number): Promise<void> {
  const [row, all] = await Promise.all([cloud.table.get(group, groupKey), scansOf(cloud, group)]);
  if (row === undefined) return;
  const groupNow = groupRow.parse(row.value);
  const scans = await startDue(cloud, groupNow, all);
  await forgetOld(cloud, group, scans);
  const budget = { entries: cloud.settings.enumerateStep };
  const inOrder = scans.toSorted((a, b) => Number(a.scan.kind !== 'path') - Number(b.scan.kind !== 'path'));
  for (const { scan, row: at } of inOrder) {
    if (isOver(scan)) continue;
    const view = new View(cloud.table, group, emptyCache());
    await view.refresh();
    const share = cloud.share(groupNow.share);
    await takeAll({ cloud, group, share, view, until, budget, scan, tired: false }, at);
  }
}

/** Until nothing is left to do now, or the step has taken long enough. */
async function takeAll(step: Step, at: Row): Promise<void> {
  let { etag } = at;
  do {
    const before = step.scan;
    const writes = await take(step);
    if (writes.length === 0 && step.scan === before) return;
    const own: Write = { do: 'replace', key: at.key, value: step.scan, etag };
    try {
      etag = (await step.cloud.table.transact(step.group, [own, ...writes]))[0] ?? '';
    } catch (error) {
      if (error instanceof RowConflict) return; // another step of it was faster
      throw error;
    }
  } while (!isOver(step.scan) && isWithin(step));
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
  if (scan.askedAt !== undefined && now - scan.askedAt < askAgainMs) return;
  const nudge = { v: 1 as const, group, nudge: 'scanned', scan: scan.id };
  await cloud.changes.send(group, seal(nudge, cloudSigner, cloud.keys.privateKey));
  step.scan = { ...scan, askedAt: now };
}

/** Edits on the share that nobody announced are found at the latest by this. */
async function startDue(cloud: Cloud, group: GroupRow, scans: readonly Scan[]): Promise<readonly Scan[]> {
  const whole = scans.filter(({ scan }) => scan.kind === 'full' || scan.kind === 'intake');
  if (whole.some(({ scan }) => !isOver(scan))) return scans;
  const last = Math.max(group.createdAt, ...whole.map(({ scan }) => scan.startedAt));
  if (cloud.clock.now() - last < cloud.settings.enumerateMs) return scans;
  await startScan(cloud, group.name, { kind: 'full', path: '' });
  return scansOf(cloud, group.name);
}

const rememberMs = 24 * 60 * 60_000;

/** The last one of the whole share stays: the next one is due that long after it. Of hot directories there are too many. */
async function forgetOld(cloud: Cloud, group: string, scans: readonly Scan[]): Promise<void> {
  const last = scans.findLast(({ scan }) => scan.kind === 'full' || scan.kind === 'intake');
  const old = scans.filter(
    (each) =>
      each !== last &&
      each.scan.endedAt !== undefined &&
      cloud.clock.now() - each.scan.endedAt > (each.scan.kind === 'hot' ? 0 : rememberMs),
  );
  for (const { scan, row } of old) if (await isEmptied(cloud, group, scan.id)) await remove(cloud, group, [row]);
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
