import path from 'node:path';
import { expect, test } from '@jest/globals';
import { siteOf } from '../../lib/cli/site-of.ts';

const sites = [
  { name: 'paris', path: '/srv/paris' },
  { name: 'tokyo', path: path.resolve('tokyo-files') },
];

test.each([
  ['paris', 'paris'],
  ['/srv/paris', 'paris'],
  ['/srv/paris/deep/file', 'paris'],
  ['tokyo-files/x', 'tokyo'],
  ['/srv/paris-old', '/srv/paris-old'],
  ['nowhere', 'nowhere'],
])('%s means %s', (given, site) => {
  expect(siteOf(given, sites)).toBe(site);
});
