// Three people work at three sites at once, at random. Afterwards all sites hold the same, and of every content that
// somebody saved it is known what became of it.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { seededRandom } from '../../../lib/base/random.ts';
import { isReplayed } from '../support/replayed.ts';
import { hashesInTrash } from '../support/share.ts';
import { settled } from '../support/settled.ts';
import type { Workspace } from '../support/workspace.ts';
import { bringTrouble, makeCuttable, type Trouble } from './bad-days.ts';
import { Ledger } from './ledger.ts';
import { Worker } from './worker.ts';

const sites = ['a', 'b', 'c'] as const;

export interface Shift {
  readonly seed: number;
  /** How long they work, ms. */
  readonly ms: number;
  /** Bound of the sync afterwards, seconds. */
  readonly seconds: number;
  readonly trouble?: Trouble;
  /** What nobody took away must be at the sites. Else it is enough that it can be had back, from trash. */
  readonly strict?: boolean;
}

/** `space` has the sites a, b and c, and no hub yet. */
export async function threeSites(space: Workspace, shift: Shift, say: (line: string) => void): Promise<void> {
  const { seed, ms, seconds, trouble, strict = false } = shift;
  if (trouble !== undefined) makeCuttable(space);
  const hub = await space.up(...sites);
  const ledger = new Ledger(path.join(space.dir, 'ledger.txt'));
  const until = performance.now() + ms;
  const done = (): boolean => performance.now() > until;
  const workers = await Promise.all(
    sites.map(async (name, index) => {
      const bin = path.join(space.dir, `bin-${name}`);
      mkdirSync(bin);
      const root = space.site(name);
      return new Worker({ name, root, bin, fs: await openSiteFs(root) }, seededRandom(seed * 10 + index), ledger);
    }),
  );
  const troubles = trouble === undefined ? [] : [bringTrouble(space, hub, seededRandom(seed * 10 + 9), trouble, done)];
  const [, ...told] = await Promise.all([Promise.all(workers.map((worker) => worker.work(done))), ...troubles]);
  const ended = performance.now();
  const tree = await settled(space, sites, { seconds, conflicts: true });
  say(`${ledger.size} contents saved, ${tree.size} nodes, in sync ${Math.round(performance.now() - ended)} ms later`);
  for (const each of told) say(each.told.join(', '));
  await isReplayed(space, 'a');
  const { lost, invented } = ledger.judge(space.site('a'));
  const kept = lost.size === 0 ? new Set() : await hashesInTrash(space);
  const gone = [...lost].filter(([hash]) => strict || !kept.has(hash)).map(([hash, where]) => `${where} (${hash})`);
  assert.deepEqual({ gone, invented }, { gone: [], invented: [] }, `seed ${seed}; ${kept.size} contents in trash`);
}
