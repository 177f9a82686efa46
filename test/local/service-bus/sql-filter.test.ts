import { describe, expect, test } from '@jest/globals';
import { compileSql } from '../../../lib/local/service-bus/sql-filter.ts';

const newId = (): string => '01234567-89ab-4cde-8f01-23456789abcd';
const message = {
  message_id: 'm-1',
  subject: 'Order 50% off',
  to: 'site-001',
  application_properties: { size: 11, colour: 'red', urgent: true, price: 1.5, 'odd name': 'x', quote: "it's", a_b: 1 },
};

describe('fits', () => {
  test.each([
    '1=1',
    "size = 11 AND colour = 'red'",
    "size > 10 and not colour = 'blue'",
    'size <> 12 AND size != 12 AND size <= 11 AND size >= 11 AND size < 12',
    'missing = 1 OR size = 11',
    'missing IS NULL AND size IS NOT NULL',
    'NOT missing IS NOT NULL',
    'EXISTS(colour) AND NOT EXISTS(missing)',
    "colour IN ('blue', 'red') AND colour NOT IN ('green')",
    "sys.Label LIKE 'Order%' AND sys.To = 'site-001' AND SYS.MessageId LIKE 'm__'",
    "sys.Label LIKE '%50!% off' ESCAPE '!'",
    "sys.Label NOT LIKE '%50!_ off' ESCAPE '!'",
    "user.colour = 'red'",
    "[odd name] = 'x' AND \"odd name\" = 'x'",
    "quote = 'it''s'",
    'size + 1 = 12 AND size * 2 - 2 = 20 AND size / 2 = 5.5 AND size % 2 = 1 AND -size = -11',
    'price = 1.5 AND price = 15e-1',
    'urgent AND urgent = TRUE AND NOT urgent = FALSE',
    "(size = 1 OR colour = 'red') AND urgent",
    '2 + 3 * 4 = 14 AND (2 + 3) * 4 = 20',
    "property('odd name') = 'x' AND p('a_' + 'b') = 1 AND property(colour) IS NULL",
    "newid() = '01234567-89ab-4cde-8f01-23456789abcd'",
    `${'('.repeat(50)}TRUE${')'.repeat(50)}`,
  ])('%s', (expression) => {
    expect(compileSql(expression, newId)(message)).toBe(true);
  });
});

describe('does not fit', () => {
  test.each([
    '1=0',
    'missing = 1',
    // Unknown is no, and so is its opposite.
    'NOT missing = 1',
    'missing <> 1',
    'missing = missing',
    "size = '11'",
    "colour LIKE 'r_'",
    "colour LIKE 'RED'",
    'size IN (1, 2)',
    'missing NOT IN (1)',
    'size / 0 = 1',
    'size',
    'NULL',
    'a.size = 1 OR TRUE AND FALSE'.replace('a.size = 1', 'FALSE'),
  ])('%s', (expression) => {
    expect(compileSql(expression, newId)(message)).toBe(false);
  });
});

describe('is refused', () => {
  test.each([
    '',
    'size =',
    'size = = 1',
    '(size = 1',
    'size = 1)',
    'size LIKE',
    'size IN ()',
    'size IN (1',
    'size IS 1',
    'size NOT 1',
    "colour = 'red",
    'sys.Unknown = 1',
    'other.size = 1',
    'AND = 1',
    'size = 1; DROP',
  ])('%s', (expression) => {
    expect(() => compileSql(expression, newId)).toThrow('SQL:');
  });
});

test('a mask with many wildcards is matched in no time', () => {
  const matches = compileSql(`sys.Label LIKE '${'%a'.repeat(12)}%b'`, newId);
  const start = performance.now();
  expect(matches({ subject: 'a'.repeat(200) })).toBe(false);
  expect(performance.now() - start).toBeLessThan(500);
});
