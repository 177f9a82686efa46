// Enumeration of the share: what nobody announced is found, seen twice, and nothing is inferred from what was not seen whole.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { scansOf } from '../../lib/cloud/enumerate/start.ts';
import { tickAndStep } from '../support/tick.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { begin, detectAll, finish, scanOf, step } from '../support/enumeration.ts';
import { brokenInvariants } from '../support/invariants.ts';

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  const dir = paris.mkdir('root', 'd');
  await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'), paris.create('root', 'b.txt', 'two'));
});

describe('C120 what nobody announced', () => {
  afterEach(() => expect(brokenInvariants(world)).toEqual([]));

  test('is found: new, changed, gone, another kind, another case, in directories that nobody knew', async () => {
    world.save('new.txt', 'new');
    world.share.mkdir('x');
    world.share.mkdir('x/y');
    world.save('x/y/deep.txt', 'deep');
    world.save('d/a.txt', 'changed');
    world.unlink('b.txt');
    world.share.mkdir('b.txt');
    world.share.rename('d', 'D', 'directory');
    const scan = await detectAll(world);
    expect(scan).toMatchObject({ state: 'done', directories: 5, problems: [] });
    expect([...world.tree().byPath()].map(([path, node]) => `${path} ${node.kind} ${node.author}`).toSorted()).toEqual([
      'D directory paris',
      'D/a.txt file Cloud',
      'b.txt directory Cloud',
      'new.txt file Cloud',
      'x directory Cloud',
      'x/y directory Cloud',
      'x/y/deep.txt file Cloud',
    ]);
  });

  test('a directory that is gone goes by one row', async () => {
    world.unlink('d/a.txt');
    world.share.remove('d', 'directory');
    const { id } = world.node('d');
    await detectAll(world);
    expect(world.rows(4)).toMatchObject([{ effects: [{ drop: id }] }]);
  });

  test('where nothing changed nothing is logged, nor anything but its own rows written', async () => {
    const before = world.head;
    await detectAll(world);
    expect(world.head).toBe(before);
    expect(world.table.range(group, 'todo|', 'todo}')).toEqual([]);
    expect(world.table.range(group, 'sight|', 'sight}')).toEqual([]);
  });

  test('only what is below the path that was asked for', async () => {
    world.save('d/in.txt', 'in');
    world.save('out.txt', 'out');
    await detectAll(world, { path: 'd' });
    expect(world.tree().byPath().has('d/in.txt')).toBe(true);
    expect(world.tree().byPath().has('out.txt')).toBe(false);
    await detectAll(world);
  });
});

describe('C121 two sightings', () => {
  afterEach(() => expect(brokenInvariants(world)).toEqual([]));

  test('nothing counts before it was seen again two minutes later', async () => {
    world.save('new.txt', 'new');
    const id = await begin(world);
    const before = world.head;
    const started = world.clock.now();
    const { endedAt } = await finish(world, id, () => {
      if (world.clock.now() - started < 120_000) expect(world.head).toBe(before);
    });
    expect(world.tree().byPath().has('new.txt')).toBe(true);
    expect((endedAt ?? 0) - started).toBeLessThan(180_000);
  });

  test('what changes in between is seen once more, until it is left alone', async () => {
    world.save('new.txt', 'begun');
    const before = world.head;
    let writing = true;
    await finish(world, await begin(world), (count) => {
      writing = count < 30;
      if (writing) world.save('new.txt', `written ${count}`);
      if (writing) expect(world.head).toBe(before);
    });
    expect(writing).toBe(false);
    expect(world.visible()['new.txt']).toBe('written 29');
    expect(world.node('new.txt').size).toBe('written 29'.length);
  });

  test('what is never left alone holds up nothing, and is a problem', async () => {
    world.save('busy.txt', 'begun');
    world.save('calm.txt', 'calm');
    const scan = await finish(world, await begin(world), (count) => world.save('busy.txt', `written ${count}`));
    expect(scan).toMatchObject({ state: 'done', problems: [{ path: '', code: 'still_changing' }] });
    expect(world.tree().byPath().has('calm.txt')).toBe(true);
    await detectAll(world);
  });

  test('what was only in between leaves no row', async () => {
    const before = world.head;
    world.save('new.txt', 'new');
    const id = await begin(world);
    await finish(world, id, (count) => {
      if (count === 3) world.unlink('new.txt');
    });
    expect(world.head).toBe(before);
  });

  test('fault 19: a listing that is stale while a file is open proves nothing about its size', async () => {
    const list = world.share.list.bind(world.share);
    world.share.list = (dir, prefix) =>
      list(dir, prefix)?.map((entry) => ({ ...entry, size: 0, etag: '"0x0"', lastWrite: '' }));
    const rows = world.rows();
    await detectAll(world);
    expect(world.rows()).toEqual(rows);
  });

  test('fault 18: a thousand commits that go on meanwhile are not taken for edits of others', async () => {
    world = await CloudWorld.create();
    paris = await world.endpoint('paris');
    const dirs = Array.from({ length: 10 }, (_, n) => paris.mkdir('root', `d${n}`));
    await world.commit(paris, ...dirs, ...dirs.map(({ node }) => paris.create(node, 'a.txt', 'one')));
    await world.commit(paris, paris.create('root', 'b.txt', 'two'));
    const work = async (round: number): Promise<void> => {
      const { id: node, version } = world.node(`d${round}/a.txt`);
      const into = (n: number): string => dirs[(round + n) % dirs.length]?.node ?? '';
      await world.commit(paris, paris.edit(world.node('b.txt'), `edit ${round}`, { at: round + 5 }));
      await world.commit(paris, ...Array.from({ length: 99 }, (_, n) => paris.create(into(n), `f${round}-${n}`, 'x')));
      await world.commit(paris, { kind: 'move', node, parent: 'root', name: `moved ${round}` });
      if (round % 2 === 0) await world.commit(paris, { kind: 'delete', node, base: version });
      await world.commit(paris, paris.mkdir('root', `e${round}`));
    };
    for (let round = 0; round < dirs.length; round++) await Promise.all([detectAll(world), work(round)]);
    expect(world.head).toBeGreaterThan(1000);
    expect(world.rows().filter((row) => row.op === 'found')).toEqual([]);
  });
});

