// C20-C30, I4-I8: who keeps a name, and what becomes of the other.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CloudWorld } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

let world: CloudWorld;
let paris: Endpoint;
let tokyo: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  tokyo = await world.endpoint('tokyo');
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

describe('two edits of one version', () => {
  const both = async (atParis: number, atTokyo: number): Promise<void> => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    await world.commit(paris, paris.edit(base, 'of paris', { at: atParis }));
    await world.commit(tokyo, tokyo.edit(base, 'of tokyo', { at: atTokyo }));
  };

  test('C20 the newest mtime keeps the name', async () => {
    await both(10, 20);
    expect(world.visible()).toEqual({ 'a.txt': 'of tokyo', 'a-paris.txt': 'of paris' });
    expect(tokyo.outcome()).toMatchObject({ outcome: 'conflict', node: world.node('a.txt').id });
    expect(tokyo.outcome()?.became).toBeUndefined();
  });

  test('C20 an older one becomes the copy, under an id that its sender is told', async () => {
    await both(20, 10);
    expect(world.visible()).toEqual({ 'a.txt': 'of paris', 'a-tokyo.txt': 'of tokyo' });
    expect(tokyo.outcome()).toMatchObject({ outcome: 'conflict', became: world.node('a-tokyo.txt').id });
  });

  test('C20 at the same time, the one that is there stays', async () => {
    await both(10, 10);
    expect(world.visible()).toEqual({ 'a.txt': 'of paris', 'a-tokyo.txt': 'of tokyo' });
  });

  test('C21 more than 5 min ahead of the committer counts as now', async () => {
    const ahead = 301;
    await both(20, ahead); // counts as 0: older than what is there
    expect(world.visible()).toMatchObject({ 'a.txt': 'of paris' });
    expect(world.node('a-tokyo.txt').mtime).toBe(tokyo.mtime(ahead));
  });

  test('C21 up to 5 min ahead is believed', async () => {
    await both(20, 300);
    expect(world.visible()).toMatchObject({ 'a.txt': 'of tokyo' });
  });

  test('C22 the same content is no conflict', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    await world.commit(paris, paris.edit(base, 'two', { at: 10 }));
    await world.commit(tokyo, tokyo.edit(base, 'two', { at: 20 }));
    expect(tokyo.outcome()).toMatchObject({ outcome: 'applied', effects: [] });
    expect(world.visible()).toEqual({ 'a.txt': 'two' });
  });

  test('C23 each copy gets a name of its own: -server, -server-1, -server-2', async () => {
    await world.commit(paris, paris.create('root', 'a.tar.gz', 'one'));
    const base = world.node('a.tar.gz');
    await world.commit(paris, paris.edit(base, 'two', { at: 90 }));
    for (const text of ['x', 'y', 'z']) await world.commit(tokyo, tokyo.edit(base, text, { at: 10 }));
    expect(world.visible()).toEqual({
      'a.tar.gz': 'two',
      'a.tar-tokyo.gz': 'x',
      'a.tar-tokyo-1.gz': 'y',
      'a.tar-tokyo-2.gz': 'z',
    });
  });
});

