// Overwritten and deleted versions: kept for an age, at most some a node. Found by the log, whose rows name them: a listing
// of all trash would grow with it.
import { trashRoot } from '../../protocol/layout.ts';
import { logKey, logRow, type LogRow } from '../../protocol/log-row.ts';
import type { Cloud } from '../group.ts';
import type { Row, Share } from '../ports.ts';
import { removeIfPossible } from './remove.ts';
import { after, trashKey, trashRow, type FloorRow } from '../rows.ts';

/** Rows of the log after `from` that are at least `age` old, in order, at most one step of them. */
export async function agedRows(cloud: Cloud, group: string, from: number, age: number): Promise<readonly LogRow[]> {
  const isAged = (row: Row): boolean => cloud.clock.now() - logRow.parse(row.value).at >= age;
  // Nearly always the first one is too young: then the step is not read for nothing.
  const [first] = await cloud.table.range(group, logKey(from + 1), after('log|'), 1);
  if (first === undefined || !isAged(first)) return [];
  const rows = await cloud.table.range(group, logKey(from + 1), after('log|'), cloud.settings.collectStep);
  const aged: LogRow[] = [];
  for (const row of rows) {
    if (!isAged(row)) break; // the log is in order, and so (almost) are its times
    aged.push(logRow.parse(row.value));
  }
  return aged;
}

/** Moves `counted`: remembers each node's versions in trash and removes those beyond the allowed number. */
export async function countVersions(cloud: Cloud, group: string, share: Share, floor: FloorRow): Promise<FloorRow> {
  let counted = floor.counted;
  for (const row of await agedRows(cloud, group, floor.counted, cloud.settings.trashMinAgeMs)) {
    if ((row.op === 'edit' || row.op === 'delete') && row.node !== undefined && row.outcome !== 'rejected') {
      const names = [...(await namesOf(cloud, group, row.node)), `${row.seq}-${row.n}`];
      const over = names.splice(0, Math.max(0, names.length - cloud.settings.trashVersions));
      // A seal has the name where the version is a conflict copy now: it stays until its age.
      for (const name of over) await removeIfPossible(share, `${trashRoot}/${name}`, 'file');
      const value = { v: 1, names };
      await cloud.table.transact(group, [{ do: 'put', key: trashKey(row.node), value }]);
    }
    counted = row.seq;
  }
  return { ...floor, counted };
}

async function namesOf(cloud: Cloud, group: string, node: string): Promise<readonly string[]> {
  const row = await cloud.table.get(group, trashKey(node));
  return row === undefined ? [] : trashRow.parse(row.value).names;
}

/** Moves `trashed`: what old rows left in trash goes, seals and directories too. */
export async function collectTrash(cloud: Cloud, group: string, share: Share, floor: FloorRow): Promise<FloorRow> {
  let trashed = floor.trashed;
  const budget = { left: cloud.settings.collectStep };
  for (const row of await agedRows(cloud, group, floor.trashed, cloud.settings.trashAgeMs)) {
    if (row.seq > floor.counted) break;
    if (row.op !== 'none' && !(await emptyTrashOf(share, row, budget))) break;
    if (row.node !== undefined) await forgetName(cloud, group, row.node, `${row.seq}-${row.n}`);
    trashed = row.seq;
  }
  return { ...floor, trashed };
}

async function emptyTrashOf(share: Share, row: LogRow, budget: { left: number }): Promise<boolean> {
  for (const entry of (await share.list(trashRoot, `${row.seq}-`)) ?? [])
    if (!(await removeTree(share, `${trashRoot}/${entry.name}`, entry.kind, budget))) return false;
  return true;
}

/** False when the budget ran out, or something in it is in use, before the tree was gone. */
async function removeTree(
  share: Share,
  path: string,
  kind: 'file' | 'directory',
  budget: { left: number },
): Promise<boolean> {
  if (kind === 'directory')
    for (const entry of (await share.list(path, '')) ?? [])
      if (!(await removeTree(share, `${path}/${entry.name}`, entry.kind, budget))) return false;
  if (budget.left-- <= 0) return false;
  return removeIfPossible(share, path, kind);
}

async function forgetName(cloud: Cloud, group: string, node: string, name: string): Promise<void> {
  const row = await cloud.table.get(group, trashKey(node));
  if (row === undefined) return;
  const names = trashRow.parse(row.value).names.filter((each) => each !== name);
  const value = { v: 1, names };
  await cloud.table.transact(group, [
    names.length === 0 ? { do: 'delete', key: row.key } : { do: 'put', key: row.key, value },
  ]);
}
