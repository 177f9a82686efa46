// Which node a path means, the dead ones included: the living first, then whoever had the name last; or, for who wants back
// what was deleted, the dead first.
import { TidewayError } from '../../base/errors.ts';
import { rootId, type NodeId } from '../../core/node.ts';
import { plainShareName } from '../../core/share-name.ts';
import { emptyCache } from '../cached-rows.ts';
import type { Cloud } from '../group.ts';
import { nodeKey, type NodeRow } from '../rows.ts';
import { View, join, type Found } from '../view.ts';
import { backwards } from './log.ts';

export interface Located {
  readonly view: View;
  readonly path: string;
  /** As it is, or was last. */
  readonly row: NodeRow;
  readonly alive: boolean;
}

/** `wanted` is about the last name of the path. Rejects with `group_unknown`, `path_invalid`, `path_unknown`. */
export async function locate(
  cloud: Cloud,
  group: string,
  given: string,
  wanted: 'living' | 'dead' = 'living',
): Promise<Located> {
  const names = given.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..') || names.length === 0)
    throw new TidewayError('path_invalid', `${given} is no path below the root of the group`, { path: given });
  const view = new View(cloud.table, group, emptyCache());
  if ((await view.refresh()) === undefined)
    throw new TidewayError('group_unknown', `there is no group ${group}`, { path: group });
  let parent: NodeId = rootId;
  let row: NodeRow | undefined;
  for (const [index, name] of names.entries()) {
    const dead =
      wanted === 'dead' && index === names.length - 1 ? await last(cloud, view, parent, name, 'dead') : undefined;
    row = dead ?? (await living(view, parent, name)) ?? (await last(cloud, view, parent, name));
    if (row === undefined)
      throw new TidewayError('path_unknown', `nothing is known of ${names.join('/')}`, {
        path: names.join('/'),
        hint: 'What was deleted longer ago than the log is kept (30 days) is forgotten.',
      });
    parent = row.id;
  }
  if (row === undefined) throw new Error('broken invariant: a path has names');
  const found = await view.find(row.id);
  const alive = found.state === 'alive';
  return { view, path: names.join('/'), row: found.state === 'unknown' ? row : found.row, alive };
}

async function living(view: View, parent: NodeId, name: string): Promise<NodeRow | undefined> {
  const isThere = parent === rootId || (await view.find(parent)).state === 'alive';
  return isThere ? view.childNamed(parent, name) : undefined;
}

/** A row that died with its directory is still there; of what was deleted by itself the log tells. */
async function last(
  cloud: Cloud,
  view: View,
  parent: NodeId,
  name: string,
  wanted: 'any' | 'dead' = 'any',
): Promise<NodeRow | undefined> {
  const fits = (found: Found): found is Exclude<Found, { state: 'unknown' }> =>
    found.state === 'dead'
      ? isAt(found.row, parent, name) || wanted === 'any'
      : found.state === 'alive' && wanted === 'any';
  const plain = plainShareName(name);
  const there = plain === undefined ? undefined : await view.nodeAt(nodeKey(parent, plain), parent);
  if (there?.name === name && fits(await view.find(there.id))) return there;
  for await (const { effects } of backwards(cloud.table, view.group, view.head.row.committedSeq))
    for (const effect of effects) {
      if (!('put' in effect) || effect.put.parent !== parent || effect.put.name !== name) continue;
      const found = await view.find(effect.put.id);
      if (fits(found)) return found.row;
    }
  return undefined;
}

function isAt(row: NodeRow, parent: NodeId, name: string): boolean {
  return row.parent === parent && row.name === name;
}

/** The path of a node as it is, or was last, with the present names of the directories above; undefined where one is forgotten. */
export async function pathOf(view: View, row: Pick<NodeRow, 'parent' | 'name'>): Promise<string | undefined> {
  const names = [row.name];
  for (let at = row.parent; at !== rootId;) {
    const found = await view.find(at);
    if (found.state === 'unknown' || names.length > maxDepth) return undefined;
    names.unshift(found.row.name);
    at = found.row.parent;
  }
  return names.reduce(join, '');
}

const maxDepth = 2048;
