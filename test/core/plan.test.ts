import { describe } from '@jest/globals';
import { checkPlans as check } from '../support/plan-cases.ts';

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
