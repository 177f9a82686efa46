import { expect, test } from '@jest/globals';
import { groupPath } from '../../lib/cli/group-path.ts';

const sites = [{ path: '/srv/paris' }, { path: '/srv/tokyo' }];

test.each([
  ['/srv/paris', ''],
  ['/srv/paris/a/b', 'a/b'],
  ['/srv/tokyo/a b/', 'a b'],
  ['/srv/paris2/a', 'srv/paris2/a'],
  ['/srv/paris/..a', '..a'],
  ['docs/x', 'docs/x'],
  ['./docs//x/', 'docs/x'],
  ['.', ''],
  ['/', ''],
  ['../x', '../x'],
])('%s is %j', (given, expected) => {
  expect(groupPath(given, sites)).toBe(expected);
});
