import { expect, test } from '@jest/globals';
import { fromShareTime, shareTime } from '../../lib/protocol/layout.ts';

test.each([
  ['0', '1970-01-01T00:00:00.0000000Z'],
  ['1700000000123456700', '2023-11-14T22:13:20.1234567Z'],
  ['-100', '1969-12-31T23:59:59.9999999Z'],
])('%s ns is %s, and back', (ns, text) => {
  expect(shareTime(ns)).toBe(text);
  expect(fromShareTime(text)).toBe(ns);
});

test('a time that no share can have is the nearest that it can', () => {
  expect(shareTime('-14830974000000000000')).toBe('1601-01-01T00:00:00.0000001Z'); // 1500
  expect(shareTime('999999999999000000000')).toBe('9999-12-31T23:59:59.9999999Z'); // 33658
  expect(shareTime('99999999999999000000000')).toBe('9999-12-31T23:59:59.9999999Z'); // beyond what a Date holds
});