describe('C122 what is not seen whole proves nothing', () => {
  afterEach(() => expect(brokenInvariants(world)).toEqual([]));

  test('fault 20: a listing that fails half way is taken again, and given up after five times', async () => {
    world.save('new.txt', 'new');
    const before = world.head;
    const failing = (call: { method: string; args: readonly unknown[] }): 'throttle' | undefined =>
      call.method === 'list' && call.args[0] === 'd' ? 'throttle' : undefined;
    const id = await begin(world);
    for (let count = 0; count < 30; count++) await step(world, failing);
    expect(await scanOf(world, id)).toMatchObject({ state: 'done', problems: [{ path: 'd', code: 'listing_failed' }] });
    // The rest was found; of what is in the directory nothing was inferred.
    expect(world.head).toBe(before + 1);
    expect(world.tree().byPath().has('d/a.txt')).toBe(true);
  });

  test('a directory that cannot be seen at the second look takes nothing along', async () => {
    world.unlink('d/a.txt');
    const { id: node } = world.node('d');
    const id = await begin(world);
    await finish(world, id, (count) => {
      if (count === 3) world.share.rename('d', '.tideway/aside', 'directory');
    });
    expect(world.node('d').id).toBe(node);
    expect(world.tree().byPath().has('d/a.txt')).toBe(true);
    world.share.rename('.tideway/aside', 'd', 'directory');
    await detectAll(world);
  });

  test('a directory that refuses to be looked at is looked at later, and holds up nothing else', async () => {
    world.save('d/new.txt', 'new');
    world.save('other.txt', 'other');
    const entry = world.share.find('d');
    if (entry === undefined) throw new Error('no directory');
    const id = await begin(world);
    await finish(world, id, (count) => {
      entry.deletePending = count >= 3 && count < 30;
      if (count === 29)
        expect([...world.tree().byPath().keys()].filter((path) => /new|other/.test(path))).toEqual(['other.txt']);
    });
    expect(world.tree().byPath().has('d/new.txt')).toBe(true);
  });

  test('a file that is being deleted is gone when it is', async () => {
    world.save('b.txt', 'changed');
    let gone = (): void => {};
    await finish(world, await begin(world), (count) => {
      if (count === 3) gone = world.share.deletePending('b.txt');
      if (count === 20) expect(world.rows(4)).toEqual([]);
      if (count === 20) gone();
    });
    world.destroyed.add('changed');
    expect(world.tree().byPath().has('b.txt')).toBe(false);
  });
});

describe('C123 the brake', () => {
  async function many(): Promise<void> {
    const files = Array.from({ length: 130 }, (_, index) => paris.create('root', `f${index}`, `${index}`));
    for (let from = 0; from < files.length; from += 90) await world.commit(paris, ...files.slice(from, from + 90));
    for (const { name } of files) world.unlink(name);
  }

  test('deletes of most of what is known wait for a person; what is new does not', async () => {
    await many();
    world.save('new.txt', 'new');
    const scan = await detectAll(world);
    expect(scan).toMatchObject({ state: 'done', missing: 130, problems: [{ path: '', code: 'mass_delete' }] });
    expect(world.tree().byPath().has('f7')).toBe(true);
    expect(world.tree().byPath().has('new.txt')).toBe(true);
    await detectAll(world, { allowDeletes: true });
    expect(world.tree().byPath().has('f7')).toBe(false);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a share that was emptied or swapped is not believed at all', async () => {
    const before = world.head;
    for (const [path, entry] of world.share.walk().toReversed()) world.share.remove(path, entry.kind);
    expect(await detectAll(world)).toMatchObject({ state: 'failed', code: 'share_changed' });
    expect(world.head).toBe(before);
  });
});

