import { describe, expect, test } from '@jest/globals';
import { timeZone } from '../../lib/base/time-zone.ts';
import { retain, type Point, type RetentionPolicy } from '../../lib/core/retention.ts';
import { nextDue, utc, type Zone } from '../../lib/core/schedule.ts';
import { parseCrontab } from '../../lib/core/crontab.ts';
import fc from '../support/property.ts';

const day = 86_400_000;
const at = (text: string): number => Date.parse(text.length === 10 ? `${text}T02:00:00Z` : text);
const policy = (daily: number, weekly = 0, monthly = 0, yearly = 0, last = 0): RetentionPolicy => ({
  last,
  daily,
  weekly,
  monthly,
  yearly,
});
const points = (...times: readonly string[]): readonly Point[] => times.map((id) => ({ id, at: at(id) }));
/** One a day, named by its date. */
const daily = (from: string, to: string): readonly Point[] => {
  const out: Point[] = [];
  for (let time = at(from); time <= at(to); time += day)
    out.push({ id: new Date(time).toISOString().slice(0, 10), at: time });
  return out;
};
const where = { zone: utc, now: at('2030-01-01'), room: 1000 };
const kept = (all: readonly Point[], rules: RetentionPolicy, more: Partial<typeof where> = {}): readonly string[] =>
  retain(all, rules, { ...where, ...more }).flatMap(({ id, keep }) => (keep ? [id] : []));

describe('which points survive', () => {
  test.each<[string, readonly Point[], RetentionPolicy, readonly string[]]>([
    ['nothing at all', [], policy(7), []],
    ['the newest days', daily('2026-01-01', '2026-01-10'), policy(3), ['2026-01-08', '2026-01-09', '2026-01-10']],
    [
      'the last of a day',
      points('2026-01-01T01:00:00Z', '2026-01-01T23:00:00Z', '2026-01-02T01:00:00Z', '2026-01-02T09:00:00Z'),
      policy(2),
      ['2026-01-01T23:00:00Z', '2026-01-02T09:00:00Z'],
    ],
    [
      'days that have none are not counted',
      points('2025-01-01', '2025-06-01', '2026-01-01'),
      policy(2),
      ['2025-06-01', '2026-01-01'],
    ],
    [
      'weeks end on Sunday',
      daily('2026-01-01', '2026-01-20'),
      policy(0, 3),
      ['2026-01-11', '2026-01-18', '2026-01-20'],
    ],
    [
      'a week over the end of the year is one',
      daily('2025-12-28', '2026-01-04'),
      policy(0, 2),
      ['2025-12-28', '2026-01-04'],
    ],
    ['months', daily('2026-01-01', '2026-04-10'), policy(0, 0, 3), ['2026-02-28', '2026-03-31', '2026-04-10']],
    ['a leap day', daily('2028-02-01', '2028-03-05'), policy(0, 0, 2), ['2028-02-29', '2028-03-05']],
    ['years', daily('2024-12-01', '2026-01-10'), policy(0, 0, 0, 5), ['2024-12-31', '2025-12-31', '2026-01-10']],
    [
      'the newest, whatever they are',
      daily('2026-01-01', '2026-01-10'),
      policy(0, 0, 0, 0, 2),
      ['2026-01-09', '2026-01-10'],
    ],
    ['nothing is to be kept: the newest stays', daily('2026-01-01', '2026-01-10'), policy(0), ['2026-01-10']],
    [
      'all together',
      daily('2025-11-01', '2026-01-07'),
      policy(3, 2, 3, 1),
      ['2025-11-30', '2025-12-31', '2026-01-04', '2026-01-05', '2026-01-06', '2026-01-07'],
    ],
  ])('%s', (_, all, rules, expected) => {
    expect(kept(all, rules)).toEqual(expected);
  });

  test('and why', () => {
    const verdicts = retain(daily('2025-12-30', '2026-01-02'), policy(1, 1, 2), where);
    expect(verdicts).toEqual([
      { id: '2025-12-30', keep: false, why: ['retention'] },
      { id: '2025-12-31', keep: true, why: ['monthly 2025-12'] },
      { id: '2026-01-01', keep: false, why: ['retention'] },
      { id: '2026-01-02', keep: true, why: ['daily 2026-01-02', 'weekly 2025-12-29', 'monthly 2026-01'] },
    ]);
  });

  test('days are those of the place, also when the clocks change', () => {
    const paris = timeZone('Europe/Paris');
    // 24 h apart in UTC, they are two of one day in Paris, or leave a day out: due times are 00:30 and 23:30 there.
    const spring = points('2026-03-28T23:30:00Z', '2026-03-29T21:30:00Z', '2026-03-29T22:30:00Z');
    expect(kept(spring, policy(9), { zone: paris })).toEqual(['2026-03-29T21:30:00Z', '2026-03-29T22:30:00Z']);
    const autumn = points('2026-10-24T22:30:00Z', '2026-10-25T22:30:00Z', '2026-10-25T23:30:00Z');
    expect(kept(autumn, policy(9), { zone: paris })).toEqual(['2026-10-25T22:30:00Z', '2026-10-25T23:30:00Z']);
  });
});

