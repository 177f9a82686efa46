import { describe, expect, test } from '@jest/globals';
import { plan } from '../../lib/core/plan.ts';
import { temporaryName } from '../../lib/core/temporary-name.ts';
import { allIds, lines, tinyTrees, type TinyTrees } from '../support/tiny-trees.ts';

/** Rule, what is shown, the trees, the plan of all their nodes (or of `dirty` alone). */
interface Case extends TinyTrees {
  readonly it: string;
  readonly dirty?: readonly string[];
  readonly plan: readonly string[];
}

function check(cases: readonly Case[]): void {
  test.each(cases.map((one) => [one.it, one] as const))('%s', (_, one) => {
    const trees = tinyTrees(one);
    expect(lines(plan(trees, one.dirty ?? allIds(trees)))).toEqual(one.plan);
  });
}

const f = 'root/f';
const d = 'root/d/';

describe('P1 only here', () => {
  check([
    { it: 'a new file is created there', local: { a: `${f}=x` }, plan: ['send create a'] },
    { it: 'without its hash: it is hashed on its way', local: { a: `${f}=?` }, plan: ['send create a'] },
    { it: 'a new directory is made there', local: { a: d }, plan: ['send mkdir a'] },
    {
      it: 'parents before children, whatever is dirty first',
      local: { a: 'b/f=x', b: 'c/b/', c: 'root/c/' },
      plan: ['send mkdir c', 'send mkdir b', 'send create a'],
    },
    {
      it: 'a dirty child brings its parents',
      local: { a: 'b/f=x', b: 'root/b/' },
      dirty: ['a'],
      plan: ['send mkdir b', 'send create a'],
    },
    {
      it: 'below a directory in flight at once: the committer takes them in order',
      local: { a: 'b/f=x', b: 'root/b/' },
      flight: ['b'],
      plan: ['send create a', 'later b'],
    },
    {
      it: 'below a directory that is left alone: not at all',
      local: { a: 'b/f=x', b: 'root/b/', c: 'root/c=x' },
      held: { b: 'name_too_long' },
      plan: ['send create c', 'later a', 'problem b name_too_long'],
    },
    { it: 'not while a writer is at it', local: { a: `${f}=?*`, b: 'root/g=x' }, plan: ['send create b', 'later a'] },
    { it: 'not twice', local: { a: `${f}=x` }, flight: ['a'], plan: ['later a'] },
  ]);
});

describe('P2 only there', () => {
  check([
    { it: 'a new file is fetched', remote: { a: `${f}=x` }, plan: ['do fetch a'] },
    {
      it: 'parents first, and from a child alone',
      remote: { a: 'b/f=x', b: 'c/b/', c: 'root/c/' },
      dirty: ['a'],
      plan: ['do mkdir c', 'do mkdir b', 'do fetch a'],
    },
    {
      it: 'a name that cannot exist here',
      remote: { a: `root/${'é'.repeat(128)}=x` },
      plan: ['problem a name_too_long'],
    },
    {
      it: 'names are settled before contents',
      remote: { a: 'root/a=x', b: 'root/b/' },
      plan: ['do mkdir b', 'do fetch a'],
    },
  ]);
});

