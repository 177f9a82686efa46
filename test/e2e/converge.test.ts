// Two sites and everyday work: equal trees, and then nothing is written any more (I1, I2).
import { appendFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { randomInt, seededRandom } from '../../lib/base/random.ts';
import { fill, filesBelow, pick, remove, rename, write } from './support/files.ts';
import { etagsOf } from './support/share.ts';
import { timesOf, treeOf } from './support/tree.ts';
import { Workspace } from './support/workspace.ts';

const seed = Number(process.env['TIDEWAY_SEED'] ?? Date.now() % 1_000_000_007);
let space: Workspace;

afterEach(() => space.dispose(), 30_000);

describe(`two sites (TIDEWAY_SEED=${seed})`, () => {
  test('2,000 mixed files, then edits, renames and deletes at both: equal trees, then silence', async () => {
    const random = seededRandom(seed);
    space = new Workspace('a', 'b');
    const [a, b] = [space.site('a'), space.site('b')];
    await space.up('a', 'b');
    const { files, directories } = fill(random, a, 2000);
    const first = await space.inSync(90);
    expect(treeOf(b)).toEqual(treeOf(a));
    expect(Object.values(treeOf(a))).toHaveLength(files.length + directories.length);
    expect(first.endpoints.map((each) => [each.files, each.problems, each.conflicts])).toEqual(
      Array.from({ length: 2 }, () => [2000, [], []]),
    );

    // Each site works on its own half, so that nothing of this is a conflict.
    const half = (side: number): string[] => files.filter((_, index) => index % 2 === side);
    for (const [side, root] of [a, b].entries())
      for (const [index, file] of half(side).entries()) {
        if (index % 10 === 0) appendFileSync(path.join(root, file), `more from ${side}`);
        else if (index % 10 === 1) rename(root, file, `${path.dirname(file)}/renamed-${side}-${index}`);
        else if (index % 10 === 2) rename(root, file, `moved-${side}-${index}`);
        else if (index % 10 === 3) remove(root, file);
        else if (index % 10 === 4) write(random, path.join(root, `${file}.new`));
      }
    const tops = directories.filter((name) => !name.includes('/'));
    const [renamed, into, under] = [tops[0], tops[1], tops[2]];
    if (renamed === undefined || into === undefined || under === undefined) throw new Error('too few directories');
    rename(a, renamed, `renamed ${renamed}`);
    rename(b, into, `${under}/moved ${into}`);
    remove(a, pick(random, tops.slice(3)));
    await space.inSync(90);
    const settled = treeOf(a);
    expect(treeOf(b)).toEqual(settled);
    expect(existsSync(path.join(b, `renamed ${renamed}`))).toBe(true);
    expect(existsSync(path.join(a, `${under}/moved ${into}`))).toBe(true);

    const before = {
      seq: (await space.status()).committedSeq,
      a: timesOf(a),
      b: timesOf(b),
      share: await etagsOf(space),
    };
    await space.inSync();
    const after = {
      seq: (await space.status()).committedSeq,
      a: timesOf(a),
      b: timesOf(b),
      share: await etagsOf(space),
    };
    expect(after).toEqual(before);
    expect(Object.keys(before.share)).toHaveLength(Object.keys(settled).length);
  }, 240_000);

  test('random work at both sites at once, round after round, ends in equal trees without a lost file', async () => {
    const random = seededRandom(seed + 1);
    space = new Workspace('a', 'b');
    const roots = [space.site('a'), space.site('b')];
    await space.up('a', 'b');
    fill(random, space.site('a'), 120);
    for (let round = 0; round < 5; round++) {
      await space.inSync();
      expect(treeOf(space.site('b'))).toEqual(treeOf(space.site('a')));
      for (const [side, root] of roots.entries())
        for (let step = 0; step < 12; step++) {
          const mine = filesBelow(root);
          const file = pick(random, mine);
          const act = randomInt(random, 4);
          if (act === 0) write(random, path.join(root, `${path.dirname(file)}/new-${round}-${side}-${step}`));
          else if (act === 1) rename(root, file, `${path.dirname(pick(random, mine))}/to-${round}-${side}-${step}`);
          else if (act === 2) remove(root, file);
          else if (existsSync(path.join(root, file))) appendFileSync(path.join(root, file), `${round} ${side} ${step}`);
        }
    }
    const last = await space.inSync();
    expect(treeOf(space.site('b'))).toEqual(treeOf(space.site('a')));
    expect(last.endpoints.flatMap((each) => each.problems)).toEqual([]);
  }, 120_000);
});
