import { describe, expect, test } from '@jest/globals';
import { advance, type OutcomeRow } from '../../lib/core/advance.ts';
import { afterAction, maxRejections, settle, type Sent } from '../../lib/core/settle.ts';
import { alias, at, checkOutcomes as check, content, put } from '../support/settle-cases.ts';
import { localOf, remoteOf, syncedOf, tinyTrees } from '../support/tiny-trees.ts';

describe('P16 rejected and parked', () => {
  const edit: Sent = { kind: 'edit', base: 1, ...at('a', 'root', 'f'), ...content('y') };
  const edited = { local: { a: 'root/f=y' }, synced: { a: 'root/f=x' }, remote: { a: 'root/f=x' } };
  check([
    {
      it: 'the id was that of something deleted: it gets another one, and those in it follow',
      local: { a: 'root/d/', b: 'a/f=x' },
      sent: { kind: 'mkdir', ...at('a', 'root', 'd'), mode: 0o644 },
      row: { outcome: 'rejected', code: 'id_taken' },
      changes: ['renew a = nothing'],
      next: ['send mkdir fresh', 'send create b'],
    },
    {
      it: 'the same, gone here meanwhile: nothing is left of it',
      sent: { kind: 'create', ...at('a', 'root', 'f'), ...content('x') },
      row: { outcome: 'rejected', code: 'id_foreign' },
      changes: [],
      next: [],
    },
    {
      it: 'planned again from the remote tree as it is',
      ...edited,
      sent: edit,
      row: { outcome: 'rejected', code: 'busy' },
      changes: [],
      next: ['send edit a on 1'],
    },
    {
      it: 'a refused move: the remote place wins',
      local: { a: 'root/g=x' },
      synced: { a: 'root/f=x' },
      remote: { a: 'root/f=x' },
      sent: { kind: 'move', ...at('a', 'root', 'g') },
      row: { outcome: 'rejected', code: 'cycle' },
      changes: ['set a = root/g@1'],
      next: ['do move a to root/f'],
    },
    {
      it: 'a name that cannot be: a problem, and the file stays where it is',
      local: { a: 'root/g=x' },
      synced: { a: 'root/f=x' },
      remote: { a: 'root/f=x' },
      sent: { kind: 'move', ...at('a', 'root', 'g') },
      row: { outcome: 'rejected', code: 'name_forbidden' },
      changes: ['hold a name_forbidden'],
      next: ['problem a name_forbidden'],
    },
    {
      it: 'again and again the same: a problem',
      ...edited,
      sent: edit,
      rejections: maxRejections - 1,
      row: { outcome: 'rejected', code: 'busy' },
      changes: ['hold a busy'],
      next: ['problem a busy'],
    },
    {
      it: 'because of its parent: no fault of its own',
      local: { a: 'b/f=y', b: 'root/b/' },
      flight: ['b'],
      sent: { kind: 'create', ...at('a', 'b', 'f'), ...content('y') },
      rejections: maxRejections,
      row: { outcome: 'rejected', code: 'parent_unknown' },
      changes: [],
    },
    {
      it: 'deleted so long ago that the committer forgot it: made again',
      local: { a: 'b/f=y', b: 'c/b/', c: 'root/c/' },
      synced: { b: 'c/b/', c: 'root/c/' },
      sent: { kind: 'create', ...at('a', 'b', 'f'), ...content('y') },
      row: { outcome: 'rejected', code: 'parent_unknown' },
      changes: ['forget b', 'forget c'],
      next: ['send mkdir c', 'send mkdir b', 'send create a'],
    },
    {
      it: 'a directory delete: what it would have taken along is looked at again',
      synced: { a: 'root/d/', b: 'a/f=x' },
      remote: { a: 'root/d/', b: 'a/f=x', n: 'a/n=y@8' },
      sent: { kind: 'rmdir', node: 'a' },
      row: { outcome: 'rejected', code: 'changed_below' },
      changes: ['dirty b', 'dirty n'],
      next: ['forget a', 'send delete b on 1', 'do mkdir a', 'do fetch n'],
    },
  ]);

  test('parked is no outcome yet', () => {
    const row: OutcomeRow = { seq: 9, outcome: 'parked', code: 'open_over_smb', effects: [] };
    expect(settle(tinyTrees(edited), { sent: edit, rejections: 0 }, row)).toBeUndefined();
  });
});

describe('P17 after an action', () => {
  const local = localOf('a', 'root/f=x');
  const synced = syncedOf('a', 'root/f=x@2');
  const remote = remoteOf('a', 'root/g=y@5!600');
  test('fetch: the remote state, with the hash that was read where the row has none', () => {
    const found = { ...remote, hash: null };
    const after = afterAction({ action: { kind: 'fetch', node: 'a' }, remote: found, local }, undefined);
    expect(after).toEqual({ ...syncedOf('a', 'root/g=y@5!600'), hash: 'x' });
  });
  test('replace: the content, not the place', () => {
    const after = afterAction({ action: { kind: 'replace', node: 'a' }, remote, local }, synced);
    expect(after).toEqual(syncedOf('a', 'root/f=y@5!600'));
  });
  test('move: the place, not the content', () => {
    const action = { kind: 'move', node: 'a', parent: 'root', name: 'g' } as const;
    expect(afterAction({ action, remote, local }, synced)).toEqual(syncedOf('a', 'root/g=x@2'));
  });
  test('park: the temporary place is no move of this site', () => {
    const parked = { ...local, name: 'f.tmp' };
    const after = afterAction({ action: { kind: 'park', node: 'a' }, remote, local: parked }, synced);
    expect(after).toEqual(syncedOf('a', 'root/f.tmp=x@2'));
  });
  test('attributes', () => {
    const after = afterAction({ action: { kind: 'attributes', node: 'a' }, remote, local }, synced);
    expect(after).toEqual(syncedOf('a', 'root/f=x@2!600'));
  });
  test.each(['remove', 'rmdir'] as const)('%s: forgotten', (kind) => {
    expect(afterAction({ action: { kind, node: 'a' } }, synced)).toBeNull();
  });
});

describe('P18 a row moves the remote tree', () => {
  test('a dropped directory takes all below it, but not what the same row moved out', () => {
    const trees = tinyTrees({ remote: { a: 'root/d/', b: 'a/b/', c: 'b/c=x', e: 'b/e=x' } });
    const row: OutcomeRow = {
      seq: 9,
      outcome: 'applied',
      effects: [put('e', 'root/e=x'), { drop: 'a' }, alias('q', 'a')],
    };
    const changes = [...advance(trees, row)].map(([id, remote]) => `${id} ${remote?.parent ?? 'gone'}`);
    expect(changes.toSorted()).toEqual(['a gone', 'b gone', 'c gone', 'e root']);
  });
});