describe('P3 the same name made at both sides', () => {
  check([
    {
      it: 'directories are one; what is in them comes in the next plan',
      local: { a: d, b: 'a/f=x' },
      remote: { z: d },
      plan: ['agree z = root/d@0', 'adopt a as z', 'later b', 'later z'],
    },
    {
      it: 'files of one size: hash first',
      local: { a: `${f}=?` },
      remote: { z: `${f}=x` },
      plan: ['hash a', 'later z'],
    },
    {
      it: 'equal files are one, without transfer',
      local: { a: `${f}=x` },
      remote: { z: `${f}=x` },
      plan: ['agree z = root/f@1', 'adopt a as z', 'later z'],
    },
    {
      it: 'other files: the committer makes the conflict',
      local: { a: `${f}=x` },
      remote: { z: `${f}=y` },
      plan: ['send create a', 'later z'],
    },
    {
      it: 'of other size: without hashing',
      local: { a: `${f}=?` },
      remote: { z: `${f}=yx2` },
      plan: ['send create a', 'later z'],
    },
    {
      it: 'content found on the share and never read cannot be said to be equal',
      local: { a: `${f}=x` },
      remote: { z: `${f}=?` },
      plan: ['send create a', 'later z'],
    },
    {
      it: 'file against directory: the committer decides',
      local: { a: 'root/d=x' },
      remote: { z: d },
      plan: ['send create a', 'later z'],
    },
    {
      it: 'from the remote one alone',
      local: { a: d },
      remote: { z: d },
      dirty: ['z'],
      plan: ['agree z = root/d@0', 'adopt a as z', 'later z'],
    },
    {
      it: 'a new directory where others moved a known one: the committer merges them',
      local: { a: d, z: 'root/old/' },
      synced: { z: 'root/old/' },
      remote: { z: d },
      plan: ['send mkdir a', 'later z'],
    },
  ]);
});

describe('P4 gone here', () => {
  check([
    {
      it: 'a file unchanged there is deleted there',
      synced: { a: `${f}=x@3` },
      remote: { a: `${f}=x@3` },
      plan: ['send delete a on 3'],
    },
    {
      it: 'an edit beats a delete',
      synced: { a: `${f}=x@3` },
      remote: { a: `${f}=y@5` },
      plan: ['forget a', 'do fetch a'],
    },
    {
      it: 'a directory goes with one operation',
      synced: { a: d, b: 'a/b/', c: 'b/f=x' },
      remote: { a: d, b: 'a/b/', c: 'b/f=x' },
      plan: ['send rmdir a'],
    },
    {
      it: 'of a dirty child alone the same',
      synced: { a: d, b: 'a/b/', c: 'b/f=x' },
      remote: { a: d, b: 'a/b/', c: 'b/f=x' },
      dirty: ['c'],
      plan: ['send rmdir a'],
    },
    {
      it: 'what moved out of it goes first',
      local: { c: 'root/f=x' },
      synced: { a: d, c: 'a/f=x' },
      remote: { a: d, c: 'a/f=x' },
      dirty: ['a'],
      plan: ['send move c to root/f', 'later a'],
    },
    {
      it: 'what is in flight below goes first',
      synced: { a: d, c: 'a/f=x' },
      remote: { a: d, c: 'a/f=x' },
      flight: ['c'],
      plan: ['later c', 'later a'],
    },
    {
      it: 'something new there brings it back, the rest is deleted one by one',
      synced: { a: d, b: 'a/b/', c: 'a/c=x', e: 'b/e=x' },
      remote: { a: d, b: 'a/b/', c: 'a/c=x', e: 'b/e=x', n: 'a/n=y@9' },
      plan: ['forget a', 'send rmdir b', 'send delete c on 1', 'do mkdir a', 'do fetch n'],
    },
    {
      it: 'something changed there brings it back',
      synced: { a: d, b: 'a/b/', e: 'b/e=x' },
      remote: { a: d, b: 'a/b/', e: 'b/e=y@9' },
      plan: ['forget a', 'forget b', 'forget e', 'do mkdir a', 'do mkdir b', 'do fetch e'],
    },
    {
      it: 'something moved into it there brings it back',
      local: { e: 'root/e=x' },
      synced: { a: d, e: 'root/e=x' },
      remote: { a: d, e: 'a/e=x' },
      plan: ['forget a', 'do mkdir a', 'do move e to a/e'],
    },
    { it: 'gone at both sides: forgotten', synced: { a: `${f}=x` }, plan: ['forget a'] },
    {
      it: 'deleted here, moved there: deleted',
      synced: { a: `${f}=x` },
      remote: { a: 'root/g=x' },
      plan: ['send delete a on 1'],
    },
  ]);
});

