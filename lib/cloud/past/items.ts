// What is to come back when a path is undeleted, parents first: the node itself, all that died with it, and what the same site
// had deleted in it shortly before. An `rm -rf` takes files one by one until its directory is empty, and only then that.
import { TidewayError } from '../../base/errors.ts';
import type { NodeId } from '../../core/node.ts';
import type { UndeletePart } from '../../protocol/past.ts';
import type { Table } from '../ports.ts';
import { after, nodePrefix, nodeRow, type NodeRow } from '../rows.ts';
import { join, shareNameOf, type View } from '../view.ts';
import { backwards } from './log.ts';
import { deadSince, trashOf } from './trash.ts';

export type Item = UndeletePart['items'][number] & { readonly path: string };

const hour = 3_600_000;

/** `path` is the Linux path of `dead`. Rejects with `version_gone` where trash does not have it. */
export async function itemsOf(table: Table, view: View, dead: NodeRow, path: string): Promise<readonly Item[]> {
  const from = await trashOf(table, view, dead);
  if (from === undefined)
    throw new TidewayError('version_gone', `${path} is not kept any more`, {
      path,
      hint: 'Versions are kept 7 days; what somebody removed on the share itself is not kept. Look into a snapshot.',
    });
  if (dead.kind !== 'directory') return [{ node: dead.id, from, path }];
  const before = await deletedBefore(table, view, dead.id);
  const items: Item[] = [];
  for (let left = [{ row: dead, from, path }]; left.length > 0;) {
    const next: typeof left = [];
    for (const { row, from: at, path: here } of left) {
      items.push({ node: row.id, path: here });
      const children = [
        ...(await diedWith(table, view, row.id)).map((child) => ({ row: child, from: join(at, shareNameOf(child)) })),
        ...(before.get(row.id) ?? []),
      ];
      for (const child of children) {
        const there = { ...child, path: join(here, child.row.name) };
        if (child.row.kind === 'directory') next.push(there);
        else items.push({ node: child.row.id, from: child.from, path: there.path });
      }
    }
    left = next;
  }
  return items;
}

/** Rows that are in the directory still: they died when it did. Those that died with an earlier delete of it stay dead. */
async function diedWith(table: Table, view: View, directory: NodeId): Promise<readonly NodeRow[]> {
  const found = await view.find(directory);
  const cleared = found.state === 'unknown' ? 0 : (found.row.cleared ?? 0);
  const out: NodeRow[] = [];
  const prefix = nodePrefix(directory);
  const last = after(prefix);
  for (let at = prefix; ;) {
    const rows = await table.range(view.group, at, last, page);
    for (const row of rows) {
      const node = nodeRow.parse(row.value);
      if (node.seq > cleared) out.push(node);
    }
    const end = rows.at(-1);
    if (rows.length < page || end === undefined) return out;
    at = `${end.key}!`; // sorts right behind it
  }
}

const page = 1000;

type Before = ReadonlyMap<NodeId, readonly { readonly row: NodeRow; readonly from: string }[]>;

/** What the site that deleted the directory had deleted one by one within the hour before, by the directory it was in. */
async function deletedBefore(table: Table, view: View, directory: NodeId): Promise<Before> {
  const out = new Map<NodeId, { readonly row: NodeRow; readonly from: string }[]>();
  const since = await deadSince(view, directory);
  if (since === undefined) return out;
  let end: { readonly at: number; readonly endpoint: string } | undefined;
  for await (const row of backwards(table, view.group, since)) {
    end ??= row;
    if (row.at < end.at - hour) break;
    if (row.endpoint !== end.endpoint || row.seq === since) continue;
    for (const effect of row.effects) {
      if (!('drop' in effect) || (await deadSince(view, effect.drop)) !== row.seq) continue;
      const found = await view.find(effect.drop);
      const from = found.state === 'dead' ? await trashOf(table, view, found.row) : undefined;
      if (found.state !== 'dead' || from === undefined) continue;
      out.set(found.row.parent, [...(out.get(found.row.parent) ?? []), { row: found.row, from }]);
    }
  }
  return out;
}