describe('two nodes of one name', () => {
  test('C24 two new files: the newer keeps the name, the other its id', async () => {
    const first = tokyo.create('root', 'a.txt', 'of tokyo', { at: 10 });
    await world.commit(tokyo, first);
    await world.commit(paris, paris.create('root', 'a.txt', 'of paris', { at: 20 }));
    expect(world.visible()).toEqual({ 'a.txt': 'of paris', 'a-tokyo.txt': 'of tokyo' });
    expect(world.node('a-tokyo.txt')).toMatchObject({ id: first.node, version: 1 });
  });

  test('C22 two new files of the same content are one', async () => {
    await world.commit(tokyo, tokyo.create('root', 'a.txt', 'same'));
    const second = paris.create('root', 'a.txt', 'same', { at: 30 });
    const rows = await world.commit(paris, second);
    expect(rows).toMatchObject([
      {
        outcome: 'applied',
        effects: [{ alias: second.node, to: world.node('a.txt').id }, { put: { version: 1, seq: 2 } }],
      },
    ]);
    expect(world.visible()).toEqual({ 'a.txt': 'same' });
    await world.commit(paris, { ...paris.edit(world.node('a.txt'), 'new'), node: second.node });
    expect(world.visible()).toEqual({ 'a.txt': 'new' });
  });

  test('C25 two new directories are one, and a child may name either id', async () => {
    const [first, second] = [tokyo.mkdir('root', 'd'), paris.mkdir('root', 'd')];
    await world.commit(tokyo, first);
    await world.commit(paris, second, paris.create(second.node, 'a.txt', 'one'));
    expect(paris.outcome(1)).toMatchObject({
      outcome: 'applied',
      effects: [{ alias: second.node, to: first.node }, { put: { seq: 2 } }],
    });
    expect(world.node('d/a.txt').parent).toBe(first.node);
  });

  test('C26 a file and a directory: the file takes the conflict name, whoever came first', async () => {
    await world.commit(tokyo, tokyo.create('root', 'd', 'a file', { at: 90 }));
    await world.commit(paris, paris.mkdir('root', 'd'));
    expect(paris.outcome()).toMatchObject({ outcome: 'conflict' });
    expect(world.visible()).toEqual({ d: '/', 'd-tokyo': 'a file' });
    await world.commit(tokyo, tokyo.create('root', 'd', 'another', { at: 90 }));
    expect(world.visible()).toEqual({ d: '/', 'd-tokyo': 'a file', 'd-tokyo-1': 'another' });
  });

  test('C27 a move onto a name that is taken: the newer file keeps it', async () => {
    await world.commit(
      paris,
      paris.create('root', 'a', 'of paris', { at: 10 }),
      paris.create('root', 'b', 'b', { at: 20 }),
    );
    await world.commit(tokyo, { kind: 'move', node: world.node('a').id, parent: 'root', name: 'b' });
    expect(tokyo.outcome()).toMatchObject({ outcome: 'conflict' });
    expect(world.visible()).toEqual({ b: 'b', 'b-tokyo': 'of paris' });
  });

  test('C27 a name that a delete before it in the message frees is free', async () => {
    await world.commit(paris, paris.create('root', 'a', 'a', { at: 10 }), paris.create('root', 'b', 'b', { at: 20 }));
    const [a, b] = [world.node('a'), world.node('b')];
    await world.commit(
      paris,
      { kind: 'delete', node: b.id, base: b.version },
      { kind: 'move', node: a.id, parent: 'root', name: 'b' },
    );
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.visible()).toEqual({ b: 'a' });
  });
});

describe('edit and delete', () => {
  test('C28 an edit beats a delete: the node comes back with its id', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    await world.commit(tokyo, { kind: 'delete', node: base.id, base: base.version });
    await world.commit(paris, paris.edit(base, 'two', { at: 5 }));
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.node('a.txt').id).toBe(base.id);
  });

  test('C28 a delete of an older version is stale', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    await world.commit(paris, paris.edit(base, 'two', { at: 5 }));
    await world.commit(tokyo, { kind: 'delete', node: base.id, base: base.version });
    expect(tokyo.outcome()).toMatchObject({ outcome: 'rejected', code: 'stale' });
    expect(world.visible()).toEqual({ 'a.txt': 'two' });
  });

  test('I5 nothing but an edit brings a deleted node back', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id, version } = world.node('a.txt');
    await world.commit(tokyo, { kind: 'delete', node: id, base: version });
    await world.commit(
      paris,
      { kind: 'move', node: id, parent: 'root', name: 'b.txt' },
      { kind: 'attributes', node: id, base: version, mode: 0o600 },
      { kind: 'delete', node: id, base: version },
    );
    expect(world.rows(3).map(({ outcome, code }) => [outcome, code])).toEqual([
      ['rejected', 'gone'],
      ['rejected', 'gone'],
      ['applied', undefined],
    ]);
    expect(world.visible()).toEqual({});
  });

  test('attributes of an older version are stale', async () => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    await world.commit(paris, paris.edit(base, 'two', { at: 5 }));
    await world.commit(tokyo, { kind: 'attributes', node: base.id, base: base.version, mode: 0o600 });
    expect(tokyo.outcome()).toMatchObject({ outcome: 'rejected', code: 'stale' });
  });
});

