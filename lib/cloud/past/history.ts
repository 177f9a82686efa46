// Who changed a path, at which site, when.
import type { HistoryAnswer, PastChange } from '../../protocol/past.ts';
import type { Effect, LogRow } from '../../protocol/log-row.ts';
import type { Cloud } from '../group.ts';
import { floorKey, floorRow } from '../rows.ts';
import type { View } from '../view.ts';
import { locate, pathOf } from './locate.ts';
import { backwards } from './log.ts';

/** The newest `limit` changes of what is, or was last, at a path. Rejects as `locate` does. */
export async function history(cloud: Cloud, group: string, path: string, limit: number): Promise<HistoryAnswer> {
  const located = await locate(cloud, group, path);
  const { view, row, alive } = located;
  // What died with a directory has no row of its own: the one of the directory tells.
  const above = alive ? [] : await idsAbove(view, row.parent);
  const rows: LogRow[] = [];
  let more = false;
  for await (const each of backwards(cloud.table, group, view.head.row.committedSeq)) {
    if (!speaksOf(each, row.id, above)) continue;
    if (rows.length === limit) {
      more = true;
      break;
    }
    rows.unshift(each);
  }
  const changes: PastChange[] = [];
  for (const each of rows) changes.push(await changeOf(view, row.id, each, changes.at(-1)?.path));
  const older = more || (rows[0] !== undefined && !isBirth(rows[0], row.id) && (await isCut(cloud, group)));
  return { path: located.path, node: row.id, kind: row.kind, deleted: !alive, changes, more: older };
}

async function idsAbove(view: View, parent: string): Promise<readonly string[]> {
  const out: string[] = [];
  for (let at = parent; ;) {
    const found = await view.find(at);
    if (found.state === 'unknown' || out.includes(at)) return out;
    out.push(at);
    at = found.row.parent;
  }
}

function speaksOf({ node, effects, outcome }: LogRow, id: string, above: readonly string[]): boolean {
  return (
    effects.some((effect) => isOf(effect, id) || ('drop' in effect && above.includes(effect.drop))) ||
    (node === id && outcome !== 'applied')
  );
}

function isOf(effect: Effect, id: string): boolean {
  return 'put' in effect ? effect.put.id === id : 'drop' in effect && effect.drop === id;
}

function isBirth({ op, node }: LogRow, id: string): boolean {
  return node === id && (op === 'create' || op === 'mkdir');
}

async function isCut(cloud: Cloud, group: string): Promise<boolean> {
  const row = await cloud.table.get(group, floorKey);
  return row !== undefined && floorRow.parse(row.value).floor > 0;
}

async function changeOf(view: View, id: string, row: LogRow, before: string | undefined): Promise<PastChange> {
  const { seq, at, server: site, op, outcome, code } = row;
  const put = row.effects.flatMap((effect) => ('put' in effect && effect.put.id === id ? [effect.put] : [])).at(-1);
  const path = put === undefined ? (outcome === 'applied' ? undefined : before) : await pathOf(view, put);
  const isContent = put !== undefined && put.kind !== 'directory' && put.version === seq;
  return {
    seq,
    at,
    site,
    op,
    outcome,
    ...(code === undefined ? {} : { code }),
    ...(path === undefined ? {} : { path }),
    ...(before === undefined || path === before ? {} : { from: before }),
    ...(isContent ? { version: put.version, size: put.size } : {}),
  };
}
