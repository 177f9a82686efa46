import { describe, expect, test } from '@jest/globals';
import { Renewed } from '../../../lib/agent/remote/renewed.ts';

function rig(freshFor = 100) {
  const world = { now: 0, made: 0, dropped: [] as number[], failing: false };
  const renewed = new Renewed({
    make: async () => {
      await Promise.resolve();
      if (world.failing) throw new Error(`no ${++world.made}`);
      return { number: ++world.made, until: world.now + freshFor };
    },
    isFresh: ({ until }) => until > world.now,
    drop: ({ number }) => {
      world.dropped.push(number);
      return Promise.resolve();
    },
  });
  const get = async (): Promise<number> => (await renewed.get()).number;
  return { world, renewed, get };
}

describe('a renewed value', () => {
  test('is made once for all who ask, and anew once when it has aged', async () => {
    const { world, get } = rig();
    expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
    world.now = 100;
    expect(await Promise.all([get(), get(), get()])).toEqual([2, 2, 2]);
    expect(world).toMatchObject({ made: 2, dropped: [1] });
  });

  test('a making that fails is told to all who waited for it, and tried again by the next', async () => {
    const { world, get } = rig();
    world.failing = true;
    const answers = await Promise.allSettled([get(), get(), get()]);
    expect(answers.map((each) => (each.status === 'rejected' ? String(each.reason) : ''))).toEqual(
      Array(3).fill('Error: no 1'),
    );
    world.failing = false;
    expect(await get()).toBe(2);
  });

  test('one that is never fresh is taken as it is', async () => {
    const { world, get } = rig(0);
    expect([await get(), await get()]).toEqual([1, 2]);
    expect(world.dropped).toEqual([1]);
  });

  test('is dropped by close', async () => {
    const { world, renewed, get } = rig();
    await renewed.close();
    expect(world.dropped).toEqual([]);
    await get();
    await renewed.close();
    expect(world.dropped).toEqual([1]);
  });
});
