// The part of a step that lists directories.
import { inGroups, inParallel } from '../../base/pool.ts';
import { ShareRefusal, type Write } from '../ports.ts';
import { after } from '../rows.ts';
import { listDirectory, type Listed } from './list.ts';
import { putAll } from './put-all.ts';
import { maxInRow, sightKey, todoKey, todoPrefix, todoRow, type ScanRow, type SightRow, type TodoRow } from './rows.ts';
import { absent } from './state.ts';
import { isWithin, note, sightMs, type Step } from './step.ts';

const width = 16;
const maxAttempts = 5;
const rowsAtOnce = 40;
/** Parts of what is absent are numbered from here: they wait until all is listed. */
const absentParts = 500_000;

/** Lists what waits, until the budget is used up. Answers what is to be written with the row of the enumeration. */
export async function takeListings(step: Step): Promise<readonly Write[]> {
  const prefix = todoPrefix(step.scan.id);
  const rows = await step.cloud.table.range(step.group, prefix, after(prefix), rowsAtOnce);
  if (rows.length === 0) step.scan = { ...step.scan, state: 'confirming' };
  const writes: Write[] = [];
  for (const row of rows) {
    if (!isWithin(step)) break;
    const left = await takeRow(step, todoRow.parse(row.value));
    writes.push(left.paths.length === 0 ? { do: 'delete', key: row.key } : { do: 'put', key: row.key, value: left });
  }
  return writes;
}

/** Answers what is left of it. */
async function takeRow(step: Step, { paths, attempts }: TodoRow): Promise<TodoRow> {
  let left = paths;
  const failed: string[] = [];
  while (left.length > 0 && isWithin(step)) {
    const listed = await inParallel(left.slice(0, width), width, (path) => listOne(step, path));
    await record(step, listed);
    for (const { path, error } of listed) if (error !== undefined) failed.push(path);
    left = left.slice(width);
    step.budget.entries -= listed.reduce((sum, one) => sum + Math.max(1, one.listed?.entries ?? 0), 0);
  }
  if (failed.length > 0) step.tired = true;
  if (failed.length === 0 || attempts + 1 < maxAttempts)
    return { v: 1, paths: [...left, ...failed], attempts: attempts + (failed.length > 0 ? 1 : 0) };
  for (const path of failed) note(step, path, 'listing_failed');
  return { v: 1, paths: left, attempts: 0 };
}

interface One {
  readonly path: string;
  /** Undefined where no directory is there any more, or it could not be listed. */
  readonly listed: Listed | undefined;
  readonly error?: unknown;
}

async function listOne({ share, view, cloud, group }: Step, path: string): Promise<One> {
  try {
    return { path, listed: await listDirectory(share, view, path) };
  } catch (error) {
    // A file by now: that is a difference of the directory above, which has its own look.
    if (error instanceof ShareRefusal && error.fault === 'mismatch') return { path, listed: undefined };
    cloud.log.warn('listing_failed', { group, path, error });
    return { path, listed: undefined, error };
  }
}

/** What was seen, and the directories below, before the row says that these are done: a step that is killed here is taken again. */
async function record(step: Step, all: readonly One[]): Promise<void> {
  const { cloud, group, scan } = step;
  const due = cloud.clock.now() + sightMs(step);
  const writes: Write[] = [];
  for (const { path, listed } of all) {
    if (listed === undefined) continue;
    const { there = [], gone = [] } = Object.groupBy(listed.differing, ([, state]) =>
      state === absent ? 'gone' : 'there',
    );
    const sights = [...parts(there, 0), ...parts(gone, absentParts)];
    for (const [part, seen] of sights) {
      const value: SightRow = { v: 1, dir: path, due, looks: 0, seen: seen.map(([name, state]) => [name, state]) };
      writes.push({ do: 'put', key: sightKey(scan.id, path, part), value });
    }
    for (const [part, paths] of parts(scan.kind === 'hot' ? listed.fresh : listed.directories, 0))
      writes.push({
        do: 'put',
        key: todoKey(scan.id, path, part),
        value: { v: 1, paths, attempts: 0 } satisfies TodoRow,
      });
  }
  await putAll(cloud.table, group, writes);
  step.scan = { ...scan, ...counted(scan, all) };
}

function parts<T>(items: readonly T[], first: number): (readonly [number, T[]])[] {
  return inGroups(items, maxInRow).map((some, part) => [first + part, some]);
}

function counted(scan: ScanRow, all: readonly One[]): Pick<ScanRow, 'directories' | 'entries' | 'known' | 'missing'> {
  const listed = all.flatMap((each) => each.listed ?? []);
  const sum = (of: (one: Listed) => number): number => listed.reduce((total, one) => total + of(one), 0);
  return {
    directories: scan.directories + listed.length,
    entries: scan.entries + sum((one) => one.entries),
    known: scan.known + sum((one) => one.known),
    missing: scan.missing + sum((one) => one.missing),
  };
}
