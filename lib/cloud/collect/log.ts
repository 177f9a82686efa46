// The log below its floor, and with each row the tombstones and dead rows of what it deleted.
import { logKey, logRow } from '../../protocol/log-row.ts';
import type { Cloud } from '../group.ts';
import { RowConflict, type Row, type Write } from '../ports.ts';
import { after, idKey, idRow, nodePrefix, nodeRow, type FloorRow } from '../rows.ts';
import { agedRows } from './trash.ts';

/** Moves the floor over rows that are old enough; the rows themselves go only when nobody can still be reading them. */
export async function collectLog(cloud: Cloud, group: string, floor: FloorRow): Promise<FloorRow> {
  const now = cloud.clock.now();
  if (floor.swept < floor.floor) {
    if (now - floor.movedAt < cloud.settings.floorLagMs) return floor;
    return { ...floor, swept: await sweep(cloud, group, floor) };
  }
  const aged = await agedRows(cloud, group, floor.floor, cloud.settings.logAgeMs);
  const last = aged.filter((row) => row.seq <= floor.trashed).at(-1);
  return last === undefined ? floor : { ...floor, floor: last.seq, movedAt: now };
}

async function sweep(cloud: Cloud, group: string, floor: FloorRow): Promise<number> {
  const budget = { left: cloud.settings.collectStep };
  const rows = await cloud.table.range(group, logKey(floor.swept + 1), logKey(floor.floor + 1), 100);
  let swept = floor.swept;
  const gone: Write[] = [];
  for (const row of rows) {
    const entry = logRow.parse(row.value);
    let clean = true;
    for (const effect of entry.effects)
      if ('drop' in effect) clean = (await forgetNode(cloud, group, effect.drop, entry.seq, budget)) && clean;
    if (!clean) break;
    gone.push({ do: 'delete', key: row.key });
    swept = entry.seq;
  }
  if (gone.length > 0) await cloud.table.transact(group, gone);
  return rows.length === 0 ? floor.floor : swept;
}

/** The tombstone of a node that died with `seq` and has not come back since, and the rows that died below it. */
async function forgetNode(
  cloud: Cloud,
  group: string,
  id: string,
  seq: number,
  budget: { left: number },
): Promise<boolean> {
  if (!(await forgetBelow(cloud, group, id, seq, budget))) return false;
  const row = await cloud.table.get(group, idKey(id));
  if (row === undefined) return true;
  const place = idRow.parse(row.value);
  if ('dead' in place && place.dead === seq) await removeIfSame(cloud, group, [row]);
  return true;
}

async function forgetBelow(
  cloud: Cloud,
  group: string,
  directory: string,
  seq: number,
  budget: { left: number },
): Promise<boolean> {
  const prefix = nodePrefix(directory);
  for (const row of await cloud.table.range(group, prefix, after(prefix), 1000)) {
    const node = nodeRow.parse(row.value);
    if (node.seq > seq) continue; // came in after the directory was revived
    if (node.kind === 'directory' && !(await forgetBelow(cloud, group, node.id, seq, budget))) return false;
    if (budget.left-- <= 0) return false;
    const id = await cloud.table.get(group, idKey(node.id));
    const place = id === undefined ? undefined : idRow.parse(id.value);
    const points = place !== undefined && 'key' in place && place.key === row.key;
    await removeIfSame(cloud, group, points && id !== undefined ? [row, id] : [row]);
  }
  return true;
}

/** A row that a commit has written anew meanwhile stays. */
async function removeIfSame(cloud: Cloud, group: string, rows: readonly Row[]): Promise<void> {
  try {
    await cloud.table.transact(
      group,
      rows.map((row) => ({ do: 'delete', key: row.key, etag: row.etag })),
    );
  } catch (error) {
    if (!(error instanceof RowConflict)) throw error;
  }
}