describe('P5 gone there', () => {
  check([
    {
      it: 'a file unchanged here is removed',
      local: { a: `${f}=x` },
      synced: { a: `${f}=x` },
      plan: ['do remove a'],
    },
    { it: 'only moved here: removed', local: { a: 'root/g=x' }, synced: { a: `${f}=x` }, plan: ['do remove a'] },
    {
      it: 'edited here: an edit beats a delete',
      local: { a: `${f}=y` },
      synced: { a: `${f}=x@4` },
      plan: ['send edit a on 4'],
    },
    { it: 'perhaps edited here: hash first', local: { a: `${f}=?` }, synced: { a: `${f}=x` }, plan: ['hash a'] },
    {
      it: 'a directory after what is in it',
      local: { a: d, b: 'a/b/', c: 'b/f=x' },
      synced: { a: d, b: 'a/b/', c: 'b/f=x' },
      dirty: ['a'],
      plan: ['do remove c', 'do rmdir b', 'do rmdir a'],
    },
    {
      it: 'something new here keeps it, and is proposed',
      local: { a: d, b: 'a/b/', c: 'b/f=x', n: 'b/n=y' },
      synced: { a: d, b: 'a/b/', c: 'b/f=x' },
      plan: ['send create n', 'do remove c', 'later b', 'later a'],
    },
    {
      it: 'what was moved out of it there is moved out here first',
      local: { a: d, c: 'a/f=x' },
      synced: { a: d, c: 'a/f=x' },
      remote: { c: 'root/f=x' },
      dirty: ['a'],
      plan: ['do move c to root/f', 'do rmdir a'],
    },
  ]);
});

describe('P6 content of a file that all three have', () => {
  const one = (local: string, synced: string, remote: string): TinyTrees => ({
    local: { a: local },
    synced: { a: synced },
    remote: { a: remote },
  });
  check([
    { it: 'equal: nothing', ...one(`${f}=x`, `${f}=x`, `${f}=x`), plan: [] },
    { it: 'edited here', ...one(`${f}=y`, `${f}=x@2`, `${f}=x@2`), plan: ['send edit a on 2'] },
    { it: 'perhaps edited here', ...one(`${f}=?`, `${f}=x`, `${f}=x`), plan: ['hash a'] },
    { it: 'certainly edited: another size', ...one(`${f}=?`, `${f}=xx9`, `${f}=xx9`), plan: ['send edit a on 1'] },
    { it: 'edited there', ...one(`${f}=x`, `${f}=x@2`, `${f}=y@5`), plan: ['do replace a'] },
    { it: 'edited there, perhaps here', ...one(`${f}=?`, `${f}=x@2`, `${f}=y@5`), plan: ['hash a'] },
    { it: 'edited alike', ...one(`${f}=y`, `${f}=x@2`, `${f}=y@5`), plan: ['agree a = root/f@5'] },
    {
      it: 'edited differently: the committer decides',
      ...one(`${f}=z`, `${f}=x@2`, `${f}=y@5`),
      plan: ['send edit a on 2'],
    },
    { it: 'edited there, a writer at it here: later', ...one(`${f}=?*`, `${f}=x@2`, `${f}=y@5`), plan: ['later a'] },
    {
      it: 'edited there, in flight here: later',
      ...one(`${f}=z`, `${f}=x@2`, `${f}=y@5`),
      flight: ['a'],
      plan: ['later a'],
    },
    { it: 'never agreed on, equal', local: { a: `${f}=y` }, remote: { a: `${f}=y@5` }, plan: ['agree a = root/f@5'] },
    { it: 'never agreed on, perhaps equal', local: { a: `${f}=?` }, remote: { a: `${f}=y@5` }, plan: ['hash a'] },
    { it: 'never agreed on, different', local: { a: `${f}=z` }, remote: { a: `${f}=y@5` }, plan: ['send edit a on 0'] },
  ]);
});

