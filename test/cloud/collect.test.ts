// C90-C95: what is no longer wanted goes, late enough that nobody can still need it.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { collect } from '../../lib/cloud/collect/collect.ts';
import { floorRow, idKey, nodePrefix } from '../../lib/cloud/rows.ts';
import { stagedPath } from '../../lib/protocol/layout.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
});

const floor = () => floorRow.parse(world.table.get(group, 'floor')?.value);
const trash = (): readonly string[] => (world.share.list('.tideway/trash', '') ?? []).map((entry) => entry.name);

async function later(ms: number, runs = 1): Promise<void> {
  world.clock.advance(ms);
  for (let run = 0; run < runs; run++) await collect(world.committer().cloud, group);
}

async function versions(count: number): Promise<void> {
  await world.commit(paris, paris.create('root', 'a', 'version 0'));
  for (let version = 1; version <= count; version++)
    await world.commit(paris, paris.edit(world.node('a'), `version ${version}`, { at: version }));
}

describe('C90 staging', () => {
  afterEach(() => expect(brokenInvariants(world)).toEqual([]));

  test('what nobody names goes at its age, not before', async () => {
    const { slot } = paris.stage('left over', paris.mtime());
    await later(8 * day);
    expect(world.share.find(stagedPath(paris.id, slot))).toBeDefined();
    await later(1);
    expect(world.share.find(stagedPath(paris.id, slot))).toBeUndefined();
  });

  test('what an open intent or a parked operation names stays', async () => {
    await world.commit(paris, paris.create('root', 'a', 'one'));
    const close = world.share.open('a');
    const parked = paris.edit(world.node('a'), 'two', { at: 5 });
    await world.commit(paris, parked);
    const open = paris.create('root', 'b', 'three');
    const message = paris.seal([open]);
    await world
      .committer((call) => (call.method === 'rename' ? 'kill-before' : undefined))
      .commit(message)
      .catch(() => {});
    await later(30 * day);
    close();
    await world.deliver(message);
    await world.deliver(world.nudge());
    expect(world.visible()).toEqual({ a: 'two', b: 'three' });
  });
});

describe('trash', () => {
  test('C91 versions beyond the tenth go, but not earlier than ten minutes after their commit', async () => {
    await versions(13);
    await later(9 * minute);
    expect(trash()).toHaveLength(13);
    await later(minute);
    expect(trash()).toHaveLength(10);
    expect(world.share.find('.tideway/trash/5-5')?.content.toString()).toBe('version 3');
    expect(trash()).not.toContain('4-4');
  });

  test('C91 a version that was kept under a conflict name left a seal, which stays until its age', async () => {
    await versions(0);
    const base = world.node('a');
    for (let version = 1; version <= 12; version++) {
      if (version % 3 === 0) world.save('a', `foreign ${version}`);
      await world.commit(paris, paris.edit(version % 2 === 0 ? base : world.node('a'), `${version}`, { at: version }));
    }
    await world.drain();
    expect(world.rows().filter((row) => row.outcome === 'conflict').length).toBeGreaterThan(3);
    await later(10 * minute, 2);
    expect(floor().counted).toBe(world.head);
    await later(7 * day, 5);
    expect(trash()).toEqual([]);
    expect(brokenInvariants(world).filter((line) => !line.startsWith('I3'))).toEqual([]);
  });

  test('C92 everything goes after seven days, directories and seals too', async () => {
    await versions(2);
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'x', 'in d'));
    await world.commit(paris, { kind: 'rmdir', node: dir.node, asOf: world.head });
    await later(7 * day - 1, 5);
    expect(trash().length).toBeGreaterThanOrEqual(4);
    await later(1, 5);
    expect(trash()).toEqual([]);
    expect(world.visible()).toEqual({ a: 'version 2' });
    expect(world.table.range(group, 'trash|', 'trash}')).toEqual([]);
  });

  test('C92 what somebody has open in trash waits, and stops nothing else from being collected', async () => {
    await versions(2);
    const { slot } = paris.stage('left over', paris.mtime());
    const close = world.share.open('.tideway/trash/2-2');
    const closeStaged = world.share.open(stagedPath(paris.id, slot));
    await later(9 * day, 3);
    expect(trash()).toContain('2-2');
    close();
    closeStaged();
    await later(1, 3);
    expect(trash()).toEqual([]);
    expect(world.share.find(stagedPath(paris.id, slot))).toBeUndefined();
  });

  test('C92 a large directory goes in steps', async () => {
    const small = await CloudWorld.create(1, { collectStep: 3 });
    const tokyo = await small.endpoint('tokyo');
    const dir = tokyo.mkdir('root', 'd');
    const files = Array.from({ length: 7 }, (_, index) => tokyo.create(dir.node, `f${index}`, `${index}`));
    await small.commit(tokyo, dir, ...files);
    await small.commit(tokyo, { kind: 'rmdir', node: dir.node, asOf: small.head });
    small.clock.advance(8 * day);
    const left: number[] = [];
    for (let run = 0; run < 8; run++) {
      await collect(small.committer().cloud, group);
      left.push(small.share.walk('.tideway/trash').length);
    }
    expect(left.at(-1)).toBe(0);
    expect(new Set(left).size).toBeGreaterThan(3);
  });
});

