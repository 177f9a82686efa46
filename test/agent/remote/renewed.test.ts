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
    isSpent: (_, error) => error instanceof Error && error.message === 'spent',
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

  test('is made anew after an act with it that says so, once for all whose acts do, and for no other failure', async () => {
    const { world, renewed, get } = rig();
    const acts = (message: string) =>
      renewed.use(({ number }) => Promise.reject(new Error(`${message}`, { cause: number })));
    expect(await renewed.use(({ number }) => Promise.resolve(number))).toBe(1);
    await expect(acts('something else')).rejects.toThrow('something else');
    expect(await get()).toBe(1);
    await Promise.allSettled([acts('spent'), acts('spent'), acts('spent')]);
    expect(await get()).toBe(2);
    expect(world).toMatchObject({ made: 2, dropped: [1] });
  });

  test('of an act that ends when another value is there, or when none can be made, only the error is told', async () => {
    const { world, renewed, get } = rig();
    const late = Promise.withResolvers<never>();
    const act = renewed.use(() => late.promise);
    await get();
    world.now = 100;
    world.failing = true;
    const next = get();
    late.reject(new Error('spent'));
    await expect(act).rejects.toThrow('spent');
    await expect(next).rejects.toThrow('no 2');
    expect(world.dropped).toEqual([1]);
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
