import { describe, expect, test } from '@jest/globals';
import fc from '../support/property.ts';
import { bytesOf, textOf } from '../../lib/protocol/bytes.ts';
import { linkFile, linkSize, linkTarget, maxTargetBytes } from '../../lib/protocol/link.ts';

function fileOf(target: string): Buffer {
  const file = linkFile(target);
  if (typeof file === 'string') throw new Error(file);
  return file;
}

describe('a link on the share', () => {
  test('is byte for byte what the cifs client writes', () => {
    // The MD5 of `hello` is RFC 1321 arithmetic that anybody can repeat with md5sum.
    const head = 'XSym\n0005\n5d41402abc4b2a76b9719d911017c592\nhello\n';
    expect(fileOf('hello').toString('latin1')).toBe(head.padEnd(linkSize, ' '));
  });

  test('a target that fills it has neither newline nor spaces behind it', () => {
    const target = 'x'.repeat(maxTargetBytes);
    expect(fileOf(target).toString('latin1').endsWith(target)).toBe(true);
    expect(linkTarget(fileOf(target))).toBe(target);
  });

  test.each([
    ['longer than its place', 'x'.repeat(maxTargetBytes + 1), 'target_too_long'],
    ['longer in bytes, not in characters', 'é'.repeat(maxTargetBytes / 2 + 1), 'target_too_long'],
    ['empty', '', 'target_malformed'],
    ['with NUL', 'a\0b', 'target_malformed'],
    ['text that stands for no bytes', '\ud800', 'target_malformed'],
  ])('%s is refused', (_, target, code) => {
    expect(linkFile(target)).toBe(code);
  });

  test('every target comes back as it was, bytes that are no UTF-8 included', () => {
    const target = fc
      .uint8Array({ minLength: 1, maxLength: maxTargetBytes })
      .filter((bytes) => !bytes.includes(0))
      .map((bytes) => textOf(Buffer.from(bytes)));
    fc.assert(
      fc.property(target, (text) => {
        expect(linkTarget(fileOf(text))).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  test('what follows the target is not looked at', () => {
    const file = fileOf('../a');
    file.fill('#', 43 + 4);
    expect(linkTarget(file)).toBe('../a');
  });

  test.each<[string, (file: Buffer) => Uint8Array]>([
    ['another size', (file) => file.subarray(1)],
    ['another magic', (file) => Buffer.concat([Buffer.from('XSYM'), file.subarray(4)])],
    [
      'a length that is no number',
      (file) => Buffer.concat([file.subarray(0, 5), Buffer.from('00x5'), file.subarray(9)]),
    ],
    ['another length', (file) => Buffer.concat([file.subarray(0, 5), Buffer.from('0004'), file.subarray(9)])],
    ['a length beyond the file', (file) => Buffer.concat([file.subarray(0, 5), Buffer.from('1025'), file.subarray(9)])],
    ['another sum', (file) => Buffer.concat([file.subarray(0, 10), Buffer.from('0'), file.subarray(11)])],
    ['another target', (file) => Buffer.concat([file.subarray(0, 43), Buffer.from('H'), file.subarray(44)])],
  ])('a file with %s is none', (_, spoil) => {
    const spoilt = spoil(fileOf('hello'));
    expect(linkTarget(spoilt)).toBeUndefined();
  });
});

test('only one text stands for the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(bytesOf(textOf(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
    }),
  );
  // The escapes of a whole UTF-8 sequence: textOf would never give them.
  expect(bytesOf('\udcc3\udca9')).toBeUndefined();
});
