// Values, dates and stamps at their edges.
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { canonicalDateTime, sortableDateTime } from '../../../lib/local/tables/date-time.ts';
import { readEntity } from '../../../lib/local/tables/entity.ts';
import { compareText } from '../../../lib/local/tables/names.ts';
import { propertyOf } from '../../../lib/local/tables/property.ts';
import { etagOf, stampOfEtag, Stamps, timestampOf } from '../../../lib/local/tables/stamp.ts';

const textOf = (value: unknown, type?: string): string => {
  const property = propertyOf('x', value, type);
  return `${property.type.slice(4)} ${property.text}`;
};

describe('a value without a type', () => {
  test.each([
    ['text', 'String "text"'],
    [true, 'Boolean true'],
    [2_147_483_647, 'Int32 2147483647'],
    [2_147_483_648, 'Double 2147483648.0'],
    [0.5, 'Double 0.5'],
    [1e21, 'Double 1e+21'],
    [-0, 'Int32 0'],
  ])('%p is %s', (value, expected) => {
    expect(textOf(value)).toBe(expected);
  });

  test('written with a point is a Double', () => {
    const { properties } = readEntity('{"a":1,"b":1.0,"c": -1e2,"d":"x:1.5"}');
    expect(properties.map(({ type, text }) => `${type.slice(4)} ${text}`)).toEqual([
      'Int32 1',
      'Double 1.0',
      'Double -100.0',
      'String "x:1.5"',
    ]);
  });
});

describe('a value with a type', () => {
  test.each([
    ['5', 'Edm.Int32', 'Int32 5'],
    ['true', 'Edm.Boolean', 'Boolean true'],
    [7, 'Edm.Int64', 'Int64 "7"'],
    ['-9223372036854775808', 'Edm.Int64', 'Int64 "-9223372036854775808"'],
    ['-INF', 'Edm.Double', 'Double "-Infinity"'],
    ['1e3', 'Edm.Double', 'Double 1000.0'],
    ['2026-01-31T12:00:00.1230000+02:00', 'Edm.DateTime', 'DateTime "2026-01-31T10:00:00.123Z"'],
    ['ABCDEF01-0000-0000-0000-000000000000', 'Edm.Guid', 'Guid "abcdef01-0000-0000-0000-000000000000"'],
    ['', 'Edm.Binary', 'Binary ""'],
  ])('%p as %s', (value, type, expected) => {
    expect(textOf(value, type)).toBe(expected);
  });
});

describe('dates', () => {
  test.each(['2026-02-29T00:00:00Z', '1600-12-31T23:59:59Z', '2026-01-01', '2026-01-01T00:00:00.12345678Z', 'now'])(
    '%s is none',
    (text) => {
      expect(canonicalDateTime(text)).toBeUndefined();
    },
  );

  test('sort as text in the order of time', () => {
    const instant = fc.tuple(
      fc.date({ min: new Date('1601-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      fc.integer({ min: 0, max: 9999 }),
    );
    const spelled = ([date, ticks]: readonly [Date, number]): string =>
      `${date.toISOString().slice(0, 23)}${String(ticks).padStart(4, '0')}Z`;
    const sortable = (text: string): string => sortableDateTime(canonicalDateTime(text) ?? '');
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        const order = a[0].getTime() - b[0].getTime() || a[1] - b[1];
        expect(Math.sign(compareText(sortable(spelled(a)), sortable(spelled(b))))).toBe(Math.sign(order));
      }),
    );
  });
});

describe('stamps', () => {
  test('are read back from their ETag', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000_000 }), (stamp) => {
        expect(stampOfEtag(etagOf(stamp))).toBe(stamp);
      }),
    );
    expect(timestampOf(1_500)).toBe('1970-01-01T00:00:00.0015000Z');
    expect(stampOfEtag(`W/"datetime'2026-01-31T12%3A00%3A00.1234567Z'"`)).toBeNaN();
    expect(stampOfEtag('*')).toBe('*');
  });

  test('only grow, and stay below what is reserved, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1 }), (times) => {
        let now = 0;
        let reserved = 0;
        const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
        let stamps = new Stamps(clock, reserved, (upTo) => (reserved = upTo));
        let last = 0;
        for (const time of times) {
          now = time;
          const stamp = stamps.next();
          expect(stamp).toBeGreaterThan(last);
          expect(stamp).toBeLessThanOrEqual(reserved);
          last = stamp;
          if (time % 7 === 0) stamps = new Stamps(clock, reserved, (upTo) => (reserved = upTo));
        }
      }),
    );
  });
});

test('text is compared as SQLite compares it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }),
  );
});
