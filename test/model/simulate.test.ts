// The whole system, over and over, each time another day: SEED=7 repeats one, SEEDS=1..10000 takes others.
import { describe, expect, test } from '@jest/globals';
import { seedsOf, tryTwice } from './soak.ts';

const [from, to] = seedsOf(process.env, [1, 200]);
const atOnce = 10;

describe('three agents, the backend and people everywhere, through a storm', () => {
  for (let first = from; first <= to; first += atOnce) {
    const last = Math.min(first + atOnce - 1, to);
    test(`seeds ${first}..${last} come to rest with everything as it must be, and are the same twice`, async () => {
      const wrong: string[] = [];
      for (let seed = first; seed <= last; seed++) {
        const each = await tryTwice(seed);
        if (each !== undefined) wrong.push(each);
      }
      expect(wrong).toEqual([]);
    }, 120_000);
  }
});
