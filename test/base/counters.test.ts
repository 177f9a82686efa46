import { expect, test } from '@jest/globals';
import { count, counted, flatten, since } from '../../lib/base/counters.ts';

test('what was counted between two looks', () => {
  count('requests.files.PUT');
  const before = counted();
  count('requests.files.PUT', 2);
  count('fsyncs.state.db');
  expect(before).toEqual({ 'requests.files.PUT': 1 });
  expect(since(before, counted())).toEqual({ 'requests.files.PUT': 2, 'fsyncs.state.db': 1 });
  expect(since(counted(), counted())).toEqual({});
});

test('nested records by dotted names; what is no number is left out', () => {
  expect(flatten({ requests: { GetFile: 2, errors: { late: 1 } }, commits: 3, name: 'files', none: null })).toEqual({
    'requests.GetFile': 2,
    'requests.errors.late': 1,
    commits: 3,
  });
});
