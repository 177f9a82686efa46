// Where on the share what was deleted lies.
import { rootId, type NodeId } from '../../core/node.ts';
import { trashRoot } from '../../protocol/layout.ts';
import { logKey, logRow, type LogRow } from '../../protocol/log-row.ts';
import type { Table } from '../ports.ts';
import { idKey, idRow, type NodeRow } from '../rows.ts';
import { shareNameOf, type View } from '../view.ts';
import { backwards } from './log.ts';

/** The seq of the row that deleted this node itself, undefined where it died with a directory, or lives. */
export async function deadSince(view: View, id: NodeId): Promise<number | undefined> {
  const row = await view.row(idKey(id));
  const place = row === undefined ? undefined : idRow.parse(row.value);
  return place !== undefined && 'dead' in place ? place.dead : undefined;
}

/**
 * A dead node's path in trash: under the name of its own delete, or below that of the directory it died with. Undefined where
 * the row of that is gone, or it was not deleted by a site: what somebody removed on the share is in no trash.
 */
export async function trashOf(table: Table, view: View, dead: NodeRow): Promise<string | undefined> {
  const below: string[] = [];
  for (let row = dead; ;) {
    const since = await deadSince(view, row.id);
    if (since !== undefined) {
      const log = await view.row(logKey(since));
      return log === undefined ? undefined : pathBelow(logRow.parse(log.value), below);
    }
    if (row.parent === rootId) return undefined;
    below.unshift(shareNameOf(row));
    const above = await view.find(row.parent);
    if (above.state === 'unknown') return undefined;
    if (above.state === 'alive') {
      const deleted = await lastDeleteOf(table, view, above.row.id);
      return deleted === undefined ? undefined : pathBelow(deleted, below);
    }
    row = above.row;
  }
}

/** A directory that was revived is empty: what died with it is still in the trash of its delete. */
async function lastDeleteOf(table: Table, view: View, id: NodeId): Promise<LogRow | undefined> {
  for await (const row of backwards(table, view.group, view.head.row.committedSeq))
    if (row.effects.some((effect) => 'drop' in effect && effect.drop === id)) return row;
  return undefined;
}

function pathBelow({ seq, n, op }: LogRow, below: readonly string[]): string | undefined {
  if (op !== 'delete' && op !== 'rmdir') return undefined;
  return [`${trashRoot}/${seq}-${n}`, ...below].join('/');
}
