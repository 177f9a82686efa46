import { describe, expect, test } from '@jest/globals';
import fc from '../support/property.ts';
import { conflictName, utf8Length } from '../../lib/core/conflict-name.ts';
import { fold } from '../../lib/core/fold.ts';
import { linuxName, markedShareName, plainShareName } from '../../lib/core/share-name.ts';
import { plainName, temporaryName } from '../../lib/core/temporary-name.ts';

const linux = fc
  .string({
    unit: fc.constantFrom(
      'a',
      'B',
      '.',
      ' ',
      '"',
      '*',
      ':',
      '\\',
      '|',
      '?',
      '\u0001',
      '\u007f',
      '\n',
      '\uf022',
      'é',
      '漢',
      '\u{1f600}',
      '\udc80',
    ),
  })
  .filter((name) => name !== '' && utf8Length(name) <= 255);

describe('conflict name', () => {
  test.each([
    ['report.docx', 'paris', 0, 'report-paris.docx'],
    ['report.docx', 'paris', 2, 'report-paris-2.docx'],
    ['a.tar.gz', 'paris', 0, 'a.tar-paris.gz'],
    ['.bashrc', 'paris', 0, '.bashrc-paris'],
    ['Makefile', 'paris', 1, 'Makefile-paris-1'],
    ['odd.', 'paris', 0, 'odd-paris.'],
    ['漢'.repeat(85), 'paris', 0, `${'漢'.repeat(83)}-paris`],
    [`a.${'x'.repeat(253)}`, 'paris', 0, `a.${'x'.repeat(247)}-paris`],
    ['\udc80\udc81.txt', 'paris', 0, '\udc80\udc81-paris.txt'],
  ])('%s of %s, attempt %i', (name, server, attempt, expected) => {
    expect(conflictName(name, server, attempt)).toBe(expected);
  });

  test('always fits, is another name, and differs by attempt', () => {
    fc.assert(
      fc.property(linux, fc.nat(200), (name, attempt) => {
        const copy = conflictName(name, 's'.repeat(63), attempt);
        expect(utf8Length(copy)).toBeLessThanOrEqual(255);
        expect(copy).not.toBe(name);
        expect(copy).not.toBe(conflictName(name, 's'.repeat(63), attempt + 1));
      }),
    );
  });
});

describe('bytes of a name', () => {
  test.each([
    ['a', 1],
    ['é', 2],
    ['漢', 3],
    ['\u{1f600}', 4],
    ['\udc80', 1],
    ['\udcff', 1],
  ])('%j', (text, bytes) => expect(utf8Length(text)).toBe(bytes));
});

describe('temporary name', () => {
  test('names the node, within 255 bytes', () => {
    expect(temporaryName('a.txt', 'e-1-1')).toMatch(/^a\.txt\.[0-9a-f]{8}\.tmp$/);
    expect(temporaryName('a', 'e-1-1')).not.toBe(temporaryName('a', 'e-1-2'));
    expect(utf8Length(temporaryName('漢'.repeat(85), 'e-1-1'))).toBeLessThanOrEqual(255);
  });

  test('tells the name it was made from, of this node alone', () => {
    const once = temporaryName('a.txt', 'e-1-1');
    expect(plainName(once, 'e-1-1')).toBe('a.txt');
    expect(plainName(temporaryName(once, 'e-1-1'), 'e-1-1')).toBe('a.txt');
    expect(plainName(once, 'e-1-2')).toBe(once);
    expect(plainName('a.txt', 'e-1-1')).toBe('a.txt');
    const bare = temporaryName('', 'e-1-1');
    expect(plainName(bare, 'e-1-1')).toBe(bare);
  });
});

describe('fold', () => {
  test.each([
    ['ReadMe.TXT', 'README.TXT'],
    ['é', 'É'],
    ['ÿ', 'Ÿ'],
    ['д', 'Д'],
    ['σ', 'Σ'],
    ['ς', 'ς'],
    ['ß', 'ß'],
    ['ı', 'ı'],
    ['İ', 'İ'],
    ['µ', 'µ'],
    ['ﬁ', 'ﬁ'],
    ['e\u0301', 'E\u0301'],
    ['漢字', '漢字'],
    ['\u{10428}', '\u{10428}'],
    ['[{', '[{'],
  ])('%s', (name, key) => expect(fold(name)).toBe(key));

  test('is pinned: this many pairs, whatever the runtime knows', () => {
    let pairs = 0;
    for (let code = 0; code < 0x10000; code++)
      if (fold(String.fromCharCode(code)) !== String.fromCharCode(code)) pairs++;
    expect(pairs).toBe(1144);
  });

  test('of a key is the key, and no two units of one case differ', () => {
    for (let code = 0; code < 0x10000; code++) {
      const unit = String.fromCharCode(code);
      expect(fold(fold(unit))).toBe(fold(unit));
    }
  });
});

