// What is to hold whenever everything is in sync: the same everywhere, no conflict copy nobody made, nothing left over.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { differences, wholeTree } from './same-trees.ts';
import { until } from './wait.ts';
import type { Workspace } from './workspace.ts';

export interface Expected {
  /** Seconds that the sync may take. */
  readonly seconds: number;
  readonly conflicts?: boolean;
}

/** Waits for sync and answers the tree that all `sites` hold; rejects, naming what is wrong. */
export async function settled(
  space: Workspace,
  sites: readonly string[],
  { seconds, conflicts = false }: Expected,
): Promise<ReadonlyMap<string, string>> {
  const { endpoints } = await space.inSync(seconds);
  const [first = '', ...others] = sites;
  const tree = await wholeTree(space.site(first));
  for (const other of others)
    assert.deepEqual(
      differences(tree, await wholeTree(space.site(other))),
      [],
      `${first} and ${other} are not the same`,
    );
  for (const { server, problems, conflicts: copies } of endpoints) {
    assert.deepEqual(problems, [], `problems at ${server}`);
    if (!conflicts) assert.deepEqual(copies, [], `conflict copies at ${server}`);
  }
  for (const site of sites) await nothingLeft(space.site(site));
  return tree;
}

/** What was replaced or removed while it was open goes within a sweep or two after it was closed. */
async function nothingLeft(root: string): Promise<void> {
  const leftover = (): string[] =>
    ['tmp', 'replaced', 'removed'].flatMap((dir) =>
      readdirSync(path.join(root, '.tideway', dir)).map((name) => `${dir}/${name}`),
    );
  await until('nothing to be left over', 30_000, () => leftover().length === 0).catch((error: unknown) => {
    assert.deepEqual(leftover(), [], `${root}/.tideway: ${String(error)}`);
  });
}