describe('C124 steps', () => {
  test('5,000 files that were there before the group are taken in, without a touch, in bounded steps', async () => {
    world = await CloudWorld.create(1, { enumerateStep: 1_000 });
    for (let dir = 0; dir < 20; dir++) {
      world.share.mkdir(`d${dir}`);
      for (let file = 0; file < 250; file++) world.share.upload(`d${dir}/f${file}`, Buffer.from(`${dir} ${file}`));
    }
    const before = new Map(world.share.walk('d3').map(([path, entry]) => [path, entry.etag]));
    let most = 0;
    let last = 0;
    const id = await begin(world, { kind: 'intake' });
    for (let state = 'listing'; state !== 'done';) {
      await step(world);
      const scan = await scanOf(world, id);
      most = Math.max(most, scan.entries - last);
      last = scan.entries;
      state = scan.state;
    }
    expect(last).toBe(5_020);
    // A step ends with the directories that it has begun: sixteen side by side.
    expect(most).toBeLessThanOrEqual(1_000 + 16 * 250);
    const tree = world.tree().byPath();
    expect(tree.size).toBe(5_020);
    expect(tree.get('d7/f7')).toMatchObject({ hash: null, size: 3, author: 'Cloud' });
    for (const [path, etag] of before) expect(world.share.find(path)?.etag).toBe(etag);
    // Few rows a transaction would make it slow: three rows a file, a hundred a transaction.
    expect(world.events.length).toBeLessThan(200);
  }, 120_000);

  test('two at once change nothing that one would not', async () => {
    for (let file = 0; file < 30; file++) world.save(`d/new${file}`, `${file}`);
    const id = await begin(world);
    for (let state = 'listing'; state !== 'done';) {
      await Promise.all([step(world), step(world)]);
      ({ state } = await scanOf(world, id));
    }
    expect(world.rows(4)).toHaveLength(30);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test.each(['kill-before', 'kill-after', 'time-out', 'throttle', 'late'] as const)(
    '%s at each call',
    async (blow) => {
      const run = async (
        at: number,
      ): Promise<{ calls: number; broken: readonly string[]; paths: readonly string[] }> => {
        world = await CloudWorld.create(1, { secondSightMs: 15_000 });
        paris = await world.endpoint('paris');
        const dir = paris.mkdir('root', 'd');
        await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'), paris.create('root', 'b.txt', 'two'));
        world.save('d/new.txt', 'new');
        world.unlink('b.txt');
        world.share.mkdir('x');
        world.save('x/y', 'deep');
        const id = await begin(world);
        let calls = 0;
        for (let state = 'listing'; state !== 'done';) {
          await step(world, () => (calls++ === at ? blow : undefined));
          ({ state } = await scanOf(world, id));
        }
        return { calls, broken: brokenInvariants(world), paths: [...world.tree().byPath().keys()].toSorted() };
      };
      const { calls } = await run(-1);
      for (let at = 0; at < calls; at++)
        expect({ at, ...(await run(at)), calls }).toEqual({
          at,
          calls,
          broken: [],
          paths: ['d', 'd/a.txt', 'd/new.txt', 'x', 'x/y'],
        });
    },
    120_000,
  );
});

describe('C125 by the timer', () => {
  test('the whole share is enumerated once a day, and what is over is forgotten', async () => {
    world.save('new.txt', 'new');
    const { cloud } = world.committer();
    const day = 24 * 60 * 60_000;
    for (let hours = 0; hours < 80; hours++) {
      await tickAndStep(cloud);
      await world.drain();
      world.clock.advance(60 * 60_000);
    }
    expect(world.tree().byPath().has('new.txt')).toBe(true);
    const scans = await scansOf(cloud, group);
    expect(scans.length).toBeGreaterThanOrEqual(1);
    expect(scans.length).toBeLessThanOrEqual(2);
    expect(world.clock.now() - (scans.at(-1)?.scan.startedAt ?? 0)).toBeLessThanOrEqual(day + 2 * 60 * 60_000);
  });

  test('a share that cannot be reached costs this group its step, not its rows', async () => {
    const id = await begin(world);
    const { cloud } = world.committer((call) => (call.service === 'share' ? 'throttle' : undefined));
    await tickAndStep(cloud);
    expect(await scanOf(world, id)).toMatchObject({ state: 'listing', entries: 0 });
    await finish(world, id);
  });
});
