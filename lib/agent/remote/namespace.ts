// The whole namespace from the rows: a node is alive when every directory above it is, and when its row is newer than the
// last time its parent was revived (a directory delete touches no row below it).
import { z } from 'zod';
import { rootId, type NodeState } from '../../core/node.ts';
import { nodeState } from '../../protocol/log-row.ts';
import type { RowReader } from '../../azure/site.ts';

const row = nodeState.extend({ cleared: z.number().optional() });
const page = 1000;
const from = 'node|';
const to = 'node}';

/**
 * Answers the nodes that are alive, parents first. A directory that died with the one it was in, and came back somewhere else,
 * has two rows, of which the newer one counts: by the older one it would be dead, with all that is in it, and a site that has
 * it would delete it. Directories are read first and kept (ids only), then all rows go by once
 * more: the memory needed is that of the directories.
 */
export async function readAlive(
  rows: RowReader,
  onNodes: (nodes: readonly NodeState[]) => Promise<void>,
): Promise<void> {
  const directories = new Map<string, { node: NodeState; cleared: number }>();
  await each(rows, (nodes) => {
    for (const { cleared, ...node } of nodes)
      if (node.kind === 'directory' && node.seq > (directories.get(node.id)?.node.seq ?? -1))
        directories.set(node.id, { node, cleared: cleared ?? 0 });
    return Promise.resolve();
  });
  const alive = new Map<string, boolean>([[rootId, true]]);
  const isAlive = (id: string): boolean => {
    const known = alive.get(id);
    if (known !== undefined) return known;
    const directory = directories.get(id);
    alive.set(id, false); // a cycle cannot be, but a broken row must not hang a resync
    const yes = directory !== undefined && isAlive(directory.node.parent) && isNew(directory.node);
    alive.set(id, yes);
    return yes;
  };
  const isNew = (node: NodeState): boolean =>
    node.parent === rootId || node.seq > (directories.get(node.parent)?.cleared ?? 0);
  const depth = (id: string): number => (id === rootId ? 0 : 1 + depth(directories.get(id)?.node.parent ?? rootId));
  const live = [...directories.values()].map(({ node }) => node).filter((node) => isAlive(node.id));
  await onNodes(
    live
      .map((node) => ({ node, depth: depth(node.id) }))
      .toSorted((a, b) => a.depth - b.depth)
      .map(({ node }) => node),
  );
  await each(rows, (nodes) => {
    const files: NodeState[] = [];
    for (const { cleared: _cleared, ...node } of nodes)
      if (node.kind !== 'directory' && isAlive(node.parent) && isNew(node)) files.push(node);
    return files.length === 0 ? Promise.resolve() : onNodes(files);
  });
}

async function each(rows: RowReader, onPage: (nodes: readonly z.infer<typeof row>[]) => Promise<void>): Promise<void> {
  for (let at = from; ;) {
    const found = await rows.range(at, to, page);
    await onPage(found.map(({ value }) => row.parse(value)));
    const last = found.at(-1);
    if (found.length < page || last === undefined) return;
    at = `${last.key}!`;
  }
}
