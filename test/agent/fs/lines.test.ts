import { expect, test } from '@jest/globals';
import { linesOf, readLines } from '../../../lib/agent/fs/lines.ts';
import type { Entry } from '../../../lib/agent/fs/port.ts';

const stat = {
  kind: 'file',
  size: 12,
  mode: 0o4644,
  mtimeNs: 1_700_000_000_123_456_789n,
  ctimeNs: -3n,
  dev: 66_306n,
  ino: 77n,
  bornNs: 0n,
  links: 2,
  uid: 1,
  gid: 2,
} as const;

const entries: readonly Entry[] = [
  { name: 'z', stat: { ...stat, kind: 'symlink', mode: 0o777 } },
  { name: 'b\nc', stat },
  { name: 'd', stat: { ...stat, kind: 'directory', mode: 0o1750 } },
  { name: 'b', stat: { ...stat, kind: 'other' } },
];

test('an entry is one line, in the order of names, with what tells whether it was touched', () => {
  expect(linesOf(entries).toString()).toBe(
    'b/other/12/1700000000123456789/420/66306:77/0/-3\n' +
      'b\nc/file/12/1700000000123456789/420/66306:77/0/-3\n' +
      'd/directory///488/66306:77/0/-3\n' +
      'z/link/12/1700000000123456789//66306:77/0/-3\n',
  );
  expect(linesOf([]).length).toBe(0);
});

test('names are in the order of their bytes, in which a row comes from the database', () => {
  const names = ['\u{1f600}', '\uffee', '\u00e9', 'a', 'A', 'a-', 'a.'];
  const sorted = [...readLines(linesOf(names.map((name) => ({ name, stat }))), 0).byName.keys()];
  expect(sorted).toEqual(['A', 'a', 'a-', 'a.', '\u00e9', '\uffee', '\u{1f600}']);
});

test('lines are read up to a name, and on from there', () => {
  const lines = linesOf(entries);
  const first = readLines(lines, 0, Buffer.from('c'));
  expect([...first.byName]).toEqual([
    ['b', 'b/other/12/1700000000123456789/420/66306:77/0/-3\n'],
    ['b\nc', 'b\nc/file/12/1700000000123456789/420/66306:77/0/-3\n'],
  ]);
  const rest = readLines(lines, first.end);
  expect([[...rest.byName.keys()], rest.end]).toEqual([['d', 'z'], lines.length]);
});
