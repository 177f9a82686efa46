import { expect, test } from '@jest/globals';
import { inherit } from '../../../lib/local/files/inherit.ts';

// "ACE Inheritance Rules" (learn.microsoft.com): what a child file and a child directory get of one entry.
test.each([
  ['for all below', '(A;OICI;FA;;;SY)', '(A;ID;FA;;;SY)', '(A;OICIID;FA;;;SY)'],
  ['for files below', '(A;OI;FA;;;SY)', '(A;ID;FA;;;SY)', '(A;OIIOID;FA;;;SY)'],
  ['for directories below', '(A;CI;FA;;;SY)', '', '(A;CIID;FA;;;SY)'],
  ['for those below only', '(A;OICIIO;FA;;;SY)', '(A;ID;FA;;;SY)', '(A;OICIID;FA;;;SY)'],
  ['for the next level only', '(A;OICINP;FA;;;SY)', '(A;ID;FA;;;SY)', '(A;ID;FA;;;SY)'],
  ['for files of the next level only', '(A;OINP;FA;;;SY)', '(A;ID;FA;;;SY)', ''],
  ['for itself only', '(A;;FA;;;SY)', '', ''],
  ['inherited already', '(A;OICIID;FA;;;SY)', '(A;ID;FA;;;SY)', '(A;OICIID;FA;;;SY)'],
  ['for whoever makes it', '(A;OICIIO;FA;;;CO)', '(A;ID;FA;;;BA)', '(A;ID;FA;;;BA)(A;OICIIOID;FA;;;CO)'],
  ['for the group of who makes it', '(A;OICI;FR;;;CG)', '(A;ID;FR;;;DU)', '(A;ID;FR;;;DU)(A;OICIIOID;FR;;;CG)'],
  [
    'that denies',
    '(D;OI;FW;;;S-1-5-21-1-2-3-500)',
    '(D;ID;FW;;;S-1-5-21-1-2-3-500)',
    '(D;OIIOID;FW;;;S-1-5-21-1-2-3-500)',
  ],
])('an entry %s', (_what, entry, file, directory) => {
  const bare = 'D:(A;;FA;;;SY)(A;;FA;;;BA)';
  const head = 'O:BAG:DU';
  const expected = (entries: string): string => (entries === '' ? `${head}${bare}` : `${head}D:AI${entries}`);
  expect(inherit(`${head}D:P${entry}`, false)).toBe(expected(file));
  expect(inherit(`${head}D:${entry}`, true)).toBe(expected(directory));
});

test('entries keep their order, and none is there twice', () => {
  const parent = 'O:SYG:SYD:(D;OICI;FW;;;WD)(A;OICIIO;FA;;;CO)(A;OICI;FA;;;SY)(A;CI;FR;;;BU)';
  expect(inherit(parent, false)).toBe('O:SYG:SYD:AI(D;ID;FW;;;WD)(A;ID;FA;;;SY)');
  // A grandchild gets the same as a child.
  expect(inherit(inherit(parent, true), false)).toBe('O:SYG:SYD:AI(D;ID;FW;;;WD)(A;ID;FA;;;SY)');
});

test('what says more than plain entries is taken over as it is', () => {
  const conditional = 'O:SYG:SYD:(XA;OICI;FA;;;WD;(@User.Title=="PM"))';
  expect(inherit(conditional, false)).toBe(conditional);
});
