// Who watches the watchman: code that breaks one rule, and the seed that catches it. Any change of the product shifts what a
// seed does, so when the first one no longer meets the fault, others may.
import { describe, expect, test } from '@jest/globals';
import { planted } from './planted.ts';
import { simulate, type Options } from './simulate.ts';

const caughtBy: Readonly<Record<string, number>> = {
  'the committer replaces what has the name': 9,
  'what is overwritten is removed, not moved aside': 1,
  'the ETag of the head is forgotten': 2,
  "the endpoint's counter is not moved": 1,
  'no intent is written': 1,
  'the row of a node is lost, its log row is not': 1,
  'a copy gets another name than the intent says': 1,
  'a download is not bound to an ETag': 2,
  'nobody compares a download with its hash': 1,
  'an effect of the log is lost': 1,
  'the cursor is moved before the effects': 5,
  'nothing is flushed before the state says that it is here': 2,
  'the mark of the root is not looked at': 1,
  'what is replaced here is not set aside': 39,
};
const others = 100;

/** What makes a fault likely to be met. */
const days: Readonly<Record<string, Partial<Options>>> = {
  'the mark of the root is not looked at': { weather: { unmounts: 2 } },
  'the ETag of the head is forgotten': { weather: { lostLocks: 13 } },
  'what is replaced here is not set aside': { weather: { programs: 3.5 } },
};

describe.each([...planted])('%s', (name, plants) => {
  test('is caught', async () => {
    const first = caughtBy[name] ?? 1;
    const seeds = [first, ...Array.from({ length: others }, (_, index) => index + 1)];
    for (const seed of seeds) {
      const { broken } = await simulate(seed, { plants, looks: 1, ...days[name] });
      if (broken.length > 0) return;
    }
    expect(`${name}: none of ${seeds.length} seeds`).toBe('caught');
  }, 120_000);
});

test('every planted fault has its seed', () => {
  expect(Object.keys(caughtBy).toSorted()).toEqual([...planted.keys()].toSorted());
});