describe('P7 place of a node that all three have', () => {
  const one = (local: string, synced: string, remote: string): TinyTrees => ({
    local: { a: local },
    synced: { a: synced },
    remote: { a: remote },
  });
  check([
    { it: 'moved here', ...one('root/g=x', `${f}=x`, `${f}=x`), plan: ['send move a to root/g'] },
    { it: 'moved there', ...one(`${f}=x`, `${f}=x`, 'root/g=x'), plan: ['do move a to root/g'] },
    { it: 'moved alike', ...one('root/g=x', `${f}=x`, 'root/g=x'), plan: ['agree a = root/g@1'] },
    {
      it: 'moved differently: the later row of the log wins',
      ...one('root/g=x', `${f}=x`, 'root/h=x'),
      plan: ['send move a to root/g'],
    },
    {
      it: 'moved and edited here: the move first',
      ...one('root/g=y', `${f}=x`, `${f}=x`),
      plan: ['send move a to root/g'],
    },
    {
      it: 'into a directory made here',
      local: { a: 'b/f=x', b: 'root/b/' },
      synced: { a: `${f}=x` },
      remote: { a: `${f}=x` },
      plan: ['send mkdir b', 'send move a to b/f'],
    },
    {
      it: 'into a directory made there',
      local: { a: `${f}=x` },
      synced: { a: `${f}=x` },
      remote: { a: 'b/f=x', b: 'root/b/' },
      plan: ['do mkdir b', 'do move a to b/f'],
    },
    {
      it: 'a name that cannot exist here',
      ...one(`${f}=x`, `${f}=x`, `root/${'y'.repeat(256)}=x`),
      plan: ['problem a name_too_long'],
    },
  ]);
});

describe('P8 mode and time', () => {
  const one = (local: string, synced: string, remote: string): TinyTrees => ({
    local: { a: local },
    synced: { a: synced },
    remote: { a: remote },
  });
  check([
    { it: 'mode here', ...one(`${f}=x!600`, `${f}=x`, `${f}=x`), plan: ['send attributes a on 1'] },
    { it: 'mode there', ...one(`${f}=x`, `${f}=x`, `${f}=x!600`), plan: ['do attributes a'] },
    { it: 'mode of both: the remote wins', ...one(`${f}=x!700`, `${f}=x`, `${f}=x!600`), plan: ['do attributes a'] },
    { it: 'alike', ...one(`${f}=x!600`, `${f}=x`, `${f}=x!600`), plan: ['agree a = root/f@1'] },
    { it: 'only a new time here', ...one(`${f}=x~7`, `${f}=x`, `${f}=x`), plan: ['send attributes a on 1'] },
    { it: 'only a new time there', ...one(`${f}=x`, `${f}=x`, `${f}=x~7`), plan: ['do attributes a'] },
    { it: 'directory times are not synced', ...one(`${d}~7`, d, `${d}~9`), plan: [] },
    { it: 'directory modes are', ...one(`${d}!700`, d, d), plan: ['send attributes a on 0'] },
  ]);
});

