import { describe, expect, test } from '@jest/globals';
import { asksHelp, help, helpOf } from '../../lib/cli/usage.ts';

describe('help', () => {
  test('of a command is what is said of it alone, with what holds for all', () => {
    const text = helpOf(['status', '--help']);
    expect(text.match(/^ {2}tideway .*/gm)).toEqual(['  tideway status [--wait] [--timeout SEC]']);
    expect(text).toMatch(/^tideway: .*\n\n[^]*\n\nEvery command takes[^]*halted\.\n$/);
  });

  test.each([
    ['group', 4],
    ['group set', 2],
    ['group create', 1],
    ['group rebuild', 1],
    ['snapshot delete', 1],
    ['endpoint pause', 1],
    ['history docs/a.txt', 1],
  ])('of %s: %d entries', (words, count) => {
    expect(helpOf([...words.split(' '), '-h']).match(/^ {2}tideway /gm)).toHaveLength(count);
  });

  test('of what has no entry of its own is all of it', () => {
    expect(helpOf(['demo', '--help'])).toBe(help);
  });

  test('each command of the whole has its own', () => {
    for (const [, name] of help.matchAll(/^ {2}tideway (\S+)/gm)) expect(helpOf([name ?? ''])).not.toBe(help);
  });

  test('is asked for by an option, not by the name of a file', () => {
    expect([['-h'], ['a', '--help', 'b'], ['--', '-h'], ['help'], []].map(asksHelp)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
