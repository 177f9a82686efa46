import { describe, expect, test } from '@jest/globals';
import {
  addChanges,
  countOf,
  isMassChange,
  isOld,
  isShrunk,
  nothingChanged,
  type Changed,
  type MassLimits,
} from '../../lib/core/brakes.ts';

const minute = 60_000;
const hour = 60 * minute;
const limits: MassLimits = { percent: 25, files: 1000, windowMs: hour };

/** Minutes, old files changed then, files that the endpoint says it has. */
type Step = readonly [minutes: number, count: number, files: number];

function after(steps: readonly Step[], of = limits): Changed {
  return steps.reduce(
    (changed, [minutes, count, files]) => addChanges(changed, { count, files }, of, minutes * minute),
    nothingChanged,
  );
}

describe('B1 a mass change', () => {
  test.each<[string, readonly Step[], boolean]>([
    ['is enough files and enough of all', [[0, 1000, 4000]], true],
    ['is not one file less', [[0, 999, 2000]], false],
    ['is not less than its part', [[0, 1000, 4001]], false],
    [
      'may come in parts',
      [
        [0, 400, 3000],
        [20, 300, 3000],
        [50, 300, 3000],
      ],
      true,
    ],
    [
      'may take no longer than the window',
      [
        [0, 900, 3000],
        [61, 900, 3000],
      ],
      false,
    ],
    [
      'is seen across the borders of parts of a window',
      [
        [55, 500, 3000],
        [65, 500, 3000],
      ],
      true,
    ],
    [
      'is measured by what there was before the deletes made it less',
      [
        [0, 900, 8000],
        [1, 900, 6000],
      ],
      false,
    ],
    [
      'is measured anew when nothing happened for long',
      [
        [0, 1, 100_000],
        [200, 1000, 2000],
      ],
      true,
    ],
    ['is never known of who says nothing of its files, but by number', [[0, 1000, 0]], true],
    ['is not nothing', [[0, 0, 0]], false],
  ])('%s', (_, steps, tripped) => {
    expect(isMassChange(after(steps), limits)).toBe(tripped);
  });

  test('can be switched off', () => {
    const off = { ...limits, percent: 0 };
    expect(isMassChange(after([[0, 1_000_000, 1_000_000]], off), off)).toBe(false);
  });

  test('is noted in few parts, however many messages bring it, also when a clock goes back', () => {
    const steps = Array.from({ length: 600 }, (_, at): Step => [at / 10, 1, 10_000]);
    const changed = after([...steps, [10, 1, 10_000]]);
    expect(countOf(changed)).toBe(601);
    expect(changed.parts.length).toBeLessThanOrEqual(7);
  });

  test('that is over leaves nothing behind', () => {
    expect(
      after([
        [0, 5, 100],
        [61, 0, 100],
      ]),
    ).toEqual(nothingChanged);
  });
});

test.each([
  ['nobody noted when', undefined, true],
  ['a window ago', 0, true],
  ['a moment less', 1, false],
  ['in the future', 2 * hour, false],
])('B2 a content is old: %s', (_, at, old) => {
  expect(isOld(at, limits, hour)).toBe(old);
});

test.each([
  [999, 1000, false],
  [1000, 4000, true],
  [1000, 4001, false],
  [0, 0, false],
])('B3 a namespace that lacks %d of %d files: %p', (lost, files, tripped) => {
  expect(isShrunk(lost, files)).toBe(tripped);
});
