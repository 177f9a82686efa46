import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { numberOption, parseOptions } from '../../lib/cli/options.ts';
import { UsageError } from '../../lib/cli/usage.ts';

const own = { site: { type: 'string', multiple: true }, wait: { type: 'boolean' }, port: { type: 'string' } } as const;

function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof UsageError && error.hint !== undefined) return error.code;
    throw error;
  }
  return 'none';
}

describe('options', () => {
  test('are parsed wherever they stand; --data is absolute', () => {
    const parsed = parseOptions(['resume', '--site', 'a=/x', '--json', 'paris', '--site=b=/y', '--data', 'd'], own, 2);
    expect(parsed).toMatchObject({
      data: path.resolve('d'),
      json: true,
      positionals: ['resume', 'paris'],
    });
    expect(parsed.list('site')).toEqual(['a=/x', 'b=/y']);
    expect([parsed.flag('wait'), parsed.text('port')]).toEqual([false, undefined]);
  });

  test('--data is ./.tideway where it is not given', () => {
    expect(parseOptions([], {}, 0).data).toBe(path.resolve('.tideway'));
  });

  test.each([
    ['option_unknown', ['--colour']],
    ['option_unknown', ['-x']],
    ['option_invalid', ['--site']],
    ['option_invalid', ['--wait=soon']],
    ['option_invalid', ['--data']],
    ['argument_unknown', ['one', 'two', 'three']],
  ])('%s: %j', (code, args) => {
    expect(refusalOf(() => parseOptions(args, own, 2))).toBe(code);
  });

  test.each(['', '0', '-1', '1.5', '11', 'ten', '1e9'])('a number out of bounds or none is refused: %j', (text) => {
    const parsed = parseOptions([`--port=${text}`], own, 0);
    expect(refusalOf(() => numberOption(parsed, 'port', 1, 10))).toBe('option_invalid');
  });

  test('a number within bounds is taken, none is none', () => {
    expect(numberOption(parseOptions(['--port', '10'], own, 0), 'port', 1, 10)).toBe(10);
    expect(numberOption(parseOptions([], own, 0), 'port', 1, 10)).toBeUndefined();
  });
});
