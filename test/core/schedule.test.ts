import { describe, expect, test } from '@jest/globals';
import { timeZone } from '../../lib/base/time-zone.ts';
import { parseCrontab } from '../../lib/core/crontab.ts';
import { lastDue, nextDue, utc, type Zone } from '../../lib/core/schedule.ts';
import fc from '../support/property.ts';

const at = (text: string): number => Date.parse(text);
const shown = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString().replace('.000Z', 'Z');
/** Times are written as in March and October 2026, when Paris goes from +1 to +2 on the 29th, and back on the 25th. */
const paris = timeZone('Europe/Paris');

describe('the next time a schedule is due', () => {
  test.each([
    ['winter', '0 0 2 * * *', '2026-01-10T00:00:00Z', '2026-01-10T01:00:00Z'],
    ['summer', '0 0 2 * * *', '2026-07-10T01:00:00Z', '2026-07-11T00:00:00Z'],
    ['strictly after', '0 0 2 * * *', '2026-01-10T01:00:00Z', '2026-01-11T01:00:00Z'],
    ['before the clocks go forward', '0 59 1 * * *', '2026-03-28T23:00:00Z', '2026-03-29T00:59:00Z'],
    [
      'a time that is skipped counts when the clocks go forward',
      '0 30 2 * * *',
      '2026-03-28T12:00:00Z',
      '2026-03-29T01:00:00Z',
    ],
    ['... and once only', '0 15,30,45 2 * * *', '2026-03-29T01:00:00Z', '2026-03-30T00:15:00Z'],
    ['the first time after the skipped hour', '0 0 3 * * *', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['a skipped time and the one after it', '0 30 2,3 * * *', '2026-03-29T01:00:00Z', '2026-03-29T01:30:00Z'],
    ['a time that comes twice: the first', '0 30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z'],
    ['... not the second', '0 30 2 * * *', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
    ['... nor when it is asked from within', '0 45 2 * * *', '2026-10-25T01:30:00Z', '2026-10-26T01:45:00Z'],
    ['every hour: none is made up for the one skipped', '0 30 * * * *', '2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z'],
    ['every hour: the repeated one too', '0 30 * * * *', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
    ['every hour, after the repeated one', '0 30 * * * *', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00Z'],
    ['a weekday of the place, not of UTC', '0 30 0 * * MON', '2026-01-10T00:00:00Z', '2026-01-11T23:30:00Z'],
    ['a year away, over both changes', '0 0 12 1 1 *', '2026-01-01T11:00:00Z', '2027-01-01T11:00:00Z'],
    ['a leap day', '0 0 2 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T01:00:00Z'],
  ])('%s: %s', (_, text, after, expected) => {
    expect(shown(nextDue(parseCrontab(text), paris, at(after)))).toBe(expected);
  });

  test('half an hour at Lord Howe, and a day that Samoa never had', () => {
    const next = (zone: string, text: string, after: string) =>
      shown(nextDue(parseCrontab(text), timeZone(zone), at(after)));
    expect(next('Australia/Lord_Howe', '0 15 2 * * *', '2026-10-03T12:00:00Z')).toBe('2026-10-03T15:30:00Z');
    expect(next('Australia/Lord_Howe', '0 45 1 * * *', '2026-04-04T12:00:00Z')).toBe('2026-04-04T14:45:00Z');
    expect(next('Australia/Lord_Howe', '0 45 1 * * *', '2026-04-04T14:45:00Z')).toBe('2026-04-05T15:15:00Z');
    expect(next('Pacific/Apia', '0 0 12 30 12 *', '2011-12-01T00:00:00Z')).toBe('2011-12-30T10:00:00Z');
  });

  test('a date that never comes is never due', () => {
    expect(nextDue(parseCrontab('0 0 0 30 2 *'), paris, 0)).toBeUndefined();
    expect(lastDue(parseCrontab('0 0 0 30 2 *'), paris, 0, at('2026-01-01T00:00:00Z'))).toBeUndefined();
  });
});

describe('the last time it was due', () => {
  test.each([
    ['within a day', '0 0 2 * * *', '2026-01-10T03:00:00Z', '2026-01-11T03:00:00Z', '2026-01-11T02:00:00Z'],
    ['not yet', '0 0 2 * * *', '2026-01-10T02:00:00Z', '2026-01-11T01:59:59Z', undefined],
    ['at the very end', '0 0 2 * * *', '2026-01-10T02:00:00Z', '2026-01-11T02:00:00Z', '2026-01-11T02:00:00Z'],
    [
      'missed for months: the newest',
      '0 0 2 * * *',
      '2026-01-10T02:00:00Z',
      '2026-06-11T08:00:00Z',
      '2026-06-11T02:00:00Z',
    ],
    [
      'missed for years, every second',
      '* * * * * *',
      '2016-01-10T02:00:00Z',
      '2026-06-11T08:00:00Z',
      '2026-06-11T08:00:00Z',
    ],
    ['once a year', '0 0 2 1 1 *', '2020-01-10T02:00:00Z', '2026-06-11T08:00:00Z', '2026-01-01T02:00:00Z'],
  ])('%s: %s', (_, text, after, until, expected) => {
    expect(shown(lastDue(parseCrontab(text), utc, at(after), at(until)))).toBe(expected);
  });
});

test('it is due when counting minute by minute says so', () => {
  const field = (least: number, greatest: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: least, max: greatest }).map(String),
      fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`),
      fc.tuple(fc.integer({ min: least, max: greatest }), fc.integer({ min: least, max: greatest })).map(String),
    );
  // Around each change of the clocks of three zones, from a minute before it by up to a day.
  const changes = fc.constantFrom(
    ['Europe/Paris', '2026-03-29T01:00:00Z'] as const,
    ['Europe/Paris', '2026-10-25T01:00:00Z'] as const,
    ['America/New_York', '2026-03-08T07:00:00Z'] as const,
    ['America/New_York', '2026-11-01T06:00:00Z'] as const,
    ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'] as const,
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'] as const,
  );
  const from = fc.integer({ min: -300, max: 180 });
  fc.assert(
    fc.property(changes, field(0, 59), field(0, 4), from, ([name, change], minutes, hours, offset) => {
      const cron = parseCrontab(`0 ${minutes} ${hours} * * *`);
      const after = at(change) + offset * 60_000;
      const zone = timeZone(name);
      expect(shown(nextDue(cron, zone, after))).toBe(shown(counted(cron, zone, after)));
    }),
    { numRuns: 150 },
  );
});

const minute = 60_000;

function counted(cron: ReturnType<typeof parseCrontab>, zone: Zone, after: number): number {
  const fits = (wall: number): boolean => {
    const time = new Date(wall);
    return cron.minutes.includes(time.getUTCMinutes()) && cron.hours.includes(time.getUTCHours());
  };
  const wallOf = (instant: number): number => instant + zone(instant);
  const hourly = cron.hours.length === 24;
  for (let instant = after + minute; ; instant += minute) {
    const wall = wallOf(instant);
    const seen = Array.from({ length: 120 }, (_, back) => wallOf(instant - (back + 1) * minute));
    if (fits(wall) && (hourly || !seen.includes(wall))) return instant;
    for (let skipped = wallOf(instant - minute) + minute; !hourly && skipped < wall; skipped += minute)
      if (fits(skipped)) return instant;
  }
}
