// Which versions a host takes, as Microsoft's extension (3.14.1) was seen to.
import { describe, expect, test } from '@jest/globals';
import { parseHostJson } from '../../../lib/local/functions-host/host-json.ts';
import { takesVersion } from '../../../lib/local/durable/version.ts';

const asked = [null, '', '1', '1.2', '1.5', '1.5.0', '1.10', '2', '2.0', 'abc', 'v1'];

function taken(defaultVersion: string | null, versionMatchStrategy?: string): unknown[] {
  const durableTask = { ...(defaultVersion === null ? {} : { defaultVersion }), versionMatchStrategy };
  const { durable } = parseHostJson({ version: '2.0', extensions: { durableTask } }, 2);
  return asked.filter((version) => takesVersion(version, durable));
}

describe('a host of version 1.5', () => {
  test.each([
    [undefined, [null, '', '1', '1.2', '1.5']],
    ['CurrentOrOlder', [null, '', '1', '1.2', '1.5']],
    ['Strict', ['1.5']],
    ['None', asked],
  ])('by the strategy %s', (strategy, versions) => {
    expect(taken('1.5', strategy)).toEqual(versions);
  });
});

describe('a host of no version', () => {
  test.each([
    ['CurrentOrOlder', [null, '']],
    ['Strict', [null]],
    ['None', asked],
  ])('by the strategy %s', (strategy, versions) => {
    expect(taken(null, strategy)).toEqual(versions);
  });
});

test('words are compared without case, and numbers are no words', () => {
  expect(taken('V2', 'CurrentOrOlder')).toEqual(asked);
  expect(taken('ABC', 'CurrentOrOlder')).toEqual(asked.filter((version) => version !== 'v1'));
});
