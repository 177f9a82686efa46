// Operations that meet nobody: what they do to log, namespace and share.
import { beforeEach, afterEach, describe, expect, test } from '@jest/globals';
import { CloudWorld } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

describe('plain operations', () => {
  test('create', async () => {
    const create = paris.create('root', 'a.txt', 'one', { mode: 0o640 });
    const rows = await world.commit(paris, create);
    expect(rows).toMatchObject([
      { seq: 1, endpoint: paris.id, server: 'paris', n: 1, op: 'create', outcome: 'applied' },
    ]);
    expect(world.visible()).toEqual({ 'a.txt': 'one' });
    expect(world.node('a.txt')).toMatchObject({ id: create.node, version: 1, mode: 0o640, author: 'paris' });
  });

  test('create in a directory proposed in the same message', async () => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'));
    expect(world.visible()).toEqual({ d: '/', 'd/a.txt': 'one' });
  });

  test('edit keeps the id and puts the old version into trash', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const before = world.node('a.txt');
    await world.commit(paris, paris.edit(before, 'two', { at: 5 }));
    expect(world.visible()).toEqual({ 'a.txt': 'two' });
    expect(world.node('a.txt')).toMatchObject({ id: before.id, version: 2 });
    expect(world.share.find('.tideway/trash/2-2')?.content.toString()).toBe('one');
  });

  test('delete', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id, version } = world.node('a.txt');
    const rows = await world.commit(paris, { kind: 'delete', node: id, base: version });
    expect(rows).toMatchObject([{ outcome: 'applied', effects: [{ drop: id }] }]);
    expect(world.visible()).toEqual({});
  });

  test('move of a file, and of a directory with all below', async () => {
    const [dir, other] = [paris.mkdir('root', 'd'), paris.mkdir('root', 'e')];
    await world.commit(paris, dir, other, paris.create(dir.node, 'a.txt', 'one'));
    const file = world.node('d/a.txt');
    await world.commit(paris, { kind: 'move', node: file.id, parent: 'root', name: 'b.txt' });
    expect(world.visible()).toEqual({ d: '/', e: '/', 'b.txt': 'one' });
    await world.commit(paris, { kind: 'move', node: file.id, parent: dir.node, name: 'b.txt' });
    await world.commit(paris, { kind: 'move', node: dir.node, parent: other.node, name: 'f' });
    expect(world.visible()).toEqual({ e: '/', 'e/f': '/', 'e/f/b.txt': 'one' });
    expect(world.node('e/f/b.txt').id).toBe(file.id);
  });

  test('a name changes its case', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id } = world.node('a.txt');
    await world.commit(paris, { kind: 'move', node: id, parent: 'root', name: 'A.txt' });
    expect(world.visible()).toEqual({ 'A.txt': 'one' });
  });

  test('attributes', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id, version } = world.node('a.txt');
    const mtime = paris.mtime(77);
    await world.commit(paris, { kind: 'attributes', node: id, base: version, mode: 0o600, mtime });
    expect(world.node('a.txt')).toMatchObject({ version: 1, seq: 2, mode: 0o600, mtime });
    expect(world.share.find('a.txt')?.metadata).toMatchObject({ tw_mode: '600' });
  });

  test('directory delete is one row', async () => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'), paris.mkdir(dir.node, 'e'));
    const rows = await world.commit(paris, { kind: 'rmdir', node: dir.node, asOf: world.head });
    expect(rows).toMatchObject([{ outcome: 'applied', effects: [{ drop: dir.node }] }]);
    expect(world.visible()).toEqual({});
  });
});
