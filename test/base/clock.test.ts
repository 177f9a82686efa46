import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { systemClock } from '../../lib/base/clock.ts';

describe('sleep', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const state = async (sleeping: Promise<void>): Promise<string> => {
    const pending = Promise.resolve('asleep');
    return Promise.race([sleeping.then(() => 'awake'), pending.then(() => pending)]);
  };

  test.each([0, 1, 2 ** 31 - 1, 2 ** 31, 3 * 2 ** 31])('of %d ms ends then, not before', async (ms) => {
    const sleeping = systemClock.sleep(ms);
    await jest.advanceTimersByTimeAsync(Math.max(ms - 1, 0));
    expect(await state(sleeping)).toBe(ms === 0 ? 'awake' : 'asleep');
    await jest.advanceTimersByTimeAsync(1);
    expect(await state(sleeping)).toBe('awake');
  });

  test('rejects with the reason of the signal, before and during', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const sleeping = systemClock.sleep(1000, stop.signal);
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(systemClock.sleep(1000, stop.signal)).rejects.toBe(reason);
    expect(jest.getTimerCount()).toBe(0);
  });
});
