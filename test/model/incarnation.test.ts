// Whose turn it is to speak for an endpoint: what a request does that was sent twice, or arrives late.
import { expect, test } from '@jest/globals';
import { claimIncarnation } from '../../lib/cloud/registry.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';

test('a new incarnation is given once to each holder, however often it asks', async () => {
  const world = await CloudWorld.create();
  const { id } = await world.endpoint('paris');
  const { cloud } = world.committer();
  const claim = (holder: string, incarnation: number) => claimIncarnation(cloud, group, id, holder, incarnation);
  const first = await claim('one', 0);
  expect(await claim('one', 0)).toEqual(first);
  expect(await claim('one', first.incarnation)).toEqual(first);
  const second = await claim('two', 0);
  expect(second.incarnation).toBe(first.incarnation + 1);
  await expect(claim('one', first.incarnation)).rejects.toMatchObject({ code: 'clone' });
});
