import { describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { fold, namesOf } from '../../../lib/local/files/names.ts';

describe('fold', () => {
  test.each([
    ['readme.TXT', 'README.TXT'],
    ['äöü', 'ÄÖÜ'],
    ['ß', 'ß'],
    ['ı', 'ı'],
    ['ſ', 'ſ'],
    ['ÿ', 'Ÿ'],
    ['ﬁ', 'ﬁ'],
    ['😀', '😀'],
  ])('%s becomes %s', (name, key) => {
    expect(fold(name)).toBe(key);
  });

  test('keeps the length, and folding twice is folding once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(fold(name).length).toBe(name.length);
        expect(fold(fold(name))).toBe(fold(name));
      }),
    );
  });
});

test('trailing dots fall off each name unless they are allowed', () => {
  expect(namesOf('a./b../c', false)).toEqual(['a', 'b', 'c']);
  expect(namesOf('a./b../c', true)).toEqual(['a.', 'b..', 'c']);
  expect(() => namesOf('...', false)).toThrow(/invalid characters/);
  expect(namesOf('', true)).toEqual([]);
  expect(namesOf('dir/', true)).toEqual(['dir']);
});
