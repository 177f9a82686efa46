// kill -9 of any process at any moment while 2,000 files are copied: nothing is lost, doubled or left behind (I3, I11, I12).
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { randomInt, seededRandom } from '../../lib/base/random.ts';
import { fill } from './support/files.ts';
import { processesOf } from './support/processes.ts';
import { stagedOf } from './support/share.ts';
import { treeOf } from './support/tree.ts';
import { pause, until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);
const rounds = 10;
let space: Workspace;

afterEach(() => space.dispose(), 30_000);

describe(`kill -9 (TIDEWAY_SEED=${seed})`, () => {
  test('of hub, functions and agents, ten rounds while 2,000 files are copied', async () => {
    const random = seededRandom(seed);
    space = new Workspace('a', 'b');
    space.env['TIDEWAY_STAGING_AGE_SECONDS'] = '30';
    let hub = await space.up('a', 'b');
    const kills: string[] = [];
    for (let round = 0; round < rounds; round++) {
      fillRound(random, round);
      const victim = ['agent a', 'functions', 'agent b', 'hub'][round % 4] ?? 'hub';
      await pause(randomInt(random, 1500)); // the moment is the point of this test
      kills.push(victim);
      if (victim === 'hub') {
        await hub.kill();
        await until('the children to end with their hub', 2_000, () => processesOf(space.data).length === 0);
        hub = await space.up();
        continue;
      }
      const [role = '', site] = victim.split(' ');
      const pid = await until(`a pid of ${victim}`, 10_000, () => space.pidOf(role, site));
      process.kill(pid, 'SIGKILL');
    }
    const began = performance.now();
    await space.inSync(60);
    const tookMs = performance.now() - began;
    const tree = treeOf(space.site('a'));
    expect(treeOf(space.site('b'))).toEqual(tree);
    expect(Object.values(tree).filter((each) => each.startsWith('file'))).toHaveLength(2000);
    const status = await space.status();
    expect(status.endpoints.flatMap((each) => [...each.conflicts, ...each.problems])).toEqual([]);
    expect(processesOf(space.data)).toHaveLength(4);
    expect(await leftInStaging(60_000)).toEqual([]);
    process.stdout.write(`killed ${kills.join(', ')}; in sync ${Math.round(tookMs)} ms later\n`);
  }, 240_000);
});

/** What is in staging once it is empty, or after `ms`. */
async function leftInStaging(ms: number): Promise<readonly string[]> {
  const deadline = performance.now() + ms;
  for (;;) {
    const staged = await stagedOf(space);
    if (staged.length === 0 || performance.now() > deadline) return staged;
    await pause(500);
  }
}

/** 200 files, at both sites in turn, in a directory of the round's own. */
function fillRound(random: ReturnType<typeof seededRandom>, round: number): void {
  const root = path.join(space.site(round % 2 === 0 ? 'a' : 'b'), `round-${round}`);
  mkdirSync(root);
  fill(random, root, 2000 / rounds);
}