describe('log', () => {
  test('C93 the floor moves at the age of the rows, the rows go ten minutes later', async () => {
    await versions(3);
    await later(29 * day, 3);
    expect(floor().floor).toBe(0);
    await later(day, 3);
    expect(floor()).toMatchObject({ floor: 4, swept: 0 });
    expect(world.rows()).toHaveLength(4);
    await later(9 * minute);
    expect(world.rows()).toHaveLength(4);
    await later(minute, 2);
    expect(world.rows()).toEqual([]);
    expect(floor()).toMatchObject({ floor: 4, swept: 4 });
  });

  test('C94 with a row go the tombstone of what it deleted and the dead rows below', async () => {
    const dir = paris.mkdir('root', 'd');
    const deep = paris.mkdir(dir.node, 'e');
    await world.commit(paris, dir, deep, paris.create(deep.node, 'x', 'one'));
    const file = world.node('d/e/x');
    await world.commit(paris, { kind: 'rmdir', node: dir.node, asOf: world.head });
    await later(30 * day, 5);
    expect(world.table.get(group, idKey(dir.node))).toBeDefined();
    await later(10 * minute, 5);
    for (const id of [dir.node, deep.node, file.id]) expect(world.table.get(group, idKey(id))).toBeUndefined();
    for (const id of [dir.node, deep.node])
      expect(world.table.range(group, nodePrefix(id), `${nodePrefix(id)}~`)).toEqual([]);
  });

  test('C94 what came back stays, with what came after it', async () => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'dead', 'one'), paris.create(dir.node, 'alive', 'two'));
    const alive = world.node('d/alive');
    await world.commit(paris, { kind: 'rmdir', node: dir.node, asOf: world.head });
    await world.commit(paris, paris.edit(alive, 'three', { at: 5 }));
    await later(31 * day, 5);
    await later(10 * minute, 5);
    expect(world.rows()).toEqual([]);
    await world.commit(paris, paris.create(dir.node, 'new', 'four'));
    expect(world.visible()).toEqual({ d: '/', 'd/alive': 'three', 'd/new': 'four' });
    expect(world.table.get(group, idKey(alive.id))).toBeDefined();
    await world.commit(paris, { kind: 'move', node: alive.id, parent: 'root', name: 'alive' });
    expect(world.visible()).toEqual({ d: '/', alive: 'three', 'd/new': 'four' });
  });

  test('C94 what was moved out before the directory died stays', async () => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'x', 'one'));
    const { id } = world.node('d/x');
    await world.commit(paris, { kind: 'move', node: id, parent: 'root', name: 'x' });
    await world.commit(paris, { kind: 'rmdir', node: dir.node, asOf: world.head });
    await later(31 * day, 5);
    await later(10 * minute, 5);
    expect(world.table.get(group, idKey(id))).toBeDefined();
    expect(world.table.get(group, idKey(dir.node))).toBeUndefined();
  });

  test('C95 an edit of what was forgotten is a new file with its old id', async () => {
    await world.commit(paris, paris.create('root', 'a', 'one'));
    const base = world.node('a');
    await world.commit(paris, { kind: 'delete', node: base.id, base: base.version });
    await later(31 * day, 5);
    await later(10 * minute, 5);
    await world.commit(paris, paris.edit(base, 'two', { at: 5 }));
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.visible()).toEqual({ a: 'two' });
  });

  test('two runs at once do no harm', async () => {
    await versions(12);
    world.clock.advance(31 * day);
    for (let round = 0; round < 4; round++) {
      world.clock.advance(10 * minute);
      await Promise.all([1, 2].map(() => collect(world.committer().cloud, group)));
    }
    expect(trash()).toEqual([]);
    expect(world.rows()).toEqual([]);
    expect(world.visible()).toEqual({ a: 'version 12' });
  });
});
