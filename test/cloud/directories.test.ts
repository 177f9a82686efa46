// C40-C46: a directory delete is one operation that must not take along what its sender did not know, and a deleted directory
// comes back, with its id and empty, when something below it does.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { temporaryName } from '../../lib/core/temporary-name.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { tickAndStep } from '../support/tick.ts';

let world: CloudWorld;
let paris: Endpoint;
let tokyo: Endpoint;
let dir: string;
let deep: string;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  tokyo = await world.endpoint('tokyo');
  const [d, e] = [paris.mkdir('root', 'd'), paris.mkdir('root', 'e')];
  [dir, deep] = [d.node, e.node];
  const inside = { ...e, parent: dir };
  await world.commit(paris, d, inside, paris.create(deep, 'a.txt', 'one'));
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

describe('stale deletes', () => {
  test('C40 a change below by somebody else after asOf rejects it', async () => {
    const asOf = world.head;
    await world.commit(tokyo, tokyo.create(deep, 'new.txt', 'two'));
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf });
    expect(paris.outcome()).toMatchObject({ outcome: 'rejected', code: 'stale' });
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf: world.head });
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
  });

  test('C40 changes elsewhere do not, nor what was moved out', async () => {
    const asOf = world.head;
    await world.commit(tokyo, tokyo.create('root', 'elsewhere', 'two'));
    await world.commit(paris, { kind: 'move', node: world.node('d/e/a.txt').id, parent: 'root', name: 'out' });
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf });
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.visible()).toEqual({ elsewhere: 'two', out: 'one' });
  });

  test('C40 a node moved in by somebody else does, one that was moved out again does not', async () => {
    await world.commit(tokyo, tokyo.create('root', 'm', 'moved'));
    const { id } = world.node('m');
    const asOf = world.head;
    await world.commit(tokyo, { kind: 'move', node: id, parent: dir, name: 'm' });
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf });
    expect(paris.outcome()).toMatchObject({ code: 'stale' });
    await world.commit(tokyo, { kind: 'move', node: id, parent: 'root', name: 'm' });
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf });
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.visible()).toEqual({ m: 'moved' });
  });

  test('C40 a file that its own edit revived below does: it may believe it elsewhere', async () => {
    const { id, version } = world.node('d/e/a.txt');
    await world.commit(tokyo, { kind: 'delete', node: id, base: version });
    const asOf = world.head;
    const content = paris.stage('edited', paris.mtime(5));
    const place = { parent: 'root', name: 'a.txt', mtime: paris.mtime(5), mode: 0o644 };
    await world.commit(
      paris,
      { kind: 'edit', node: id, base: version, content, ...place },
      { kind: 'rmdir', node: dir, asOf },
    );
    expect(paris.outcome()).toMatchObject({ code: 'stale' });
    expect(world.visible()['d/e/a.txt']).toBe('edited');
  });

  test('C40 a conflict copy of its own that it has not read does', async () => {
    const base = world.node('d/e/a.txt');
    await world.commit(tokyo, tokyo.edit(base, 'of tokyo', { at: 9 }));
    const asOf = world.head;
    await world.commit(paris, paris.edit(base, 'of paris', { at: 1 }));
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf });
    expect(paris.outcome()).toMatchObject({ code: 'stale' });
  });

  test('C40 what somebody made anew, and was merged with what is there, rejects it', async () => {
    const asOf = world.head;
    const [d, e] = [tokyo.mkdir('root', 'd'), { ...tokyo.mkdir('root', 'e') }];
    await world.commit(tokyo, d);
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf });
    expect(paris.outcome()).toMatchObject({ code: 'stale' });
    await world.commit(tokyo, { ...e, parent: d.node }, tokyo.create(e.node, 'a.txt', 'one'));
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf: world.head - 1 });
    expect(paris.outcome()).toMatchObject({ code: 'stale' });
    expect(world.visible()).toEqual({ d: '/', 'd/e': '/', 'd/e/a.txt': 'one' });
  });

  test('C40 its own, too: a tree deleted and made again at once, as a switch of branches does', async () => {
    const { id, version } = world.node('d/e/a.txt');
    const asOf = world.head;
    const [d, e] = [paris.mkdir('root', 'd'), paris.mkdir('root', 'e')];
    await world.commit(paris, d, { ...e, parent: d.node }, paris.create(e.node, 'a.txt', 'one'));
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf }, { kind: 'delete', node: id, base: version, asOf });
    expect([paris.outcome(paris.n - 1), paris.outcome()]).toMatchObject([{ code: 'stale' }, { code: 'stale' }]);
    expect(world.visible()).toEqual({ d: '/', 'd/e': '/', 'd/e/a.txt': 'one' });
    await world.commit(paris, { kind: 'delete', node: id, base: version, asOf: world.head });
    expect(world.visible()).toEqual({ d: '/', 'd/e': '/' });
  });

  test('C41 a parked operation below rejects it', async () => {
    const file = world.node('d/e/a.txt');
    const close = world.share.open('d/e/a.txt');
    await world.commit(tokyo, tokyo.edit(file, 'two', { at: 9 }));
    close();
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf: world.head });
    expect(paris.outcome()).toMatchObject({ code: 'stale' });
    world.clock.advance(60_000);
    await world.deliver(world.nudge());
    expect(world.visible()['d/e/a.txt']).toBe('two');
  });

  test('C41 a parked delete of the same does not', async () => {
    const close = world.share.open('d/e/a.txt');
    await world.commit(tokyo, { kind: 'rmdir', node: dir, asOf: world.head });
    expect(tokyo.outcome()).toMatchObject({ outcome: 'parked' });
    close();
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf: world.head });
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    world.clock.advance(60_000);
    await world.deliver(world.nudge());
    expect(tokyo.outcome()).toMatchObject({ outcome: 'applied' });
  });

  test('C41 a cursor below the floor cannot tell', async () => {
    const floor = world.table.get(group, 'floor');
    world.table.transact(group, [{ do: 'put', key: 'floor', value: { ...(floor?.value as object), floor: 2 } }]);
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf: 1 });
    expect(paris.outcome()).toMatchObject({ outcome: 'rejected', code: 'cursor_below_floor' });
  });

  test('a file is not deleted as a directory, nor the other way round', async () => {
    const { id, version } = world.node('d/e/a.txt');
    await world.commit(paris, { kind: 'rmdir', node: id, asOf: world.head }, { kind: 'delete', node: dir, base: 0 });
    expect(world.rows(4).map(({ code }) => code)).toEqual(['not_a_directory', 'not_a_file']);
    expect(version).toBe(3);
  });
});

