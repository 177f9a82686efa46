// The part of a step that looks again at what was seen different.
import type { Write } from '../ports.ts';
import { after } from '../rows.ts';
import { confirm, sendFindings } from './confirm.ts';
import { sightPrefix, sightRow, type SightRow } from './rows.ts';
import { absent } from './state.ts';
import { note, sightMs, type Step } from './step.ts';

/** So many rows are written with the row of the enumeration at most. */
const atOnce = 50;
const maxLooks = 10;
/** Deletes of more than this many nodes, and more than half of what is known, wait for a person. */
const freeDeletes = 100;

/** Answers what is to be written with the row of the enumeration. */
export async function takeSights(step: Step): Promise<readonly Write[]> {
  const { cloud, group, share, view } = step;
  const prefix = sightPrefix(step.scan.id);
  const rows = await cloud.table.range(group, prefix, after(prefix), 1000);
  const listing = step.scan.state === 'listing';
  const now = cloud.clock.now();
  const writes: Write[] = [];
  for (const row of rows) {
    if (writes.length >= atOnce || cloud.clock.monotonic() >= step.until) break;
    const sight = sightRow.parse(row.value);
    // Whether so much is gone that it must not count is known when all is listed.
    if (listing && sight.seen.some(([, state]) => state === absent)) continue;
    if (sight.due > now) {
      step.nextAt = Math.min(step.nextAt, sight.due);
      continue;
    }
    const { paths, again } = await confirm(share, view, sight, mayDelete(step));
    await sendFindings(cloud, group, paths);
    step.scan = { ...step.scan, sent: step.scan.sent + paths.length };
    const looks = sight.looks + 1;
    if (again.length > 0 && looks >= maxLooks) note(step, sight.dir, 'still_changing');
    const value: SightRow = { ...sight, due: now + sightMs(step), looks, seen: [...again] };
    const stays = again.length > 0 && looks < maxLooks;
    writes.push(stays ? { do: 'put', key: row.key, value } : { do: 'delete', key: row.key });
  }
  const left = rows.length - writes.filter((write) => write.do === 'delete').length;
  if (step.scan.state === 'confirming' && left === 0) {
    if (!mayDelete(step)) note(step, step.scan.path, 'mass_delete');
    // Nobody waits for one of hot directories, so the committer need not say when it is through.
    if (step.scan.kind === 'hot') step.scan = { ...step.scan, state: 'done', endedAt: now };
    else step.scan = { ...step.scan, state: 'committing' };
  }
  return writes;
}

function mayDelete({ scan }: Step): boolean {
  return scan.allowDeletes || scan.missing <= freeDeletes || scan.missing * 2 <= scan.known;
}
