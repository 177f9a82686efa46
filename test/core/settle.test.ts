import { describe, expect, test } from '@jest/globals';
import { advance, type Effect, type OutcomeRow } from '../../lib/core/advance.ts';
import type { NodeId } from '../../lib/core/node.ts';
import { plan } from '../../lib/core/plan.ts';
import { afterAction, maxRejections, settle, type Change, type Sent } from '../../lib/core/settle.ts';
import type { MemoryTrees } from '../../lib/core/memory-trees.ts';
import { allIds, lines, localOf, remoteOf, syncedOf, tinyTrees, type TinyTrees } from '../support/tiny-trees.ts';

const put = (id: NodeId, spec: string): Effect => ({ put: remoteOf(id, spec) });
const alias = (from: NodeId, to: NodeId): Effect => ({ alias: from, to });

function content(hash: string): { content: { size: number; hash: string }; mtime: string; mode: number } {
  return { content: { size: 1, hash }, mtime: '1000000', mode: 0o644 };
}

interface Case extends TinyTrees {
  readonly it: string;
  readonly sent: Sent;
  readonly row: Partial<OutcomeRow>;
  readonly rejections?: number;
  /** `set a = root/f@3`, `forget a`, `rekey a to b`, `hold a code`, `dirty a`. */
  readonly changes: readonly string[];
  /** The next plan of everything. */
  readonly next?: readonly string[];
}

function line(change: Change): string {
  if (change.kind === 'rekey') return `rekey ${change.from} to ${change.to}`;
  if (change.kind === 'held') return `hold ${change.id} ${change.code}`;
  if (change.kind === 'dirty') return `dirty ${change.id}`;
  const { id, synced } = change;
  return synced === null ? `forget ${id}` : `set ${id} = ${synced.parent}/${synced.name}@${synced.version}`;
}

function check(cases: readonly Case[]): void {
  test.each(cases.map((one) => [one.it, one] as const))('%s', (_, one) => {
    const trees: MemoryTrees = tinyTrees(one);
    const row: OutcomeRow = { seq: 9, outcome: 'applied', effects: [], ...one.row };
    for (const [id, remote] of advance(trees, row)) trees.setRemote(id, remote);
    const changes = settle(trees, { sent: one.sent, rejections: one.rejections ?? 0 }, row) ?? [];
    expect(changes.map(line)).toEqual(one.changes);
    trees.apply(changes);
    if (one.next !== undefined) expect(lines(plan(trees, allIds(trees)))).toEqual(one.next);
  });
}

const at = (node: NodeId, parent: NodeId, name: string): { node: NodeId; parent: NodeId; name: string } => ({
  node,
  parent,
  name,
});

describe('P13 applied', () => {
  check([
    {
      it: 'a creation is what was sent, with the version of its row',
      local: { a: 'root/f=x' },
      sent: { kind: 'create', ...at('a', 'root', 'f'), ...content('x') },
      row: { effects: [put('a', 'root/f=x@9')] },
      changes: ['set a = root/f@9'],
      next: [],
    },
    {
      it: 'edited on meanwhile: the next edit is based on what was sent',
      local: { a: 'root/f=y' },
      sent: { kind: 'create', ...at('a', 'root', 'f'), ...content('x') },
      row: { effects: [put('a', 'root/f=x@9')] },
      changes: ['set a = root/f@9'],
      next: ['send edit a on 9'],
    },
    {
      it: 'deleted meanwhile: a delete follows',
      sent: { kind: 'create', ...at('a', 'root', 'f'), ...content('x') },
      row: { effects: [put('a', 'root/f=x@9')] },
      changes: ['set a = root/f@9'],
      next: ['send delete a on 9'],
    },
    {
      it: 'an edit moves nothing: where others moved the node to comes next',
      local: { a: 'root/f=y' },
      synced: { a: 'root/f=x@2' },
      remote: { a: 'root/g=x@2' },
      sent: { kind: 'edit', base: 2, ...at('a', 'root', 'f'), ...content('y') },
      row: { effects: [put('a', 'root/g=y@9')] },
      changes: ['set a = root/f@9'],
      next: ['do move a to root/g'],
    },
    {
      it: 'content that was there already: the version it has there',
      local: { a: 'root/f=y' },
      synced: { a: 'root/f=x@2' },
      remote: { a: 'root/f=y@5' },
      sent: { kind: 'edit', base: 2, ...at('a', 'root', 'f'), ...content('y') },
      row: {},
      changes: ['set a = root/f@5'],
      next: [],
    },
    {
      it: 'the remote tree is further on already: never the version of content that is not here',
      local: { a: 'root/f=y' },
      synced: { a: 'root/f=x@2' },
      remote: { a: 'root/f=z@12' },
      sent: { kind: 'edit', base: 2, ...at('a', 'root', 'f'), ...content('y') },
      row: {},
      changes: ['set a = root/f@0'],
      next: ['do replace a'],
    },
    {
      it: 'a move',
      local: { a: 'root/g=x' },
      synced: { a: 'root/f=x' },
      sent: { kind: 'move', ...at('a', 'root', 'g') },
      row: { effects: [put('a', 'root/g=x')] },
      changes: ['set a = root/g@1'],
      next: [],
    },
    {
      it: 'a delete',
      synced: { a: 'root/f=x' },
      remote: { a: 'root/f=x' },
      sent: { kind: 'delete', node: 'a', base: 1 },
      row: { effects: [{ drop: 'a' }] },
      changes: ['forget a'],
      next: [],
    },
    {
      it: 'a directory delete, with all that went along, but not what others had moved out',
      synced: { a: 'root/d/', b: 'a/f=x', c: 'a/g=x' },
      remote: { a: 'root/d/', b: 'a/f=x', c: 'root/g=x' },
      sent: { kind: 'rmdir', node: 'a' },
      row: { effects: [{ drop: 'a' }] },
      changes: ['forget a', 'forget b'],
      next: ['send delete c on 1'],
    },
    {
      it: 'mode and time',
      local: { a: 'root/f=x!600~7' },
      synced: { a: 'root/f=x' },
      sent: { kind: 'attributes', node: 'a', base: 1, mode: 0o600, mtime: '7000000' },
      row: { effects: [put('a', 'root/f=x!600~7')] },
      changes: ['set a = root/f@1'],
      next: [],
    },
    { it: 'a number that was given up', sent: { kind: 'none' }, row: {}, changes: [] },
  ]);
});

