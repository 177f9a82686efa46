import { describe } from '@jest/globals';
import { temporaryName } from '../../lib/core/temporary-name.ts';
import { checkPlans as check } from '../support/plan-cases.ts';

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
      it: 'a name that is being given to a node that has left it again is waited for',
      local: { a: 'root/a.bak=x', b: 'root/a=y', c: 'root/c=z' },
      flight: ['a'],
      claimed: { 'root/a': 'a' },
      plan: ['send create c', 'later a', 'later b'],
    },
    {
      it: 'the same where nothing of it is left',
      local: { b: 'root/a=y' },
      flight: ['a'],
      claimed: { 'root/a': 'a' },
      plan: ['later b'],
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
    {
      it: 'a directory that others put something into, where it waits to be deleted, comes back under its name',
      local: { c: 'root/d/' },
      synced: { a: `root/${temporaryName('d', 'a')}/`, c: 'root/d/' },
      remote: { a: `root/${temporaryName('d', 'a')}/`, c: 'root/d/', n: 'a/new=x' },
      plan: ['send move a to root/d', 'later n'],
    },
    {
      it: 'the same once it has a name',
      local: { c: 'root/d/' },
      synced: { a: 'root/d-paris/', c: 'root/d/' },
      remote: { a: 'root/d-paris/', c: 'root/d/', n: 'a/new=x' },
      plan: ['forget a', 'do mkdir a', 'do fetch n'],
    },
    {
      it: 'a file that is deleted where it waits, and was changed there',
      local: { b: 'root/a=y' },
      synced: { a: `root/${temporaryName('a', 'a')}=x`, b: 'root/a=y' },
      remote: { a: `root/${temporaryName('a', 'a')}=z@2`, b: 'root/a=y' },
      plan: ['send move a to root/a'],
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