describe('P9 names are freed before they are taken', () => {
  const swap = { a: 'root/a=x', b: 'root/b=y' };
  const swapped = { a: 'root/b=x', b: 'root/a=y' };
  const tmpA = temporaryName('a', 'a');
  check([
    {
      it: 'a chain of renames here',
      local: { a: 'root/b=x', b: 'root/c=y', c: 'root/d=z' },
      synced: { a: 'root/a=x', b: 'root/b=y', c: 'root/c=z' },
      remote: { a: 'root/a=x', b: 'root/b=y', c: 'root/c=z' },
      plan: ['send move c to root/d', 'send move b to root/c', 'send move a to root/b'],
    },
    {
      it: 'a chain of renames there, from one of it alone',
      local: { a: 'root/a=x', b: 'root/b=y', c: 'root/c=z' },
      synced: { a: 'root/a=x', b: 'root/b=y', c: 'root/c=z' },
      remote: { a: 'root/b=x', b: 'root/c=y', c: 'root/d=z' },
      dirty: ['a'],
      plan: ['do move c to root/d', 'do move b to root/c', 'do move a to root/b'],
    },
    {
      it: 'a swap here goes through a temporary name',
      local: swapped,
      synced: swap,
      remote: swap,
      plan: [`send move a to root/${tmpA}`, 'send move b to root/a', 'later a'],
    },
    {
      it: 'a swap there goes through a temporary name',
      local: swap,
      synced: swap,
      remote: swapped,
      plan: ['do park a', 'do move b to root/a', 'do move a to root/b'],
    },
    {
      it: 'a deleted name taken by another node here',
      local: { b: 'root/a=y' },
      synced: swap,
      remote: swap,
      plan: ['send delete a on 1', 'send move b to root/a'],
    },
    {
      it: 'a deleted name taken by another node there',
      local: swap,
      synced: swap,
      remote: { b: 'root/a=y' },
      plan: ['do remove a', 'do move b to root/a'],
    },
    {
      it: 'a name taken here by a new file waits for the log',
      local: { b: 'root/b=y', n: 'root/a=z' },
      synced: { b: 'root/b=y' },
      remote: { b: 'root/a=y' },
      plan: ['send create n', 'later b'],
    },
    {
      it: 'a name held by a node in flight waits',
      local: { a: 'root/c=x', n: 'root/a=z' },
      synced: { a: 'root/a=x' },
      remote: { a: 'root/a=x' },
      flight: ['a'],
      plan: ['later a', 'later n'],
    },
    {
      it: 'a directory takes the name of the one it was in',
      local: { c: 'root/d/' },
      synced: { a: 'root/d/', c: 'a/c/' },
      remote: { a: 'root/d/', c: 'a/c/' },
      plan: [`send move a to root/${temporaryName('d', 'a')}`, 'send move c to root/d', 'later a'],
    },
    {
      it: 'the same, done there',
      local: { a: 'root/d/', c: 'a/c/' },
      synced: { a: 'root/d/', c: 'a/c/' },
      remote: { c: 'root/d/' },
      plan: ['do park a', 'do move c to root/d', 'do rmdir a'],
    },
  ]);
});

describe('P10 no circle of parents on the way', () => {
  check([
    {
      it: 'parent and child change places here',
      local: { a: 'b/a/', b: 'root/b/' },
      synced: { a: 'root/a/', b: 'a/b/' },
      remote: { a: 'root/a/', b: 'a/b/' },
      plan: ['send move b to root/b', 'send move a to b/a'],
    },
    {
      it: 'parent and child change places there',
      local: { a: 'root/a/', b: 'a/b/' },
      synced: { a: 'root/a/', b: 'a/b/' },
      remote: { a: 'b/a/', b: 'root/b/' },
      plan: ['do move b to root/b', 'do move a to b/a'],
    },
    {
      it: 'parent and child change places and names',
      local: { a: 'b/b/', b: 'root/a/' },
      synced: { a: 'root/a/', b: 'a/b/' },
      remote: { a: 'root/a/', b: 'a/b/' },
      plan: [`send move a to root/${temporaryName('a', 'a')}`, 'send move b to root/a', 'later a'],
    },
    {
      it: 'three directories turned inside out: top down in the tree that results',
      local: { a: 'b/a/', b: 'c/b/', c: 'root/c/' },
      synced: { a: 'root/a/', b: 'root/b/', c: 'a/c/' },
      remote: { a: 'root/a/', b: 'root/b/', c: 'a/c/' },
      plan: ['send move c to root/c', 'send move b to c/b', 'send move a to b/a'],
    },
    {
      it: 'into one that others put below it: waits for the log',
      local: { a: 'b/a/', b: 'root/b/' },
      synced: { a: 'root/a/', b: 'root/b/' },
      remote: { a: 'root/a/', b: 'a/b/' },
      flight: ['a'],
      plan: ['later a', 'later b'],
    },
  ]);
});
