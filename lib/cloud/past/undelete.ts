// A path that was deleted comes back: what belongs to it is looked up here, and posted to the committer in parts, which alone
// touches the share. It may be asked for again at any time: what is back already is left alone.
import { inGroups } from '../../base/pool.ts';
import { TidewayError } from '../../base/errors.ts';
import { randomHex } from '../../base/random.ts';
import { cloudSigner, seal } from '../../protocol/message.ts';
import type { UndeleteAnswer } from '../../protocol/past.ts';
import { z } from 'zod';
import { emptyCache } from '../cached-rows.ts';
import type { Cloud } from '../group.ts';
import { after, groupKey, groupRow } from '../rows.ts';
import { View } from '../view.ts';
import { itemsOf } from './items.ts';
import { locate, pathOf } from './locate.ts';
import { inTrash } from './versions.ts';

const maxItems = 50;
const keptMs = 7 * 24 * 3_600_000;

const undeleteRow = z.object({
  v: z.literal(1),
  id: z.string(),
  path: z.string(),
  node: z.string(),
  at: z.number(),
  items: z.number(),
  parts: z.number(),
});
/** What became of one part: written by whoever has carried it out, again with the same words where it came twice. */
const partRow = z.object({
  v: z.literal(1),
  restored: z.number(),
  failed: z.array(z.object({ path: z.string(), code: z.string() })),
});
export type PartRow = z.infer<typeof partRow>;

const prefix = 'undelete|';
const undeleteKey = (id: string): string => `${prefix}${id}`;
const partPrefix = (id: string): string => `undeleted|${id}|`;
export const partKey = (id: string, part: number): string => partPrefix(id) + String(part).padStart(6, '0');

/** Rejects as `locate` does, and with `not_deleted` and `version_gone`. */
export async function startUndelete(cloud: Cloud, group: string, given: string): Promise<UndeleteAnswer> {
  const { view, row, path, alive } = await locate(cloud, group, given, 'dead');
  if (alive) {
    const now = await pathOf(view, row);
    throw new TidewayError('not_deleted', now === path ? `${path} is there` : `${path} was moved to ${now}`, {
      path,
      hint: 'Older contents of a file are listed by `tideway versions`.',
    });
  }
  const items = await itemsOf(cloud.table, view, row, path);
  const first = items[0];
  const share = cloud.share(groupRow.parse((await cloud.table.get(group, groupKey))?.value).share);
  if (first?.from !== undefined && (await inTrash(share, first.from)) === undefined)
    throw new TidewayError('version_gone', `${path} is not kept any more`, { path, hint: 'Look into a snapshot.' });
  await forgetOld(cloud, group);
  const at = cloud.clock.now();
  const id = `${at.toString(36).padStart(9, '0')}-${randomHex(cloud.random, 4)}`;
  const parts = inGroups(items, maxItems);
  const value = { v: 1, id, path, node: row.id, at, items: items.length, parts: parts.length };
  await cloud.table.transact(group, [{ do: 'insert', key: undeleteKey(id), value }]);
  for (const [part, some] of parts.entries()) {
    const content = {
      v: 1 as const,
      group,
      undelete: { id, part, items: some.map(({ path: _path, ...item }) => item) },
    };
    await cloud.changes.send(group, seal(content, cloudSigner, cloud.keys.privateKey));
  }
  return { id, path, state: 'committing', items: items.length, restored: 0, failed: [] };
}

/** Rejects with `undelete_unknown`: it never was, or is more than a week ago. */
export async function undeleteState(cloud: Cloud, group: string, id: string): Promise<UndeleteAnswer> {
  const row = await cloud.table.get(group, undeleteKey(id));
  if (row === undefined) throw new TidewayError('undelete_unknown', `there is no undelete ${id} in ${group}`);
  const { path, node, items, parts } = undeleteRow.parse(row.value);
  const key = partPrefix(id);
  const rows: PartRow[] = [];
  for (let from = key; ;) {
    const page = await cloud.table.range(group, from, after(key), 1000);
    rows.push(...page.map((each) => partRow.parse(each.value)));
    const last = page.at(-1);
    if (page.length < 1000 || last === undefined) break;
    from = `${last.key}!`;
  }
  const done = rows.length >= parts;
  const restored = rows.reduce((sum, each) => sum + each.restored, 0);
  const now = done ? await placeOf(cloud, group, node) : undefined;
  return {
    id,
    path,
    state: done ? 'done' : 'committing',
    items,
    restored,
    ...(now === undefined ? {} : { restoredTo: now }),
    failed: rows.flatMap((each) => each.failed),
  };
}

async function placeOf(cloud: Cloud, group: string, node: string): Promise<string | undefined> {
  const view = new View(cloud.table, group, emptyCache());
  await view.refresh();
  const found = await view.find(node);
  return found.state === 'alive' ? pathOf(view, found.row) : undefined;
}

async function forgetOld(cloud: Cloud, group: string): Promise<void> {
  const before = (cloud.clock.now() - keptMs).toString(36).padStart(9, '0');
  for (const kind of [prefix, 'undeleted|']) {
    const rows = await cloud.table.range(group, kind, kind + before, 90);
    if (rows.length > 0)
      await cloud.table.transact(
        group,
        rows.map(({ key }) => ({ do: 'delete' as const, key })),
      );
  }
}
