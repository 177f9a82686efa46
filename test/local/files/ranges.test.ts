import { expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import {
  add,
  clip,
  formatRanges,
  parseRanges,
  remove,
  subtract,
  type Ranges,
} from '../../../lib/local/files/ranges.ts';

const size = 40;
const interval = fc.tuple(fc.nat(size), fc.nat(size)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const steps = fc.array(fc.tuple(fc.constantFrom('add', 'remove'), interval), { maxLength: 30 });

// The model is a list of booleans, one a byte.
function bits(ranges: Ranges): boolean[] {
  const out = Array.from({ length: size }, () => false);
  for (let i = 0; i + 1 < ranges.length; i += 2) out.fill(true, ranges[i], ranges[i + 1]);
  return out;
}

function build(list: readonly (readonly [string, readonly [number, number]])[]): Ranges {
  return list.reduce<Ranges>(
    (ranges, [what, [start, end]]) => (what === 'add' ? add(ranges, start, end) : remove(ranges, start, end)),
    [],
  );
}

test('adding and removing does to ranges what it does to bytes, in a canonical form', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const model = Array.from({ length: size }, () => false);
      for (const [what, [start, end]] of list) model.fill(what === 'add', start, end);
      const ranges = build(list);
      expect(bits(ranges)).toEqual(model);
      // Strictly ascending: sorted, none empty, none touching.
      for (let i = 1; i < ranges.length; i++) expect(ranges[i]).toBeGreaterThan(ranges[i - 1] ?? -1);
      expect(parseRanges(formatRanges(ranges))).toEqual(ranges);
    }),
  );
});

test('clip and subtract are what their names say', () => {
  fc.assert(
    fc.property(steps, steps, interval, (one, two, [start, end]) => {
      const [a, b] = [build(one), build(two)];
      expect(bits(clip(a, start, end))).toEqual(bits(a).map((bit, i) => bit && i >= start && i < end));
      expect(bits(subtract(a, b))).toEqual(bits(a).map((bit, i) => bit && bits(b)[i] !== true));
    }),
  );
});
