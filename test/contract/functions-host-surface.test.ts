// docs/emulators.md says which test shows each line of Microsoft's host: it must be there.
import { expect, test } from '@jest/globals';
import { documented, unproved } from './surface/documented.ts';

test('every line of the Functions host cites tests that are there', () => {
  expect(unproved(documented('Functions host'), ['contract', 'local/functions-host'])).toEqual([]);
});
