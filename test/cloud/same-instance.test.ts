// A function instance keeps what it has read. The turn may pass while one of its committers stands still, and come back to the
// same instance: two at once that share what is kept.
import { expect, test } from '@jest/globals';
import { CloudWorld } from '../support/cloud-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { spared, type Fate } from '../support/life.ts';

test('a row that a zombie has read late is not taken for what is there now', async () => {
  const reads = await committerOfTwo(-1);
  expect(reads).toBeGreaterThan(5);
  for (let index = 0; index < reads; index++) await committerOfTwo(index);
});

/** Stands still after the read `index`, and again before its first transaction; answers how many calls come before that. */
async function committerOfTwo(index: number): Promise<number> {
  const world = await CloudWorld.create();
  const [paris, tokyo] = [await world.endpoint('paris'), await world.endpoint('tokyo')];
  await world.commit(paris, paris.create('root', 'a.txt', 'one'));
  const base = world.node('a.txt');
  const fate: Fate = (call, n) => {
    if (n === index) return 'freeze-after';
    return call.method === 'transact' ? 'freeze-before' : undefined;
  };
  const instance = new Map();
  const zombie = world.committer(fate, instance);
  const message = paris.seal([paris.edit(base, 'two of paris', { at: 1 })]);
  const late = zombie.commit(message);
  late.catch(() => {});
  await zombie.life.frozen;
  await world.committer(spared, instance).commit(tokyo.seal([tokyo.edit(base, 'two of tokyo', { at: 2 })]));
  zombie.life.thaw();
  await world.clock.sleep(0);
  const newest = world.node('a.txt');
  await world.committer(spared, instance).commit(tokyo.seal([tokyo.edit(newest, 'three of tokyo', { at: 3 })]));
  const calls = zombie.life.calls.length;
  zombie.life.thaw();
  await late.catch(() => {});
  await world.deliver(message);
  expect({ index, visible: world.visible(), broken: brokenInvariants(world) }).toEqual({
    index,
    visible: { 'a.txt': 'three of tokyo', 'a-paris.txt': 'two of paris' },
    broken: [],
  });
  return calls;
}
