// A site that joins later with files of its own: what is equal costs nothing, what differs is kept twice, nothing goes.
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { seededRandom } from '../../lib/base/random.ts';
import { fill, filesBelow } from './support/files.ts';
import { settled } from './support/settled.ts';
import { Workspace } from './support/workspace.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);
let space: Workspace;

afterEach(() => space.dispose(), 30_000);

function contentsBelow(root: string): readonly string[] {
  return filesBelow(root).map((file) => readFileSync(path.join(root, file), 'latin1'));
}

test(`a third site joins with a copy of the tree, older and newer than the group's (TIDEWAY_SEED=${seed})`, async () => {
  space = new Workspace('a', 'b', 'c');
  const [a, c] = [space.site('a'), space.site('c')];
  const { files } = fill(seededRandom(seed), a, 150);
  // What the copy is going to differ in, apart from all that is random.
  const [edited, left, absent] = ['both edited.txt', 'only the time.txt', 'not in the copy.txt'];
  for (const name of [edited, left, absent]) writeFileSync(path.join(a, name), `${name} at a`);
  const first = await space.up('a', 'b');
  await settled(space, ['a', 'b'], { seconds: 120 });
  await first.stop();

  // With times as they are: Node's own copy rounds them to milliseconds, and less than a microsecond is no difference.
  execFileSync('cp', ['-a', `${a}/.`, c]);
  rmSync(path.join(c, '.tideway'), { recursive: true });
  rmSync(path.join(c, absent));
  appendFileSync(path.join(c, edited), ', and at c');
  writeFileSync(path.join(c, 'only at c.txt'), 'only here');
  utimesSync(path.join(c, left), 1_700_000_000, 1_700_000_000);
  const before = [...contentsBelow(a), ...contentsBelow(c)];

  await space.up('c');
  const tree = await settled(space, ['a', 'b', 'c'], { seconds: 120, conflicts: true });
  const after = new Set(contentsBelow(c));
  expect(before.filter((content) => !after.has(content))).toEqual([]);
  expect(tree.has('both edited-a.txt') || tree.has('both edited-c.txt')).toBe(true);
  const { endpoints } = await space.status();
  expect(new Set(endpoints.map(({ files: count }) => count))).toEqual(new Set([files.length + 5]));
  const counters = endpoints.find(({ server }) => server === 'c')?.counters;
  const size = (name: string): number => statSync(path.join(c, name)).size;
  const own = 'both edited.txt at a, and at c'.length + size('only at c.txt');
  expect([counters?.['uploadedBytes'], counters?.['downloadedBytes']]).toEqual([
    own,
    size(absent) + 'both edited.txt at a'.length,
  ]);
}, 300_000);
