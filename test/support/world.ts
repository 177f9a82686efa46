// A committer and one endpoint whose three trees are three shapes: what was agreed, what the site has, what is there.
import type { MemoryTree } from '../../lib/core/memory-trees.ts';
import type { NodeId, NodeState } from '../../lib/core/node.ts';
import { plan } from '../../lib/core/plan.ts';
import type { Plan } from '../../lib/core/trees.ts';
import { ModelCommitter } from './model-committer.ts';
import { ModelEndpoint, type Chance } from './model-endpoint.ts';
import { perturb, type Item, type Shape, type Turn } from './perturb.ts';

export interface World {
  readonly committer: ModelCommitter;
  readonly endpoint: ModelEndpoint;
}

/** `knowsHash` says of which changed local files the hash is known from the start. */
export function world(
  agreed: Shape,
  here: Shape,
  there: Shape,
  chance: Chance,
  knowsHash: (id: NodeId) => boolean,
): World {
  const committer = new ModelCommitter(100);
  const endpoint = new ModelEndpoint('paris', committer, chance);
  const { trees, disk, dirty } = endpoint;
  for (const item of agreed.values()) {
    trees.synceds.set(stateOf(item, 1));
    if (!there.has(item.id)) committer.bury(stateOf(item, 1));
  }
  for (const item of there.values()) {
    const before = agreed.get(item.id);
    const state = stateOf(item, before?.content === item.content ? 1 : 50);
    trees.remotes.set(state);
    committer.nodes.set(state);
  }
  for (const item of here.values()) {
    const { id, parent, name, kind, size, mtime, mode, hash } = stateOf(item, 1);
    const known = agreed.get(id)?.content === item.content || knowsHash(id);
    trees.locals.set({ id, parent, name, kind, size, mtime, mode, hash: known ? hash : null, settled: true });
    if (kind === 'file') disk.set(id, item.content);
  }
  for (const shape of [agreed, here, there]) for (const id of shape.keys()) dirty.add(id);
  return { committer, endpoint };
}

function stateOf(item: Item, version: number): NodeState {
  const { id, parent, name, kind, content, mode } = item;
  const file = kind === 'file';
  return {
    id,
    parent,
    name,
    kind,
    version: file ? version : 0,
    seq: version,
    size: file ? 1 : 0,
    hash: file ? content : null,
    mtime: file ? `${item.mtime}000000` : '0',
    mode,
    etag: '',
    fileId: '',
    lastWrite: '',
    author: 'tokyo',
  };
}

/** Rounds until every endpoint has nothing to do; throws when that takes more than `bound`. */
export function converge(endpoints: readonly ModelEndpoint[], bound = 200): void {
  for (let round = 0; round < bound; round++) {
    for (const endpoint of endpoints) endpoint.round();
    if (endpoints.every(({ idle, dirty }) => idle && dirty.size === 0)) return;
  }
  const [first] = endpoints;
  throw new Error(`not done after ${bound} rounds: ${JSON.stringify(first?.round())}`);
}

/** The plan of everything, whatever is dirty. */
export function wholePlan({ trees }: ModelEndpoint): Plan {
  const ids = new Set<NodeId>();
  for (const tree of [trees.locals, trees.synceds, trees.remotes]) for (const { id } of tree.all()) ids.add(id);
  return plan(trees, ids);
}

/** Of a tree, what must be equal in all three: place, kind, content, mode, and of files the time. */
export function shapeOf(
  tree: MemoryTree<Pick<NodeState, 'id' | 'parent' | 'name' | 'kind' | 'hash' | 'mode' | 'mtime'>>,
): string[] {
  return [...tree.all()]
    .map(
      ({ id, parent, name, kind, hash, mode, mtime }) =>
        `${id} ${parent}/${name} ${kind} ${hash ?? ''} ${mode} ${kind === 'file' ? mtime : ''}`,
    )
    .toSorted();
}

/** Somebody works at a site: edits its files, whatever is under way. */
export function work(endpoint: ModelEndpoint, turns: readonly Turn[], who: string, clock: { now: number }): void {
  const { trees, disk, dirty } = endpoint;
  const before: Shape = new Map();
  for (const { id, parent, name, kind, mtime, mode } of trees.locals.all())
    before.set(id, {
      id,
      parent,
      name,
      kind: kind === 'link' ? 'file' : kind,
      content: disk.get(id) ?? '',
      mtime: Number(mtime) / 1_000_000,
      mode,
    });
  const after = new Map(before);
  perturb(after, turns, who, clock);
  for (const id of before.keys()) {
    if (after.has(id)) continue;
    trees.locals.delete(id);
    disk.delete(id);
    dirty.add(id);
  }
  for (const item of after.values()) {
    const was = before.get(item.id);
    if (item === was) continue;
    const { id, parent, name, kind, size, mtime, mode } = stateOf(item, 1);
    const hash = was?.content === item.content ? (trees.local(id)?.hash ?? null) : null;
    trees.locals.set({ id, parent, name, kind, size, mtime, mode, hash, settled: true });
    if (kind === 'file') disk.set(id, item.content);
    dirty.add(id);
  }
}