describe('what lies below a deleted directory', () => {
  test('C42 is dead without a row of its own, and its id may be asked for', async () => {
    const file = world.node('d/e/a.txt');
    await world.commit(paris, { kind: 'rmdir', node: dir, asOf: world.head });
    await world.commit(tokyo, { kind: 'delete', node: file.id, base: file.version });
    await world.commit(tokyo, { kind: 'move', node: file.id, parent: 'root', name: 'x' });
    await world.commit(tokyo, { kind: 'rmdir', node: deep, asOf: world.head });
    expect(world.rows(5).map(({ outcome, code }) => code ?? outcome)).toEqual(['applied', 'gone', 'applied']);
  });

  test('C43 an edit brings the chain back with its ids, each directory by a row of its own', async () => {
    const file = world.node('d/e/a.txt');
    await world.commit(tokyo, { kind: 'rmdir', node: dir, asOf: world.head });
    const rows = await world.commit(paris, paris.edit(file, 'two', { at: 5 }));
    expect(rows.map(({ op, n, outcome }) => [op, n, outcome])).toEqual([
      ['revive', 0, 'applied'],
      ['revive', 0, 'applied'],
      ['edit', 4, 'applied'],
    ]);
    expect(world.node('d')).toMatchObject({ id: dir });
    expect(world.node('d/e')).toMatchObject({ id: deep });
    expect(world.node('d/e/a.txt')).toMatchObject({ id: file.id });
  });

  test('C43 an edit comes back where its sender has it when the directory it was in is forgotten', async () => {
    const { id, version } = world.node('d/e/a.txt');
    await world.commit(tokyo, { kind: 'rmdir', node: dir, asOf: world.head });
    await world.commit(tokyo, { ...tokyo.mkdir('root', 'e'), parent: dir });
    const content = paris.stage('edited', paris.mtime(5));
    const place = { parent: 'root', name: 'mine.txt', mtime: paris.mtime(5), mode: 0o644 };
    await world.commit(paris, { kind: 'edit', node: id, base: version, content, ...place });
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.visible()).toEqual({ d: '/', 'd/e': '/', 'mine.txt': 'edited' });
  });

  test('C44, I5 stays dead when the directory comes back', async () => {
    const file = world.node('d/e/a.txt');
    await world.commit(tokyo, { kind: 'rmdir', node: dir, asOf: world.head });
    await world.commit(paris, paris.create(dir, 'new.txt', 'two'));
    expect(world.visible()).toEqual({ d: '/', 'd/new.txt': 'two' });
    await world.commit(paris, { kind: 'move', node: file.id, parent: 'root', name: 'x' });
    expect(paris.outcome()).toMatchObject({ code: 'gone' });
    await world.commit(paris, paris.create(deep, 'b.txt', 'three'));
    expect(world.visible()).toEqual({ d: '/', 'd/new.txt': 'two', 'd/e': '/', 'd/e/b.txt': 'three' });
  });

  test('C44 stays dead when the directory is deleted and comes back again', async () => {
    for (const text of ['first', 'second']) {
      await world.commit(tokyo, { kind: 'rmdir', node: dir, asOf: world.head });
      await world.commit(paris, paris.create(dir, `${text}.txt`, text));
      expect(world.visible()).toEqual({ d: '/', [`d/${text}.txt`]: text });
    }
  });

  test('C45 when the name is taken by another directory, that one takes the children', async () => {
    const file = world.node('d/e/a.txt');
    await world.commit(tokyo, { kind: 'rmdir', node: dir, asOf: world.head });
    const other = tokyo.mkdir('root', 'd');
    await world.commit(tokyo, other);
    await world.commit(paris, paris.edit(file, 'two', { at: 5 }));
    expect(world.node('d').id).toBe(other.node);
    expect(world.node('d/e')).toMatchObject({ id: deep, parent: other.node });
    expect(world.visible()).toEqual({ d: '/', 'd/e': '/', 'd/e/a.txt': 'two' });
  });

  test('C45 when the name is taken by a file, the directory comes back beside it', async () => {
    await world.commit(tokyo, { kind: 'rmdir', node: dir, asOf: world.head }, tokyo.create('root', 'd', 'a file'));
    await world.commit(paris, paris.create(dir, 'b.txt', 'two'));
    expect(world.visible()).toEqual({ d: 'a file', 'd-paris': '/', 'd-paris/b.txt': 'two' });
    expect(world.node('d-paris').id).toBe(dir);
  });

  test('C45 when it was deleted from a temporary name, it comes back under its own', async () => {
    const file = world.node('d/e/a.txt');
    await world.commit(
      tokyo,
      { kind: 'move', node: dir, parent: 'root', name: temporaryName('d', dir) },
      { kind: 'move', node: deep, parent: 'root', name: 'd' },
      { kind: 'rmdir', node: dir, asOf: world.head + 2 },
    );
    expect(world.visible()).toEqual({ d: '/', 'd/a.txt': 'one' });
    await world.commit(paris, paris.create(dir, 'new.txt', 'two'));
    expect(world.visible()).toEqual({ d: '/', 'd/a.txt': 'one', 'd/new.txt': 'two' });
    await world.commit(tokyo, { kind: 'move', node: file.id, parent: 'root', name: temporaryName('a.txt', file.id) });
    await world.commit(tokyo, { kind: 'delete', node: file.id, base: file.version });
    await world.commit(tokyo, { kind: 'rmdir', node: deep, asOf: world.head });
    await world.commit(paris, paris.create(deep, 'again.txt', 'three'));
    expect(world.visible()).toEqual({ d: '/', 'd/again.txt': 'three' });
  });
});

test('fault 39, C46 a directory moves with all below in one row', async () => {
  const rows = await world.commit(tokyo, { kind: 'move', node: dir, parent: 'root', name: 'moved' });
  expect(rows).toHaveLength(1);
  expect(world.node('moved/e/a.txt').parent).toBe(deep);
});

test('fault 39, C50 a directory in which a file is open is parked, and moved as a whole when that is closed', async () => {
  const close = world.share.open('d/e/a.txt');
  await world.commit(
    tokyo,
    { kind: 'move', node: dir, parent: 'root', name: 'moved' },
    tokyo.create('root', 'other', 'goes on'),
  );
  expect(world.rows(world.head - 1).map(({ outcome }) => outcome)).toEqual(['parked', 'applied']);
  expect(world.visible()).toMatchObject({ 'd/e/a.txt': 'one', other: 'goes on' });
  close();
  world.clock.advance(600_000);
  await tickAndStep(world.committer().cloud);
  await world.drain();
  expect(world.rows(world.head)).toMatchObject([{ op: 'move', outcome: 'applied' }]);
  expect(world.visible()).toMatchObject({ 'moved/e/a.txt': 'one', other: 'goes on' });
});
