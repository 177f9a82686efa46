import { describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { nextOccurrence, parseCrontab } from '../../../lib/core/crontab.ts';
import { isMonitored, parseSchedule } from '../../../lib/local/functions-host/timer/schedule.ts';

const next = (text: string, after: string): string =>
  new Date(parseSchedule(text).next(Date.parse(after))).toISOString();

describe('a schedule', () => {
  test.each([
    ['every second', '* * * * * *', '2026-01-01T00:00:00.500Z', '2026-01-01T00:00:01.000Z'],
    ['strictly after', '*/10 * * * * *', '2026-01-01T00:00:10Z', '2026-01-01T00:00:20.000Z'],
    ['five fields: second 0', '*/5 * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:05:00.000Z'],
    ['a list', '0 0 6,18 * * *', '2026-01-01T07:00:00Z', '2026-01-01T18:00:00.000Z'],
    ['a range with a step', '0 0 9-17/4 * * *', '2026-01-01T09:00:00Z', '2026-01-01T13:00:00.000Z'],
    ['a start with a step runs to the end', '0 50/5 * * * *', '2026-01-01T00:56:00Z', '2026-01-01T01:50:00.000Z'],
    ['names of months and days', '0 0 0 * FEB mon', '2026-01-01T00:00:00Z', '2026-02-02T00:00:00.000Z'],
    ['both day fields must fit', '0 0 0 13 * FRI', '2026-01-01T00:00:00Z', '2026-02-13T00:00:00.000Z'],
    ['a leap day', '0 0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['over the end of the year', '59 59 23 31 12 *', '2026-12-31T23:59:59Z', '2027-12-31T23:59:59.000Z'],
    ['a time span', '00:00:20', '2026-01-01T00:00:05Z', '2026-01-01T00:00:25.000Z'],
    ['a time span of days', '1.06:00:00', '2026-01-01T00:00:00Z', '2026-01-02T06:00:00.000Z'],
  ])('%s: %s', (_, text, after, expected) => {
    expect(next(text, after)).toBe(expected);
  });

  test.each([
    '',
    '* * * *',
    '60 * * * * *',
    '* * * * * 7',
    '* * 24 * * *',
    '* * * 0 * *',
    '5-1 * * * * *',
    '*/0 * * * * *',
    'a * * * * *',
    '1,,2 * * * * *',
    '* * * * 13 *',
    '00:00:00',
    '-1 * * * * *',
  ])('refuses "%s"', (text) => {
    expect(() => parseSchedule(text)).toThrow(text === '00:00:00' ? 'not positive' : 'not a valid CRON expression');
  });

  test('a date that never comes is put off for ever', () => {
    expect(nextOccurrence(parseCrontab('0 0 0 30 2 *'), 0)).toBeUndefined();
    expect(parseSchedule('0 0 0 30 2 *').next(0)).toBe(8.64e15);
  });

  test('status is kept only for timers that fire at most once a minute', () => {
    const now = Date.parse('2026-01-01T00:00:30Z');
    expect(isMonitored(parseSchedule('*/30 * * * * *'), now)).toBe(false);
    expect(isMonitored(parseSchedule('0 * * * * *'), now)).toBe(true);
    expect(isMonitored(parseSchedule('00:00:59'), now)).toBe(false);
    expect(isMonitored(parseSchedule('00:01:00'), now)).toBe(true);
  });
});

test('the next occurrence is what counting second by second finds', () => {
  const field = (least: number, greatest: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: least, max: greatest }).map(String),
      fc.integer({ min: 2, max: 30 }).map((step) => `*/${step}`),
      fc
        .tuple(fc.integer({ min: least, max: greatest }), fc.integer({ min: least, max: greatest }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    );
  fc.assert(
    fc.property(
      field(0, 59),
      field(0, 59),
      field(0, 23),
      fc.integer({ min: 0, max: 86_400 * 400 }),
      (second, minute, hour, offset) => {
        const after = Date.parse('2027-12-01T00:00:00Z') + offset * 1000;
        const fits = (text: string, value: number): boolean => {
          if (text === '*') return true;
          if (text.startsWith('*/')) return value % Number(text.slice(2)) === 0;
          const [from = 0, to = from] = text.split('-').map(Number);
          return value >= from && value <= to;
        };
        let expected = after + 1000;
        for (; ; expected += 1000) {
          const time = new Date(expected);
          if (!fits(hour, time.getUTCHours()))
            expected += (59 - time.getUTCMinutes()) * 60_000 + (59 - time.getUTCSeconds()) * 1000;
          else if (!fits(minute, time.getUTCMinutes())) expected += (59 - time.getUTCSeconds()) * 1000;
          else if (fits(second, time.getUTCSeconds())) break;
        }
        expect(nextOccurrence(parseCrontab(`${second} ${minute} ${hour} * * *`), after)).toBe(expected);
      },
    ),
  );
});
