// C50-C54, I15: a path that is open over SMB, or being deleted, waits by itself; the rest goes on.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { tickAndStep } from '../support/tick.ts';
import { at } from '../support/life.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  await world.commit(paris, paris.create('root', 'a.txt', 'one'), paris.create('root', 'b.txt', 'one'));
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

const parkedRows = () => world.table.range(group, 'parked|', 'parked}');

async function tickLater(ms: number): Promise<void> {
  world.clock.advance(ms);
  await tickAndStep(world.committer().cloud);
  await world.drain();
}

test('fault 13, C50 the open path is parked after 10 s, the others are committed', async () => {
  const close = world.share.open('a.txt');
  const before = world.clock.now();
  await world.commit(
    paris,
    paris.edit(world.node('a.txt'), 'two', { at: 5 }),
    paris.edit(world.node('b.txt'), 'two', { at: 5 }),
    paris.create('root', 'c.txt', 'three'),
  );
  expect(world.clock.now() - before).toBeGreaterThan(8_000);
  expect(world.clock.now() - before).toBeLessThanOrEqual(10_000);
  expect(paris.outcome(3)).toMatchObject({ outcome: 'parked', code: 'SharingViolation', effects: [] });
  expect(world.visible()).toEqual({ 'a.txt': 'one', 'b.txt': 'two', 'c.txt': 'three' });
  await tickLater(6_000); // still open: parked again, later
  expect(parkedRows()).toMatchObject([{ value: { n: 3, attempts: 2, path: 'a.txt', code: 'SharingViolation' } }]);
  close();
  await tickLater(600_000);
  expect(paris.outcome(3)).toMatchObject({ outcome: 'applied' });
  expect(world.visible()['a.txt']).toBe('two');
  expect(parkedRows()).toEqual([]);
});

test('C50 a file that is closed in time is not parked', async () => {
  const close = world.share.open('a.txt');
  const edit = paris.seal([paris.edit(world.node('a.txt'), 'two', { at: 5 })]);
  const done = world.committer().commit(edit);
  await world.clock.sleep(3_000);
  close();
  await done;
  expect(world.rows(3).map(({ outcome }) => outcome)).toEqual(['applied']);
});

test('fault 14, C51 a file that is being deleted over SMB is waited for; the edit then wins', async () => {
  const gone = world.share.deletePending('a.txt');
  await world.commit(paris, paris.edit(world.node('a.txt'), 'two', { at: 5 }));
  expect(paris.outcome()).toMatchObject({ outcome: 'parked', code: 'DeletePending' });
  world.destroyed.add('one');
  gone();
  await tickLater(60_000);
  expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
  expect(world.visible()).toEqual({ 'a.txt': 'two', 'b.txt': 'one' });
});

describe('C52 what is parked half way is put back first', () => {
  test('a move whose target is being deleted', async () => {
    world.share.upload('c.txt', Buffer.from('foreign'));
    const gone = world.share.deletePending('c.txt');
    await world.commit(paris, { kind: 'move', node: world.node('a.txt').id, parent: 'root', name: 'c.txt' });
    expect(paris.outcome()).toMatchObject({ outcome: 'parked' });
    expect(world.share.find('a.txt')?.content.toString()).toBe('one');
    gone();
    await world.detect();
    await tickLater(60_000);
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.visible()).toEqual({ 'c.txt': 'one', 'b.txt': 'one' });
  });

  test('a conflict copy whose name is being deleted', async () => {
    const tokyo = await world.endpoint('tokyo');
    world.share.upload('a-paris.txt', Buffer.from('foreign'));
    const gone = world.share.deletePending('a-paris.txt');
    await world.commit(tokyo, tokyo.create('root', 'a.txt', 'of tokyo', { at: 9 }));
    expect(tokyo.outcome()).toMatchObject({ outcome: 'parked' });
    expect(world.share.find('a.txt')?.content.toString()).toBe('one');
    gone();
    await world.detect();
    await tickLater(60_000);
    expect(world.visible()).toEqual({ 'a.txt': 'of tokyo', 'a-paris.txt': 'one', 'b.txt': 'one' });
  });
});

test('C52 killed while parking, and closed by then: it is still the file that it was', async () => {
  const close = world.share.open('a.txt');
  const message = paris.seal([paris.edit(world.node('a.txt'), 'two', { at: 5 })]);
  await world
    .committer((call) => (call.method === 'mkdir' ? 'kill-after' : undefined))
    .commit(message)
    .catch(() => {});
  close();
  await world.deliver(message);
  await tickLater(60_000);
  expect(world.visible()).toEqual({ 'a.txt': 'two', 'b.txt': 'one' });
});

test('C52 a request that arrives when the operation is parked finds its name taken', async () => {
  const close = world.share.open('a.txt');
  const message = paris.seal([paris.edit(world.node('a.txt'), 'two', { at: 5 })]);
  let first = true;
  const committer = world.committer((call) => {
    if (call.method !== 'rename' || !first) return undefined;
    first = false;
    return 'late';
  });
  await committer.commit(message);
  close();
  committer.life.arrive();
  expect(world.visible()['a.txt']).toBe('one');
  await tickLater(60_000);
  expect(world.visible()['a.txt']).toBe('two');
});

