// Is anything below a directory newer than the sender of its delete knew? Asked of the log after the sender's cursor, not
// of the rows below: there may be a million, and none of them has to be touched.
import { rootId } from '../../../core/node.ts';
import { logKey, logRow } from '../../../protocol/log-row.ts';
import type { Table } from '../../ports.ts';
import { after, floorKey, floorRow, parkedRow, type NodeRow } from '../../rows.ts';
import type { View } from '../../view.ts';
import { Refused } from './context.ts';

export async function isStale(table: Table, view: View, directory: NodeRow, asOf: number): Promise<boolean> {
  const floor = await table.get(view.group, floorKey);
  if (floor !== undefined && floorRow.parse(floor.value).floor > asOf) throw new Refused('cursor_below_floor');
  return (await changedBelow(table, view, directory, asOf)) || (await parkedBelow(table, view, directory));
}

async function changedBelow(table: Table, view: View, directory: NodeRow, asOf: number): Promise<boolean> {
  for (let from = asOf + 1; from <= view.head.row.committedSeq;) {
    const rows = await table.range(view.group, logKey(from), after('log|'), 500);
    if (rows.length === 0) return false;
    for (const row of rows) {
      const entry = logRow.parse(row.value);
      // The sender's own are no exception: where its edit revived a file, and what an alias led its create to, it does not
      // know before it reads the row. What it did know to be under way below it has waited for.
      for (const effect of entry.effects)
        if ('put' in effect && (await isInside(view, effect.put.id, directory.id))) return true;
    }
    from += rows.length;
  }
  return false;
}

async function parkedBelow(table: Table, view: View, directory: NodeRow): Promise<boolean> {
  for (const row of await table.range(view.group, 'parked|', after('parked|'), 1000)) {
    const { operation } = parkedRow.parse(row.value);
    if (operation.kind === 'delete' || operation.kind === 'rmdir') continue; // wants what this one wants
    for (const id of [
      'node' in operation ? operation.node : undefined,
      'parent' in operation ? operation.parent : undefined,
    ])
      if (id !== undefined && (await isInside(view, id, directory.id))) return true;
  }
  return false;
}

/** True for the directory itself too: a change of the directory after `asOf` counts. */
async function isInside(view: View, id: string, directory: string): Promise<boolean> {
  if (id === rootId) return false;
  const chain = await view.ancestry(id);
  return chain?.some((node) => node.id === directory) ?? false;
}
