// Two sites and everyday work: equal trees, and then nothing is written any more (I1, I2).
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { randomInt, seededRandom, type Random } from '../../lib/base/random.ts';
import { directoriesBelow, fill, filesBelow, pick, remove, rename, write } from './support/files.ts';
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

  test('random work at both sites at once, round after round: equal trees, and nothing that was kept is lost or doubled', async () => {
    const random = seededRandom(seed + 1);
    space = new Workspace('a', 'b');
    await space.up('a', 'b');
    fill(random, space.site('a'), 120);
    const kept: string[] = [];
    for (let round = 0; round < 5; round++) {
      await space.inSync();
      expect(treeOf(space.site('b'))).toEqual(treeOf(space.site('a')));
      // Neither hears of the other meanwhile, and what the test looks at stands still.
      await space.run('endpoint', 'pause');
      for (const side of ['a', 'b'] as const)
        for (let step = 0; step < 14; step++) act(random, space.site(side), `${round}-${side}-${step}`, kept);
      await space.run('endpoint', 'resume');
    }
    const last = await space.inSync();
    expect(treeOf(space.site('b'))).toEqual(treeOf(space.site('a')));
    expect(last.endpoints.flatMap((each) => each.problems)).toEqual([]);
    const texts = filesBelow(space.site('a')).map((file) => readFileSync(path.join(space.site('a'), file), 'latin1'));
    expect(texts.filter((text) => text.startsWith(mark)).toSorted(byText)).toEqual(kept.toSorted(byText));
  }, 120_000);
});

/** Files that begin so are moved, but never edited or deleted at the site that sees them. */
const mark = 'to be kept: ';
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** One thing that a user does at a site, told apart from all others by `tag`. */
function act(random: Random, root: string, tag: string, kept: string[]): void {
  const files = filesBelow(root);
  const directories = ['', ...directoriesBelow(root)];
  const isKept = (file: string): boolean => readFileSync(path.join(root, file), 'latin1').startsWith(mark);
  const file = pick(random, files);
  const directory = pick(random, directories);
  const into = pick(random, directories);
  switch (randomInt(random, 8)) {
    case 0:
      writeFileSync(path.join(root, directory, `kept-${tag}`), `${mark}${tag}`);
      kept.push(`${mark}${tag}`);
      break;
    case 1:
      mkdirSync(path.join(root, directory, `made-${tag}`));
      break;
    case 2:
      write(random, path.join(root, directory, `new-${tag}`));
      break;
    case 3:
      rename(root, file, path.join(into, `to-${tag}`));
      break;
    case 4:
      if (directory !== '' && into !== directory && !into.startsWith(`${directory}/`))
        rename(root, directory, path.join(into, `moved-${tag}`));
      break;
    case 5:
      if (!isKept(file)) remove(root, file);
      break;
    case 6:
      if (directory !== '' && files.every((each) => !each.startsWith(`${directory}/`) || !isKept(each)))
        remove(root, directory);
      break;
    default:
      if (!isKept(file)) appendFileSync(path.join(root, file), tag);
  }
}