describe('moves', () => {
  test('C29, I8 moves that would make a cycle: the first in the log wins', async () => {
    const [a, b] = [paris.mkdir('root', 'A'), paris.mkdir('root', 'B')];
    await world.commit(paris, a, b);
    await world.commit(paris, { kind: 'move', node: a.node, parent: b.node, name: 'A' });
    await world.commit(tokyo, { kind: 'move', node: b.node, parent: a.node, name: 'B' });
    expect(tokyo.outcome()).toMatchObject({ outcome: 'rejected', code: 'cycle' });
    await world.commit(tokyo, { kind: 'move', node: a.node, parent: a.node, name: 'A' });
    expect(tokyo.outcome()).toMatchObject({ outcome: 'rejected', code: 'cycle' });
    expect(world.visible()).toEqual({ B: '/', 'B/A': '/' });
  });

  test('C29 two moves of one file: the second in the log holds', async () => {
    await world.commit(paris, paris.create('root', 'a', 'one'));
    const { id } = world.node('a');
    await world.commit(paris, { kind: 'move', node: id, parent: 'root', name: 'p' });
    await world.commit(tokyo, { kind: 'move', node: id, parent: 'root', name: 't' });
    expect(world.visible()).toEqual({ t: 'one' });
  });

  test('C30 names swapped through a temporary one', async () => {
    await world.commit(paris, paris.create('root', 'a', 'a'), paris.create('root', 'b', 'b'));
    const [a, b] = [world.node('a'), world.node('b')];
    await world.commit(
      paris,
      { kind: 'move', node: a.id, parent: 'root', name: 'a.tmp' },
      { kind: 'move', node: b.id, parent: 'root', name: 'a' },
      { kind: 'move', node: a.id, parent: 'root', name: 'b' },
    );
    expect(world.rows(3).every(({ outcome }) => outcome === 'applied')).toBe(true);
    expect(world.visible()).toEqual({ a: 'b', b: 'a' });
  });
});

describe('names', () => {
  test('fault 40, C31, I7 twins under case folding: the second has a marked share name and its own Linux name', async () => {
    await world.commit(paris, paris.create('root', 'README', 'upper'));
    const small = paris.create('root', 'readme', 'lower');
    await world.commit(paris, small);
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    const { share } = world.node('readme');
    expect(share).toMatch(/^readme~[0-9a-f]{8}$/);
    expect(world.visible()).toEqual({ README: 'upper', [share ?? '']: 'lower' });
  });

  test('fault 40 a change of case alone is a move, and no twin of itself', async () => {
    await world.commit(paris, paris.create('root', 'README', 'upper'));
    const { id } = world.node('README');
    await world.commit(paris, { kind: 'move', node: id, parent: 'root', name: 'readme' });
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.node('readme')).toMatchObject({ id, name: 'readme' });
    expect(world.node('readme').share).toBeUndefined();
    expect(world.visible()).toEqual({ readme: 'upper' });
  });

  test('C31 a twin is found by its Linux name, after the other is gone, too', async () => {
    await world.commit(
      paris,
      paris.create('root', 'README', 'upper'),
      paris.create('root', 'readme', 'lower', { at: 5 }),
    );
    const upper = world.node('README');
    await world.commit(paris, { kind: 'delete', node: upper.id, base: upper.version });
    await world.commit(tokyo, tokyo.create('root', 'readme', 'lowest', { at: 1 }));
    expect([...world.tree().byPath().keys()].toSorted()).toEqual(['readme', 'readme-tokyo']);
  });

  test.each([
    ['.', 'name_forbidden'],
    ['..', 'name_forbidden'],
    ['a/b', 'name_forbidden'],
    ['a\0b', 'name_forbidden'],
    ['.tideway', 'name_reserved'],
    ['.TIDEWAY', 'name_reserved'],
    ['ü'.repeat(128), 'name_too_long'],
  ])('C32 %j is refused', async (name, code) => {
    const rows = await world.commit(paris, paris.create('root', name, 'one'), paris.create('root', 'next', 'two'));
    expect(rows).toMatchObject([{ outcome: 'rejected', code }, { outcome: 'applied' }]);
  });

  test('C32 .tideway below the root is an ordinary name', async () => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.mkdir(dir.node, '.tideway'));
    expect(world.visible()).toEqual({ d: '/', 'd/.tideway': '/' });
  });

  test('fault 44, C32 a path that does not fit the share is refused', async () => {
    let parent = 'root';
    const dirs = Array.from({ length: 9 }, (_, depth) => {
      const dir = paris.mkdir(parent, `${depth}${'x'.repeat(240)}`);
      parent = dir.node;
      return dir;
    });
    await world.commit(paris, ...dirs);
    expect(world.rows().map(({ outcome, code }) => code ?? outcome)).toEqual([
      ...Array.from({ length: 8 }, () => 'applied'),
      'path_too_long',
    ]);
  });
});

test('C33 a rejected parent rejects its children', async () => {
  const dir = paris.mkdir('root', '..');
  const child = paris.mkdir(dir.node, 'e');
  const rows = await world.commit(paris, dir, child, paris.create(child.node, 'a', 'one'));
  expect(rows.map(({ code }) => code)).toEqual(['name_forbidden', 'parent_unknown', 'parent_unknown']);
});

test('C33 nothing can be made in a file', async () => {
  const file = paris.create('root', 'a', 'one');
  const rows = await world.commit(paris, file, paris.create(file.node, 'b', 'two'));
  expect(rows).toMatchObject([{ outcome: 'applied' }, { outcome: 'rejected', code: 'parent_is_file' }]);
});
