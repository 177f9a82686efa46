import { describe, expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { textOf as fromBytes } from '../../../lib/protocol/bytes.ts';
import { byteLength, checkPath, namesFromBytes, toBytes } from '../../../lib/agent/fs/names.ts';

const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes));
const nearUtf8 = fc
  .array(fc.constantFrom(0x61, 0x2e, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x98, 0xff), {
    minLength: 1,
    maxLength: 12,
  })
  .map((bytes) => Buffer.from(bytes));
const nameBytes = fc.oneof(anyBytes, nearUtf8);

describe('names', () => {
  test('come back as the bytes they were', () => {
    fc.assert(
      fc.property(nameBytes, (bytes) => {
        expect(Buffer.from(toBytes(fromBytes(bytes))).equals(bytes)).toBe(true);
        expect(byteLength(fromBytes(bytes))).toBe(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  test('differ where their bytes differ', () => {
    fc.assert(
      fc.property(nameBytes, nameBytes, (a, b) => {
        expect(fromBytes(a) === fromBytes(b)).toBe(a.equals(b));
      }),
      { numRuns: 2000 },
    );
  });

  test('that a check lets pass come back as the text they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), (text) => {
        if (refuses(text)) return;
        expect(fromBytes(Buffer.from(toBytes(text)))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['a lone surrogate that stands for no byte', '\ud83d'],
    ['an escape of an ASCII byte', '\udc41'],
    ['escapes that make valid UTF-8 together', '\udcc3\udca9'],
    ['a parent', 'a/../b'],
    ['an empty name', 'a//b'],
    ['NUL', 'a\0'],
  ])('%s is refused', (_what, text) => {
    expect(refuses(text)).toBe(true);
  });

  test.each(['..a', 'a..', '...', '.a/b.', 'a/.b', '\udcc3/\udca9'])('%j is fine', (text) => {
    expect(refuses(text)).toBe(false);
  });

  test('of a listing are told apart, whatever bytes they are', () => {
    const listed = Buffer.concat([Buffer.from('é/'), Buffer.from([0xff, 0x2f]), Buffer.from('b/')]);
    expect(namesFromBytes(listed)).toEqual(['é', '\udcff', 'b']);
    expect(namesFromBytes(Buffer.alloc(0))).toEqual([]);
  });
});

function refuses(path: string): boolean {
  try {
    checkPath(path, 'open', false);
    return false;
  } catch {
    return true;
  }
}