describe('on demand', () => {
  const rules = policy(1);
  const on = (id: string, expiresAt?: string): Point => ({
    id,
    at: at(id),
    onDemand: expiresAt === undefined ? {} : { expiresAt: at(expiresAt) },
  });

  test('goes by its own date, and is no point of a day', () => {
    const all = [on('2026-01-01'), on('2026-01-02', '2026-02-01'), ...daily('2026-01-01', '2026-01-01')];
    expect(kept(all, rules, { now: at('2026-02-01') - 1 })).toEqual(['2026-01-01', '2026-01-01', '2026-01-02']);
    expect(retain(all, rules, { ...where, now: at('2026-02-01') }).at(-1)).toEqual({
      id: '2026-01-02',
      keep: false,
      why: ['expired'],
    });
  });

  test('says until when', () => {
    const { why } = retain([on('2026-01-01', '2026-02-01')], rules, { ...where, now: 0 })[0] ?? {};
    expect(why).toEqual(['on demand until 2026-02-01']);
  });
});

describe('where there is no room', () => {
  const all = daily('2025-11-01', '2026-01-07');
  const rules = policy(3, 2, 3, 1);

  test.each<[number, readonly string[]]>([
    [5, ['2025-11-30', '2025-12-31', '2026-01-04', '2026-01-06', '2026-01-07']],
    [4, ['2025-11-30', '2025-12-31', '2026-01-04', '2026-01-07']],
    [3, ['2025-11-30', '2025-12-31', '2026-01-07']],
    [2, ['2025-12-31', '2026-01-07']],
    [1, ['2026-01-07']],
    [0, ['2026-01-07']],
    [-5, ['2026-01-07']],
  ])('for more than %i', (room, expected) => {
    expect(kept(all, rules, { room })).toEqual(expected);
  });

  test('what was made on demand stays', () => {
    const mine: Point = { id: 'mine', at: at('2020-01-01'), onDemand: {} };
    expect(kept([mine, ...all], rules, { room: 2 })).toEqual(['mine', '2026-01-07']);
  });
});

test('a decade of daily points, thinned every day, is thinned as if once', () => {
  const zone = timeZone('America/New_York');
  const cron = parseCrontab('0 30 2 * * *');
  const rules = policy(7, 4, 12, 3);
  const all: Point[] = [];
  let left: readonly Point[] = [];
  let time = at('2019-12-31T12:00:00Z');
  for (let n = 0; n < 3653; n++) {
    time = nextDue(cron, zone, time) ?? 0;
    const point = { id: String(n).padStart(4, '0'), at: time };
    all.push(point);
    left = survivors([...left, point], rules, zone);
    expect(left.length).toBeLessThanOrEqual(7 + 4 + 12 + 3);
  }
  expect(left).toEqual(survivors(all, rules, zone));
  // Every day has its point: 30 March and 1 November too.
  expect(new Set(all.map((point) => new Date(point.at + zone(point.at)).toISOString().slice(0, 10))).size).toBe(3653);
  // It ends on a Monday, 31 December: of the four weeks two lie before the seven days.
  expect(left.length).toBe(7 + 2 + 11 + 2);
});

function survivors(all: readonly Point[], rules: RetentionPolicy, zone: Zone): readonly Point[] {
  const ids = new Set(kept(all, rules, { zone }));
  return all.filter(({ id }) => ids.has(id));
}

test('whatever the points: thinning often is thinning once, the newest stays, and room is kept', () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 900 * 24 }), { minLength: 1, maxLength: 60 });
  const count = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(times, count, count, count, count, count, count, (hours, a, b, c, d, e, room) => {
      const all = hours.toSorted((x, y) => x - y).map((hour) => ({ id: `h${hour}`, at: hour * 3_600_000 }));
      const rules = policy(a, b, c, d, e);
      let left: readonly Point[] = [];
      for (const point of all) left = survivors([...left, point], rules, utc);
      expect(left).toEqual(survivors(all, rules, utc));
      expect(left.at(-1)).toEqual(all.at(-1));
      const tight = kept(all, rules, { room });
      expect(tight.length).toBeLessThanOrEqual(Math.max(room, 1));
      expect(tight.at(-1)).toBe(all.at(-1)?.id);
    }),
    { numRuns: 200 },
  );
});