describe('P14 merged', () => {
  check([
    {
      it: 'a directory that was there already: the local entry gets its id, and children follow',
      local: { a: 'root/d/', b: 'a/f=x' },
      remote: { z: 'root/d/' },
      sent: { kind: 'mkdir', ...at('a', 'root', 'd'), mode: 0o644 },
      row: { effects: [alias('a', 'z')] },
      changes: ['rekey a to z', 'forget a', 'set z = root/d@0'],
      next: ['send create b'],
    },
    {
      it: 'a child that was sent below the old id',
      local: { z: 'root/d/', b: 'z/f=x' },
      synced: { z: 'root/d/' },
      remote: { z: 'root/d/' },
      sent: { kind: 'create', ...at('b', 'a', 'f'), ...content('x') },
      row: { effects: [put('b', 'z/f=x@9')] },
      changes: ['set b = z/f@9'],
      next: [],
    },
    {
      it: 'with a directory that is elsewhere here: this one empties into it and goes',
      local: { a: 'root/d/', b: 'a/f=x', z: 'root/old/' },
      synced: { b: 'a/f=x@8', z: 'root/old/' },
      remote: { b: 'z/f=x@8', z: 'root/d/' },
      sent: { kind: 'mkdir', ...at('a', 'root', 'd'), mode: 0o644 },
      row: { effects: [alias('a', 'z')] },
      changes: ['set a = root/d@0'],
      next: ['do move b to z/f', 'do rmdir a', 'do move z to root/d'],
    },
  ]);
});

describe('P15 conflict', () => {
  check([
    {
      it: 'a creation that lost: renamed here, then the other is fetched',
      local: { a: 'root/f=x' },
      remote: { z: 'root/f=y@5' },
      sent: { kind: 'create', ...at('a', 'root', 'f'), ...content('x') },
      row: { outcome: 'conflict', effects: [put('a', 'root/f-paris=x@9')] },
      changes: ['set a = root/f@9'],
      next: ['do move a to root/f-paris', 'do fetch z'],
    },
    {
      it: 'a creation that won',
      local: { a: 'root/f=x' },
      remote: { z: 'root/f=y@5' },
      sent: { kind: 'create', ...at('a', 'root', 'f'), ...content('x') },
      row: { outcome: 'conflict', effects: [put('z', 'root/f-tokyo=y@5'), put('a', 'root/f=x@9')] },
      changes: ['set a = root/f@9'],
      next: ['do fetch z'],
    },
    {
      it: 'an edit that lost: the file here becomes the copy, and the winner is fetched under the old name',
      local: { a: 'root/f=x' },
      synced: { a: 'root/f=o@2' },
      remote: { a: 'root/f=y@5' },
      sent: { kind: 'edit', base: 2, ...at('a', 'root', 'f'), ...content('x') },
      row: { outcome: 'conflict', became: 'c', effects: [put('c', 'root/f-paris=x@9')] },
      changes: ['rekey a to c', 'forget a', 'set c = root/f@9'],
      next: ['do move c to root/f-paris', 'do fetch a'],
    },
    {
      it: 'an edit that lost, deleted here meanwhile: the copy is deleted too',
      synced: { a: 'root/f=o@2' },
      remote: { a: 'root/f=y@5' },
      sent: { kind: 'edit', base: 2, ...at('a', 'root', 'f'), ...content('x') },
      row: { outcome: 'conflict', became: 'c', effects: [put('c', 'root/f-paris=x@9')] },
      changes: ['forget a', 'set c = root/f@9'],
      next: ['send delete c on 9', 'do fetch a'],
    },
    {
      it: 'an edit that won: the other is a new file',
      local: { a: 'root/f=x' },
      synced: { a: 'root/f=o@2' },
      remote: { a: 'root/f=y@5' },
      sent: { kind: 'edit', base: 2, ...at('a', 'root', 'f'), ...content('x') },
      row: { outcome: 'conflict', effects: [put('a', 'root/f=x@9'), put('c', 'root/f-tokyo=y@9')] },
      changes: ['set a = root/f@9'],
      next: ['do fetch c'],
    },
    {
      it: 'a move to a taken name: the place it got there wins',
      local: { a: 'root/g=x' },
      synced: { a: 'root/f=x' },
      remote: { a: 'root/f=x', z: 'root/g=y' },
      sent: { kind: 'move', ...at('a', 'root', 'g') },
      row: { outcome: 'conflict', effects: [put('a', 'root/g-paris=x')] },
      changes: ['set a = root/g@1'],
      next: ['do move a to root/g-paris', 'do fetch z'],
    },
  ]);
});

describe('P16 rejected and parked', () => {
  const edit: Sent = { kind: 'edit', base: 1, ...at('a', 'root', 'f'), ...content('y') };
  const edited = { local: { a: 'root/f=y' }, synced: { a: 'root/f=x' }, remote: { a: 'root/f=x' } };
  check([
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
