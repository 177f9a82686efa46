import { describe, expect, test } from '@jest/globals';
import { type AdvancedFilter, matchesAdvanced } from '../../../lib/local/event-grid/advanced-filter.ts';
import { afterFailure, limitsOf } from '../../../lib/local/event-grid/retry-schedule.ts';

describe('advanced filters', () => {
  const event = {
    id: '1',
    eventType: 'T',
    data: { name: 'Report.pdf', size: 5, kept: true, tags: ['a', 'b'], none: null },
  };

  test.each<[AdvancedFilter, boolean]>([
    [{ operatorType: 'StringIn', key: 'eventtype', values: ['x', 't'] }, true],
    [{ operatorType: 'StringIn', key: 'data.name', values: ['report'] }, false],
    [{ operatorType: 'StringNotIn', key: 'data.name', values: ['report.pdf'] }, false],
    [{ operatorType: 'StringNotIn', key: 'data.absent', values: ['x'] }, true],
    [{ operatorType: 'StringBeginsWith', key: 'data.name', values: ['rep'] }, true],
    [{ operatorType: 'StringNotBeginsWith', key: 'data.name', values: ['rep'] }, false],
    [{ operatorType: 'StringEndsWith', key: 'data.name', values: ['.doc', '.PDF'] }, true],
    [{ operatorType: 'StringNotEndsWith', key: 'data.name', values: ['.doc'] }, true],
    [{ operatorType: 'StringContains', key: 'data.name', values: ['port'] }, true],
    [{ operatorType: 'StringNotContains', key: 'data.name', values: ['port'] }, false],
    [{ operatorType: 'StringContains', key: 'data.tags', values: ['b'] }, false],
    [{ operatorType: 'NumberIn', key: 'data.size', values: [4, 5] }, true],
    [{ operatorType: 'NumberNotIn', key: 'data.size', values: [4, 5] }, false],
    [{ operatorType: 'NumberLessThan', key: 'data.size', value: 5 }, false],
    [{ operatorType: 'NumberLessThanOrEquals', key: 'data.size', value: 5 }, true],
    [{ operatorType: 'NumberGreaterThan', key: 'data.size', value: 4 }, true],
    [{ operatorType: 'NumberGreaterThanOrEquals', key: 'data.absent', value: 0 }, false],
    [
      {
        operatorType: 'NumberInRange',
        key: 'data.size',
        values: [
          [1, 2],
          [5, 6],
        ],
      },
      true,
    ],
    [{ operatorType: 'NumberNotInRange', key: 'data.size', values: [[5, 6]] }, false],
    [{ operatorType: 'BoolEquals', key: 'data.kept', value: true }, true],
    [{ operatorType: 'BoolEquals', key: 'data.size', value: true }, false],
    [{ operatorType: 'IsNullOrUndefined', key: 'data.none' }, true],
    [{ operatorType: 'IsNullOrUndefined', key: 'data.size' }, false],
    [{ operatorType: 'IsNotNull', key: 'data.size' }, true],
    [{ operatorType: 'IsNotNull', key: 'data.size.deeper' }, false],
  ])('%j is %p', (filter, expected) => {
    expect(matchesAdvanced(filter, event)).toBe(expected);
  });

  test.each<[AdvancedFilter, boolean]>([
    [{ operatorType: 'StringContains', key: 'data.tags', values: ['b'] }, true],
    [{ operatorType: 'StringIn', key: 'data.tags', values: ['c'] }, false],
    [{ operatorType: 'StringNotIn', key: 'data.tags', values: ['c', 'B'] }, false],
    [{ operatorType: 'StringNotBeginsWith', key: 'data.tags', values: ['c'] }, true],
  ])('of arrays, where they are looked into: %j is %p', (filter, expected) => {
    expect(matchesAdvanced(filter, event, true)).toBe(expected);
  });
});

describe('after a failed delivery', () => {
  const second = 1_000;
  const hour = 3_600 * second;
  const usual = limitsOf({});

  test('later and later, as documented', () => {
    const delays = Array.from({ length: 9 }, (_, n) =>
      afterFailure({ attempts: n + 1, status: 500, ageMs: 0 }, usual, 1),
    );
    expect(delays.map((verdict) => (verdict.kind === 'retry' ? verdict.afterMs / second : verdict))).toEqual([
      10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600,
    ]);
  });

  test.each([
    [404, 300],
    [408, 120],
    [503, 30],
    [500, 10],
    [undefined, 10],
  ])('status %s waits at least %d s', (status, seconds) => {
    expect(afterFailure({ attempts: 1, status: status, ageMs: 0 }, usual, 1)).toEqual({
      kind: 'retry',
      afterMs: seconds * second,
    });
  });

  test.each([
    [400, 'BadRequest'],
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [413, 'RequestEntityTooLarge'],
  ])('status %d is final', (status, name) => {
    expect(afterFailure({ attempts: 1, status: status, ageMs: 0 }, usual, 1)).toEqual({
      kind: 'dead',
      reason: `UndeliverableDueToHttp${name}`,
    });
  });

  test('a subscription may ask for fewer attempts and a shorter life', () => {
    const less = limitsOf({ maxDeliveryAttempts: 3, eventTimeToLiveInMinutes: 1 });
    expect(afterFailure({ attempts: 3, status: 500, ageMs: 0 }, less, 1).kind).toBe('dead');
    expect(afterFailure({ attempts: 2, status: 500, ageMs: 30 * second }, less, 1).kind).toBe('retry');
    expect(afterFailure({ attempts: 2, status: 500, ageMs: 31 * second }, less, 1).kind).toBe('dead');
  });

  test('not beyond its attempts or its life', () => {
    expect(afterFailure({ attempts: 30, status: 500, ageMs: 0 }, usual, 1)).toEqual({
      kind: 'dead',
      reason: 'MaxDeliveryAttemptsExceeded',
    });
    expect(afterFailure({ attempts: 8, status: 500, ageMs: 22 * hour }, usual, 1)).toEqual({
      kind: 'dead',
      reason: 'TimeToLiveExceeded',
    });
    expect(afterFailure({ attempts: 8, status: 500, ageMs: 20 * hour }, usual, 1).kind).toBe('retry');
  });
});
