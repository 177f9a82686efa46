// What happens at two sites while no hub runs is brought together at its next start, and nothing anybody saved is lost
// (I3-I5, I7). Each test is one pair of edits; they share the two sites, each in a directory of its own.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contentsOf, treeOf } from './support/tree.ts';
import { Workspace } from './support/workspace.ts';

let space: Workspace;
const at = (site: 'a' | 'b', name: string): string => path.join(space.site(site), name);

/** Saves a file with an mtime of its own: `minute` says which of two is newer. */
function save(site: 'a' | 'b', name: string, text: string, minute = 0): void {
  mkdirSync(path.dirname(at(site, name)), { recursive: true });
  writeFileSync(at(site, name), text);
  const time = 1_760_000_000 + minute * 60;
  utimesSync(at(site, name), time, time);
}

const before = [
  'newer-a/doc.txt',
  'newer-b/doc.txt',
  'same/doc.txt',
  'taken/doc.txt',
  'edit-delete/doc.txt',
  'delete-edit/doc.txt',
  'moved/old/kept.txt',
  'dropped/dir/sub/kept.txt',
  'renames/doc.txt',
  'turned/doc.txt',
  'swap/one.txt',
  'swap/two.txt',
];

describe('edits at two sites while the hub is stopped', () => {
  beforeAll(async () => {
    space = new Workspace('a', 'b');
    const first = await space.up('a', 'b');
    for (const name of before) save('a', name, `first ${path.basename(name)}`);
    save('a', 'taken/doc-b.txt', 'an old copy');
    await space.inSync();
    expect(treeOf(space.site('b'))).toEqual(treeOf(space.site('a')));
    await first.stop();

    save('a', 'newer-a/doc.txt', 'from a', 2);
    save('b', 'newer-a/doc.txt', 'from b', 1);
    save('a', 'newer-b/doc.txt', 'from a', 1);
    save('b', 'newer-b/doc.txt', 'from b', 2);
    save('a', 'same/doc.txt', 'the same', 1);
    save('b', 'same/doc.txt', 'the same', 1);
    save('a', 'taken/doc.txt', 'from a', 2);
    save('b', 'taken/doc.txt', 'from b', 1);
    save('a', 'edit-delete/doc.txt', 'edited', 1);
    rmSync(at('b', 'edit-delete/doc.txt'));
    rmSync(at('a', 'delete-edit/doc.txt'));
    save('b', 'delete-edit/doc.txt', 'edited', 1);
    save('a', 'made/dir/from-a.txt', 'from a');
    save('b', 'made/dir/from-b.txt', 'from b');
    save('a', 'new/doc.txt', 'from a', 2);
    save('b', 'new/doc.txt', 'from b', 1);
    save('a', 'kind/thing', 'a file', 1);
    save('b', 'kind/thing/inside.txt', 'in a directory');
    renameSync(at('a', 'moved/old'), at('a', 'moved/new'));
    save('b', 'moved/old/added.txt', 'added');
    rmSync(at('a', 'dropped/dir'), { recursive: true });
    save('b', 'dropped/dir/sub/added.txt', 'added');
    renameSync(at('a', 'renames/doc.txt'), at('a', 'renames/by-a.txt'));
    renameSync(at('b', 'renames/doc.txt'), at('b', 'renames/by-b.txt'));
    renameSync(at('a', 'swap/one.txt'), at('a', 'swap/three.txt'));
    renameSync(at('a', 'swap/two.txt'), at('a', 'swap/one.txt'));
    renameSync(at('a', 'swap/three.txt'), at('a', 'swap/two.txt'));
    rmSync(at('a', 'turned/doc.txt'));
    save('a', 'turned/doc.txt/inside.txt', 'now a directory');
    save('b', 'turned/doc.txt', 'edited', 1);
    save('a', 'twins/Readme.txt', 'from a');
    save('b', 'twins/README.txt', 'from b');

    await space.up('a', 'b');
    await space.inSync();
  }, 120_000);

  afterAll(() => space.dispose(), 30_000);

  test('both sites are equal afterwards', () => {
    expect(treeOf(space.site('b'))).toEqual(treeOf(space.site('a')));
  });

  test.each(['a', 'b'] as const)('the newer edit keeps the name, the other one is beside it: newer at %s', (newer) => {
    const older = newer === 'a' ? 'b' : 'a';
    expect(contentsOf(at('a', `newer-${newer}`))).toEqual({
      [`doc-${older}.txt`]: `from ${older}`,
      'doc.txt': `from ${newer}`,
    });
  });

  test('the same content is no conflict', () => {
    expect(contentsOf(at('a', 'same'))).toEqual({ 'doc.txt': 'the same' });
  });

  test('a conflict name that is taken is counted on', () => {
    const found = contentsOf(at('a', 'taken'));
    const { 'doc.txt': kept, 'doc-b.txt': old, ...rest } = found;
    expect([kept, old, Object.values(rest)]).toEqual(['from a', 'an old copy', ['from b']]);
    expect(Object.keys(rest)[0]).toMatch(/^doc-b-\d+\.txt$/);
  });

  test.each(['edit-delete', 'delete-edit'])('an edit beats a delete: %s', (dir) => {
    expect(contentsOf(at('a', dir))).toEqual({ 'doc.txt': 'edited' });
  });

  test('a directory made at both is one directory', () => {
    expect(contentsOf(at('a', 'made/dir'))).toEqual({ 'from-a.txt': 'from a', 'from-b.txt': 'from b' });
  });

  test('a file made at both under one name is two files', () => {
    expect(contentsOf(at('a', 'new'))).toEqual({ 'doc-b.txt': 'from b', 'doc.txt': 'from a' });
  });

  test('a file against a directory takes the conflict name', () => {
    expect(contentsOf(at('a', 'kind'))).toEqual({ 'thing-a': 'a file' });
    expect(contentsOf(at('a', 'kind/thing'))).toEqual({ 'inside.txt': 'in a directory' });
  });

  test('a file added to a directory that was renamed elsewhere is in the renamed one', () => {
    expect(contentsOf(at('a', 'moved/new'))).toEqual({ 'added.txt': 'added', 'kept.txt': 'first kept.txt' });
    expect(existsSync(at('a', 'moved/old'))).toBe(false);
  });

  test('a file added to a directory that was deleted elsewhere survives, what was deleted with it does not', () => {
    expect(contentsOf(at('a', 'dropped/dir/sub'))).toEqual({ 'added.txt': 'added' });
  });

  test('of two renames of one file one holds, and there is one file', () => {
    const found = contentsOf(at('a', 'renames'));
    expect(Object.values(found)).toEqual(['first doc.txt']);
    expect(['by-a.txt', 'by-b.txt']).toContain(Object.keys(found)[0]);
  });

  test('two names that were exchanged are exchanged everywhere', () => {
    expect(contentsOf(at('b', 'swap'))).toEqual({ 'one.txt': 'first two.txt', 'two.txt': 'first one.txt' });
  });

  test('a file edited here and replaced by a directory there: both are there', () => {
    expect(readFileSync(at('a', 'turned/doc.txt/inside.txt'), 'utf8')).toBe('now a directory');
    expect(Object.values(contentsOf(at('a', 'turned')))).toEqual(['edited']);
  });

  test('names that differ in case only are two files on Linux', () => {
    expect(contentsOf(at('a', 'twins'))).toEqual({ 'README.txt': 'from b', 'Readme.txt': 'from a' });
  });

  test('tideway conflicts lists the copies', async () => {
    const { conflicts } = JSON.parse((await space.run('conflicts', '--json')).stdout) as {
      conflicts: { path: string }[];
    };
    const paths = [...new Set(conflicts.map((each) => each.path))];
    expect(paths).toEqual(expect.arrayContaining(['newer-a/doc-b.txt', 'newer-b/doc-a.txt', 'new/doc-b.txt']));
    for (const each of paths) expect(existsSync(at('a', each))).toBe(true);
  });
});
