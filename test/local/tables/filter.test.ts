import { describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { type Filter, parseFilter } from '../../../lib/local/tables/filter.ts';
import { predicateOf, Row } from '../../../lib/local/tables/filter-match.ts';

const row = new Row({
  pk: 'p',
  rk: "it's",
  stamp: Date.parse('2026-01-31T12:00:00Z') * 1000 + 1,
  fragment:
    '"n":2,"d":2.5,"nan@odata.type":"Edm.Double","nan":"NaN","l@odata.type":"Edm.Int64","l":"9007199254740993","yes":true,"s":"x","t@odata.type":"Edm.DateTime","t":"2026-01-31T12:00:00.5Z"',
});
const holds = (filter: string): boolean => predicateOf(parseFilter(filter))(row);

describe('precedence and spelling', () => {
  test.each([
    ["n eq 1 and n eq 2 or s eq 'x'", true],
    ["s eq 'x' or n eq 2 and n eq 1", true],
    ["(s eq 'x' or n eq 2) and n eq 1", false],
    ['not n eq 1 and n eq 2', true],
    ['not (n eq 2 or yes)', false],
    ['not not yes', true],
    ['yes', true],
    ['not missing', true],
    ['true and yes', true],
    ['false', false],
    ["RowKey eq 'it''s'", true],
    ["'p' eq PartitionKey", true],
    ['1 lt n and 3 gt n', true],
    ['  (  n\teq\n2  )  and((yes))', true],
    ["order eq 'x' or android", false],
  ])('%s', (filter, expected) => {
    expect(holds(filter)).toBe(expected);
  });
});

describe('types', () => {
  test.each([
    ['n eq 2.0', true],
    ['n lt 2.5 and d ge 2.5', true],
    ['l eq 9007199254740993L', true],
    ['l eq 9007199254740992L', false],
    ['l gt 9007199254740992', true],
    ['d gt 2L', true],
    ['nan eq 1.0', false],
    ['nan ne 1.0', false],
    ["n eq '2'", false],
    ["n ne '2'", false],
    ["missing ne 'x'", false],
    ["Timestamp gt datetime'2026-01-31T12:00:00Z'", true],
    ["Timestamp lt datetime'2026-01-31T12:00:00.000002Z'", true],
    ["t eq datetime'2026-01-31T13:00:00.500+01:00'", true],
    ["s gt 'X'", true],
    ["constructor ne 'x'", false],
  ])('%s', (filter, expected) => {
    expect(holds(filter)).toBe(expected);
  });
});

describe('what is no filter', () => {
  const broken = ['(', ')', 'n eq', 'eq 2', 'n eq 2 and', 'and', 'n eq 2 n eq 2', "n eq 'x", 'n eq m', '1 eq 2'];
  const foreign = ["t eq datetime'no'", "X'abc' eq x", 'n eq 1.5L', 'n eq 12abc', 'n == 2', 'length(s)', 'n eq (2)'];
  test.each([...broken, ...foreign])('%s', (filter) => {
    expect(() => parseFilter(filter)).toThrow(expect.objectContaining({ code: 'InvalidInput' }));
  });

  test('whatever comes, it is parsed or refused', () => {
    const word = fc.constantFrom(
      '(',
      ')',
      'and',
      'or',
      'not',
      'eq',
      'lt',
      'n',
      "'x'",
      '1',
      '2L',
      "guid'",
      ' ',
      '\u{1f600}',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        try {
          predicateOf(parseFilter(words.join(' ')))(row);
        } catch (error) {
          expect(error).toMatchObject({ code: 'InvalidInput' });
        }
      }),
    );
  });
});

describe('the parser', () => {
  test('agrees with a printer', () => {
    const leaf = fc.record({
      kind: fc.constant('compare' as const),
      property: fc.constantFrom('PartitionKey', 'a', 'b_1'),
      comparator: fc.constantFrom('eq' as const, 'ne' as const, 'gt' as const, 'le' as const),
      literal: fc.oneof(
        fc.record({ kind: fc.constant('string' as const), value: fc.string() }),
        fc.record({ kind: fc.constant('number' as const), value: fc.oneof(fc.integer(), fc.bigInt()) }),
        fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
      ),
    });
    const { tree } = fc.letrec<{ tree: Filter }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.record({
          kind: fc.constantFrom('and' as const, 'or' as const),
          terms: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
        }),
        fc.record({ kind: fc.constant('not' as const), term: leaf }),
      ),
    }));
    fc.assert(fc.property(tree, (filter) => expect(parseFilter(print(filter))).toEqual(filter)));
  });
});

function print(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.map((term) => `(${print(term)})`).join(` ${filter.kind} `);
    case 'not':
      return `not (${print(filter.term)})`;
    case 'constant':
      return String(filter.value);
    case 'compare': {
      const { kind, value } = filter.literal;
      const literal =
        kind === 'string'
          ? `'${String(value).replaceAll("'", "''")}'`
          : `${value}${typeof value === 'bigint' ? 'L' : ''}`;
      return `${filter.property} ${filter.comparator} ${literal}`;
    }
  }
}
