import { expect, test } from '@jest/globals';
import { Recent } from '../../lib/agent/state/recent.ts';
import { randomInt, seededRandom } from '../../lib/base/random.ts';

test('always the row of the table behind it, and few reads of it', () => {
  const seed = Number(process.env['SEED'] ?? 1);
  const random = seededRandom(seed);
  const table = new Map<string, number>();
  const recent = new Recent<number>(8);
  let [gets, reads] = [0, 0];
  for (let step = 0; step < 20_000; step++) {
    // Mostly the same few, as nodes on their way are.
    const key = `${randomInt(random, randomInt(random, 4) === 0 ? 100 : 6)}`;
    switch (randomInt(random, 5)) {
      case 0:
        table.set(key, step);
        recent.set(key, step);
        break;
      case 1:
        table.delete(key);
        recent.set(key, undefined);
        break;
      default: {
        gets++;
        const row = recent.get(key, (asked) => {
          reads++;
          return table.get(asked);
        });
        expect([seed, step, row]).toEqual([seed, step, table.get(key)]);
      }
    }
  }
  expect(reads).toBeGreaterThan(0);
  expect(reads).toBeLessThan(gets / 2);
});

test('never more rows than twice its size, absent ones counted; after a clear all are read anew', () => {
  const recent = new Recent<number>(4);
  for (let key = 0; key < 100; key++) recent.get(`${key}`, () => undefined);
  const known = (): number =>
    Array.from({ length: 100 }, (_, key) => key).filter((key) => {
      let read = false;
      recent.get(`${key}`, () => {
        read = true;
        return undefined;
      });
      return !read;
    }).length;
  expect(known()).toBeLessThanOrEqual(8);
  recent.clear();
  let reads = 0;
  recent.get('99', () => ++reads);
  expect(reads).toBe(1);
});
