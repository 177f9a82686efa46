import { expect, test } from '@jest/globals';
import { keyRuns } from '../../lib/cloud/key-runs.ts';
import { Chance } from '../support/chance.ts';

const key = (number: number): string => `id|paris-1-${number.toString(36)}`;
const numberOf = (each: string): number => parseInt(each.split('-').at(-1) ?? '', 36);

test.each<[string, readonly string[], readonly (readonly string[])[]]>([
  ['none', [], []],
  ['one', [key(7)], [[key(7)]]],
  ['close together, in any order', [key(38), key(36), key(37)], [[key(36), key(37), key(38)]]],
  ['numbers of two lengths, which text sorts otherwise', [key(35), key(36), key(34)], [[key(34), key(35)], [key(36)]]],
  ['one from long before', [key(9000), key(2000), key(9001)], [[key(2000)], [key(9000), key(9001)]]],
  ['of two makers', ['id|a-10', 'id|b-10', 'id|a-11'], [['id|a-10', 'id|a-11'], ['id|b-10']]],
  ['without a number', ['id|', 'id|a-'], [['id|'], ['id|a-']]],
])('%s', (_, keys, runs) => {
  expect(keyRuns(keys)).toEqual(runs);
});

test('each key is in one run, which is in the order of text and spans few others', () => {
  const chance = new Chance(4);
  for (let round = 0; round < 200; round++) {
    const keys = new Set(Array.from({ length: 1 + chance.below(60) }, () => key(chance.below(20_000))));
    const runs = keyRuns([...keys]);
    expect(runs.flat().toSorted()).toEqual([...keys].toSorted());
    for (const run of runs) {
      expect(run).toEqual(run.toSorted());
      const numbers = run.map(numberOf);
      const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
      expect(last - first).toBeLessThanOrEqual(64 * (run.length - 1));
    }
  }
});
