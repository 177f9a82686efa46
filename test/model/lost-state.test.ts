// The state of an agent is lost in the middle of a storm: it begins anew on a disk that is full of work. Nothing that somebody
// saved may be gone, and all come to rest; what was deleted may come back, because nobody knows of it any more.
import { expect, test } from '@jest/globals';
import { simulate } from './simulate.ts';

let lost = 0;

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'seed %d',
  async (seed) => {
    const { broken, lines } = await simulate(seed, { weather: { lostStates: 1.5 } });
    expect(broken).toEqual([]);
    lost += lines.filter((line) => line.endsWith('state lost')).length;
  },
  60_000,
);

test('it did happen', () => {
  expect(lost).toBeGreaterThan(4);
});