describe('share name', () => {
  // fs/smb/client/cifs_unicode.h of Linux: SFM_DOUBLEQUOTE F020, ASTERISK F021, COLON F022, LESSTHAN F023, GRTRTHAN F024,
  // QUESTION F025, SLASH F026, PIPE F027, SPACE F028, PERIOD F029; control characters U+0001..1F at F000 + code.
  test.each([
    ['"', '\uf020'],
    ['*', '\uf021'],
    [':', '\uf022'],
    ['<', '\uf023'],
    ['>', '\uf024'],
    ['?', '\uf025'],
    ['\\', '\uf026'],
    ['|', '\uf027'],
    ['a ', 'a\uf028'],
    ['a.', 'a\uf029'],
    ['a..', 'a.\uf029'],
    ['. .', '. \uf029'],
    ['\u0001\u001f', '\uf001\uf01f'],
    ['two\nlines', 'two\uf00alines'],
    ['\ttab', '\uf009tab'],
    // Only the last one of a name, and no other white space: the kernel asks for `end_of_string` and for ' ' and '.'.
    [' ', '\uf028'],
    ['...', '..\uf029'],
    ['.hidden', '.hidden'],
    ['a\u00a0', 'a\u00a0'],
    ["it's 'quoted' \"so\"", "it's 'quoted' \uf020so\uf020"],
    ['10:30?.txt', '10\uf02230\uf025.txt'],
    ['~$x.docx', '~$x.docx'],
    ['%2F', '%2F'],
    ['é', 'é'],
    ['e\u0301', 'e\u0301'],
    ['con ', 'con\uf028'],
    ['a b.c', 'a b.c'],
    ['\u{1f600}', '\u{1f600}'],
    ['console', 'console'],
  ])('%j is %j there', (name, share) => {
    expect(plainShareName(name)).toBe(share);
    expect(linuxName(share)).toBe(name);
  });

  test.each(['\uf029', '.\uf029'])('%j is no `.` or `..` here', (share) => {
    expect(linuxName(share)).toBe(share);
    expect(plainShareName(share)).toBeUndefined();
  });

  test.each(['.', '..'])("%j is nobody's, and has no plain name there", (name) => {
    expect(plainShareName(name)).toBeUndefined();
  });

  // DEL and the C1 controls are nothing to mapposix, and not allowed there.
  test.each([
    'con',
    'Con.txt',
    'nul',
    'LPT1',
    'com9.x',
    'con.a.b',
    `CLOCK$.${'x'.repeat(248)}`,
    '\uf021',
    'a\udc80',
    'x'.repeat(256),
    '\u007f',
    'next\u0085line',
  ])('%j needs a mark', (name) => {
    expect(plainShareName(name)).toBeUndefined();
    const marked = markedShareName(name, 'e-1-1');
    expect(plainShareName(marked)).toBe(marked);
    expect(marked.length).toBeLessThanOrEqual(255);
  });

  test('is told back, or marked: and then can stand, within 255 units, by node', () => {
    fc.assert(
      fc.property(linux, (name) => {
        const plain = plainShareName(name);
        if (plain !== undefined) expect(linuxName(plain)).toBe(name);
        const marked = markedShareName(name, 'e-1-1');
        expect(marked.length).toBeLessThanOrEqual(255);
        expect(plainShareName(marked)).toBe(marked);
        expect(marked.isWellFormed()).toBe(true);
        expect(marked).not.toBe(markedShareName(name, 'e-1-2'));
      }),
    );
  });

  test.each([
    ['a.txt', /^a~[0-9a-f]{8}\.txt$/],
    ['\u{1f600}?.txt', /^\u{1f600}_~[0-9a-f]{8}\.txt$/u],
    [`a.${'x'.repeat(250)}`, /^a\.x{244}~[0-9a-f]{8}$/],
    [`${'\u{1f600}'.repeat(125)}`, /^\u{1f600}{123}~[0-9a-f]{8}$/u],
    ['dot.', /^dot~[0-9a-f]{8}$/],
  ])('the mark of %s', (name, pattern) => expect(markedShareName(name, 'e-1-1')).toMatch(pattern));
});
