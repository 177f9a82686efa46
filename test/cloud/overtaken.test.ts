// What is read while somebody else commits may contradict itself. The reason is then that, and not what it looks like.
import { expect, test } from '@jest/globals';
import { HeadMoved, reasonOf } from '../../lib/cloud/transact.ts';
import { View } from '../../lib/cloud/view.ts';
import { emptyCache } from '../../lib/cloud/cached-rows.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';

const broken = new Error('broken invariant: d is not alive');

async function begin() {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  await world.commit(paris, paris.create('root', 'a', 'one'));
  const { table } = world.committer().cloud;
  const view = new View(table, group, emptyCache());
  await view.refresh();
  return { table, view, commit: () => world.commit(paris, paris.create('root', 'b', 'two')) };
}

test('a contradiction after somebody else committed: overtaken, with what it looked like as its cause', async () => {
  const { table, view, commit } = await begin();
  await commit();
  const reason = await reasonOf(table, view, broken);
  expect(reason).toBeInstanceOf(HeadMoved);
  expect((reason as Error).cause).toBe(broken);
});

test('a contradiction while nobody committed is one', async () => {
  const { table, view } = await begin();
  expect(await reasonOf(table, view, broken)).toBe(broken);
});

test('any other error is what it is, also where somebody committed', async () => {
  const { table, view, commit } = await begin();
  await commit();
  const other = new Error('the share is away');
  expect(await reasonOf(table, view, other)).toBe(other);
});

test('a table that does not answer leaves it as it is', async () => {
  const { table, view } = await begin();
  const get = () => Promise.reject(new Error('the table is away'));
  expect(await reasonOf({ ...table, get }, view, broken)).toBe(broken);
});