test('C50 what waits longer holds up none that is due, and each has its own time', async () => {
  const names = Array.from({ length: 25 }, (_, n) => `f${String(n).padStart(2, '0')}`);
  await world.commit(paris, ...names.map((name) => paris.create('root', name, 'one')));
  const open = names.map((name) => world.share.open(name));
  await world.commit(paris, ...names.map((name) => paris.edit(world.node(name), 'two', { at: 5 })));
  for (let round = 0; round < 5; round++) await tickLater(60_000); // each time another minute or more for the first twenty
  open.at(-1)?.();
  const last = parkedRows().at(-1)?.value as { nextAt: number } | undefined;
  world.clock.advance(Math.max(0, (last?.nextAt ?? 0) - world.clock.now()));
  await tickLater(0);
  expect(world.visible()['f24']).toBe('two');
  for (const close of open) close();
  for (let round = 0; round < 3; round++) await tickLater(600_000);
  expect(parkedRows()).toEqual([]);
});

test('C53 it is decided anew: what was parked may be in conflict by now', async () => {
  const tokyo = await world.endpoint('tokyo');
  const base = world.node('a.txt');
  const close = world.share.open('a.txt');
  await world.commit(paris, paris.edit(base, 'of paris', { at: 5 }));
  close();
  await world.commit(tokyo, tokyo.edit(base, 'of tokyo', { at: 9 }));
  await tickLater(60_000);
  expect(paris.outcome()).toMatchObject({ outcome: 'conflict' });
  expect(world.visible()).toMatchObject({ 'a.txt': 'of tokyo', 'a-paris.txt': 'of paris' });
});

test('C53 an edit parked in a directory that is deleted meanwhile revives it', async () => {
  const dir = paris.mkdir('root', 'd');
  await world.commit(paris, dir, paris.create(dir.node, 'x', 'one'));
  const close = world.share.open('d/x');
  await world.commit(paris, paris.edit(world.node('d/x'), 'two', { at: 9 }));
  close();
  for (const [path, entry] of world.share.walk('d').toReversed()) world.share.remove(path, entry.kind);
  world.share.remove('d', 'directory');
  await world.examine('d');
  await tickLater(60_000);
  expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
  expect(world.visible()).toMatchObject({ d: '/', 'd/x': 'two' });
});

test('C54 a number that is parked is not taken again, and its message is not done again', async () => {
  const close = world.share.open('a.txt');
  const message = paris.seal([paris.edit(world.node('a.txt'), 'two', { at: 5 })]);
  await world.deliver(message);
  await world.deliver(message);
  expect(world.rows(3)).toHaveLength(1);
  close();
  await tickLater(60_000);
  await world.deliver(message);
  expect(world.rows(3).map(({ outcome }) => outcome)).toEqual(['parked', 'applied']);
});

test('C54 a parked operation of an incarnation that was replaced still comes to its end', async () => {
  const close = world.share.open('a.txt');
  await world.commit(paris, paris.edit(world.node('a.txt'), 'two', { at: 5 }));
  const { claimIncarnation } = await import('../../lib/cloud/registry.ts');
  await claimIncarnation(world.committer().cloud, group, paris.id, 'paris-2', 0);
  close();
  await tickLater(60_000);
  expect(parkedRows()).toEqual([]);
  expect(world.visible()['a.txt']).toBe('two');
});

describe('C54 a parked delete of an incarnation that was replaced', () => {
  async function parkedDelete(): Promise<() => void> {
    const close = world.share.open('a.txt');
    const { id: node, version: base } = world.node('a.txt');
    await world.commit(paris, { kind: 'delete', node, base, asOf: world.head });
    expect(parkedRows()).toHaveLength(1);
    return close;
  }

  const replace = async (): Promise<void> => {
    const { claimIncarnation } = await import('../../lib/cloud/registry.ts');
    await claimIncarnation(world.committer().cloud, group, paris.id, 'paris-2', 0);
  };

  test('is rejected: the new one may have agreed on what is there', async () => {
    const close = await parkedDelete();
    await replace();
    close();
    await tickLater(60_000);
    expect(parkedRows()).toEqual([]);
    expect(world.rows(world.head)).toMatchObject([{ op: 'delete', outcome: 'rejected', code: 'superseded' }]);
    expect(world.visible()['a.txt']).toBe('one');
  });

  test.each(['freeze-before', 'freeze-after'] as const)(
    'with the committer that tries it again standing still at each call (%s): what the new one was told stays',
    async (blow) => {
      for (let index = 0, ended = false; !ended; index++) {
        world = await CloudWorld.create();
        paris = await world.endpoint('paris');
        await world.commit(paris, paris.create('root', 'a.txt', 'one'));
        (await parkedDelete())();
        world.clock.advance(60_000);
        const zombie = world.committer(at(index, blow));
        const late = zombie.commit(world.nudge()).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
        await Promise.race([late, zombie.life.frozen]);
        ended = zombie.life.calls.length <= index;
        const told = await replace().then(
          () => true,
          (error: unknown) => expect(error).toMatchObject({ code: 'settling' }),
        );
        const there = world.visible()['a.txt'];
        zombie.life.thaw();
        await late;
        await tickLater(60_000);
        await world.drain();
        expect(parkedRows()).toEqual([]);
        // Whoever may not begin yet is told later, of a namespace without it.
        if (told === true) expect([index, world.visible()['a.txt']]).toEqual([index, there]);
        expect(brokenInvariants(world)).toEqual([]);
      }
    },
  );
});
