// A minute on which everything goes wrong that can happen to processes: killed, stopped for 20 s, cut off from each other,
// while people work at three sites.
import { afterEach, test } from '@jest/globals';
import { threeSites } from './scenes/three-sites.ts';
import { Workspace } from './support/workspace.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);
let space: Workspace;

afterEach(() => space.dispose(), 30_000);

test(`random work while processes are killed, stopped and cut off (TIDEWAY_SEED=${seed}): nothing is lost`, async () => {
  space = new Workspace('a', 'b', 'c');
  const trouble = { stillMs: 20_000, quietMs: 3_000 };
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  await threeSites(space, { seed, ms: 60_000, seconds: 300, trouble }, say);
}, 600_000);
