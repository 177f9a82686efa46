import { expect, test } from '@jest/globals';
import { described, parseProfile, summaryOf } from '../../bench/profile/summary.ts';

const frame = (functionName: string, url: string, lineNumber = 9): object => ({ functionName, url, lineNumber });
const profile = parseProfile(
  JSON.stringify({
    nodes: [
      { id: 1, callFrame: frame('(idle)', '') },
      { id: 2, callFrame: frame('(garbage collector)', '') },
      { id: 3, callFrame: frame('commit', 'file:///srv/tideway/lib/cloud/commit.ts') },
      { id: 4, callFrame: frame('parse', 'file:///srv/tideway/node_modules/@azure/core/dist/esm/a.js') },
      { id: 5, callFrame: frame('read', 'node:internal/fs/promises') },
      { id: 6, callFrame: frame('commit', 'file:///srv/tideway/lib/cloud/commit.ts') },
    ],
    startTime: 1e9,
    samples: [1, 2, 3, 4, 5, 6],
    timeDeltas: [4e6, 5e5, 1e6, 2e6, 25e4, 15e5],
  }),
);

const always = { from: 0, to: Infinity };

test('a profile: time at work, by part of the code and by function', () => {
  expect(summaryOf(profile, always)).toEqual({
    total: 9.25,
    busy: 5.25,
    parts: [
      ['lib/cloud', 2.5],
      ['@azure/core', 2],
      ['(garbage collector)', 0.5],
      ['node:internal/fs', 0.25],
    ],
    functions: [
      ['commit cloud/commit.ts:10', 2.5],
      ['parse @azure/core/dist/esm/a.js:10', 2],
      ['(garbage collector)', 0.5],
      ['read internal/fs/promises:10', 0.25],
    ],
  });
  expect(described('hub', summaryOf(profile, always))).toContain('hub: worked 5.25 of 9.25 s');
});

test('only what was sampled while the work was measured', () => {
  const { total, busy, parts } = summaryOf(profile, { from: 1e9 + 4.6e6, to: 1e9 + 7.6e6 });
  expect({ total, busy, parts }).toEqual({
    total: 3,
    busy: 3,
    parts: [
      ['@azure/core', 2],
      ['lib/cloud', 1],
    ],
  });
});
