// Hot directories: what somebody edits on the share, where somebody worked within a day, is found without being announced.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { scansOf, startScan } from '../../lib/cloud/enumerate/start.ts';
import { lookAtHot } from '../../lib/cloud/enumerate/hot.ts';
import type { CloudSettings } from '../../lib/cloud/settings.ts';
import { setStopped } from '../../lib/cloud/share-mark.ts';
import { tickAndStep } from '../support/tick.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';
import type { Fate } from '../support/life.ts';

let world: CloudWorld;
let paris: Endpoint;
/** Directories of the share that were listed, in order. */
let listed: string[];

const year = 365 * 24 * 60 * 60_000;

async function begin(settings: Partial<CloudSettings> = {}): Promise<void> {
  // The whole share is looked through so seldom that nothing is found by that.
  world = await CloudWorld.create(1, { enumerateMs: year, ...settings });
  paris = await world.endpoint('paris');
  const dir = paris.mkdir('root', 'd');
  await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'), paris.create('root', 'b.txt', 'two'));
  listed = [];
}

beforeEach(() => begin());

const watching: Fate = ({ service, method, args }) => {
  const path = String(args[0]);
  if (service === 'share' && method === 'list' && !path.startsWith('.tideway')) listed.push(path);
  return undefined;
};

/** One run of the timer by a process of its own; then the queue is taken, and 10 s pass. */
async function once(fate?: Fate): Promise<void> {
  const committer = world.committer((call, at) => watching(call, at) ?? fate?.(call, at));
  await committer.life
    .run(() => tickAndStep(committer.cloud))
    .catch((error: unknown) => {
      if (!committer.life.struck) throw error;
    });
  await world.drain();
  world.clock.advance(10_000);
}

/** Seconds until it is so. */
async function until(condition: () => boolean, most = 60): Promise<number> {
  for (let seconds = 0; seconds <= most; seconds += 10) {
    if (condition()) return seconds;
    await once();
  }
  throw new Error(`not within ${most} s`);
}

async function rest(seconds: number): Promise<void> {
  for (let at = 0; at < seconds; at += 10) await once();
}

describe('C128 where somebody worked within a day', () => {
  afterEach(() => expect(brokenInvariants(world)).toEqual([]));

  test.each<[string, () => void, () => boolean]>([
    ['a new file', () => world.save('d/new.txt', 'new'), () => world.tree().byPath().has('d/new.txt')],
    ['a changed file', () => world.save('d/a.txt', 'changed'), () => world.node('d/a.txt').hash === null],
    ['one at the root', () => world.save('b.txt', 'changed'), () => world.node('b.txt').hash === null],
    ['a file that goes', () => world.unlink('d/a.txt'), () => !world.tree().byPath().has('d/a.txt')],
    [
      'a new directory with all in it',
      () => {
        for (const path of ['d/x', 'd/x/y']) world.share.mkdir(path);
        world.save('d/x/y/deep.txt', 'deep');
      },
      () => world.tree().byPath().has('d/x/y/deep.txt'),
    ],
    [
      'the directory itself that goes',
      () => {
        world.unlink('d/a.txt');
        world.share.remove('d', 'directory');
      },
      () => !world.tree().byPath().has('d'),
    ],
  ])('%s is found within a minute, whenever it comes', async (_, edit, isFound) => {
    for (const wait of [0, 10, 20]) {
      await begin();
      await rest(60 + wait);
      edit();
      await until(isFound);
    }
  });

  test('nothing counts before it was seen twice', async () => {
    await rest(60);
    world.unlink('d/a.txt');
    const before = world.head;
    listed = [];
    while (!listed.includes('d')) await once();
    // Somebody saves it as some programs do: away with the old one, and here is the new one.
    world.save('d/a.txt', 'one');
    await rest(60);
    expect(world.rows(before + 1).map(({ effects }) => effects)).toMatchObject([[{ put: { name: 'a.txt' } }]]);
  });

  test('what is being written counts when it is left alone', async () => {
    await rest(60);
    const before = world.head;
    for (let part = 0; part < 6; part++) {
      world.save('d/new.txt', `written ${part}`);
      await once();
      expect(world.head).toBe(before);
    }
    await until(() => world.tree().byPath().has('d/new.txt'));
    expect(world.head).toBe(before + 1);
  });

  test('a delete makes a directory hot as well', async () => {
    world.clock.advance(2 * 24 * 60 * 60_000);
    const { id: node, version } = world.node('d/a.txt');
    await world.commit(paris, { kind: 'delete', node, base: version });
    world.save('d/new.txt', 'new');
    await until(() => world.tree().byPath().has('d/new.txt'));
  });

  test('after a day nobody looks any more, until somebody works there again', async () => {
    world.clock.advance(24 * 60 * 60_000 + 1000);
    world.save('d/new.txt', 'new');
    await rest(300);
    expect(listed).toEqual([]);
    await world.commit(paris, paris.edit(world.node('d/a.txt'), 'two', { at: 1 }));
    await until(() => world.tree().byPath().has('d/new.txt'));
  });

  test('commits that go on meanwhile are not taken for edits of others', async () => {
    for (let count = 0; count < 20; count++) {
      await world.commit(paris, paris.edit(world.node('b.txt'), `edit ${count}`, { at: count }));
      if (count % 3 === 0) await world.commit(paris, paris.create(world.node('d').id, `f${count}`, 'x'));
      await once();
    }
    expect(world.rows().filter((row) => row.op === 'found')).toEqual([]);
  });

  test('where nothing changes nothing is logged or sent, and no row is left but its own', async () => {
    await rest(60);
    const { head } = world;
    const events = world.events.length;
    await rest(300);
    expect([world.head, world.events.length, world.queue.length]).toEqual([head, events, 0]);
    for (const prefix of ['scan', 'todo', 'sight'])
      expect(world.table.range(group, `${prefix}|`, `${prefix}}`)).toEqual([]);
  });

  test.each(['kill-before', 'kill-after', 'time-out', 'throttle', 'late'] as const)('%s at each call', async (blow) => {
    const run = async (at: number): Promise<number> => {
      await begin();
      world.save('d/new.txt', 'new');
      world.unlink('b.txt');
      let calls = 0;
      for (let count = 0; count < 12; count++) await once(() => (calls++ === at ? blow : undefined));
      expect([at, [...world.tree().byPath().keys()].toSorted()]).toEqual([at, ['d', 'd/a.txt', 'd/new.txt']]);
      expect([at, brokenInvariants(world)]).toEqual([at, []]);
      return calls;
    };
    const calls = await run(-1);
    // What it does for itself is in the first minute; a run takes a sample of that.
    for (let at = 3; at < calls / 2; at += 5) await run(at);
  });

  test('two at once change nothing that one would not', async () => {
    for (let file = 0; file < 30; file++) world.save(`d/new${file}`, `${file}`);
    for (let count = 0; count < 6; count++) await Promise.all([once(), once()]);
    expect(world.rows(4)).toHaveLength(30);
  });
});

describe('C129 so much work in so long', () => {
  test('so many directories at a time, in turns', async () => {
    await begin({ hotDirectories: 2 });
    const dirs = Array.from({ length: 7 }, (_, index) => paris.mkdir('root', `e${index}`));
    await world.commit(paris, ...dirs);
    const { cloud } = world.committer(watching);
    for (let pass = 1; pass <= 9; pass++) {
      await lookAtHot(cloud, group);
      expect(listed).toHaveLength(2 * pass);
      world.clock.advance(20_000);
    }
    // Twice through all nine.
    const count = (path: string): number => listed.filter((each) => each === path).length;
    expect(['', 'd', ...dirs.map(({ name }) => name)].map(count)).toEqual(Array.from({ length: 9 }, () => 2));
  });

  test('a large directory is looked at so much less often', async () => {
    await begin({ hotEntries: 10 });
    const files = Array.from({ length: 60 }, (_, index) => paris.create('root', `f${index}`, `${index}`));
    await world.commit(paris, ...files);
    await rest(1200);
    const looks = listed.filter((path) => path === '').length;
    // Of some sixty entries: as often as sixty times in twenty minutes if its size did not matter.
    expect(looks).toBeGreaterThanOrEqual(5);
    expect(looks).toBeLessThanOrEqual(12);
  });

  test('no more than the newest are known', async () => {
    for (let batch = 0; batch < 10; batch++)
      await world.commit(paris, ...Array.from({ length: 30 }, (_, index) => paris.mkdir('root', `m${batch}-${index}`)));
    await rest(40);
    const row = world.table.get(group, 'hot')?.value as { directories: readonly unknown[] };
    expect(row.directories).toHaveLength(256);
  });

  test('no enumeration begins while a share is taken in: what it holds is nobody’s edit', async () => {
    const { cloud } = world.committer();
    await startScan(cloud, group, { kind: 'intake', path: '' });
    world.save('d/new.txt', 'new');
    await lookAtHot(cloud, group);
    expect((await scansOf(cloud, group)).map(({ scan }) => scan.kind)).toEqual(['intake']);
  });

  test('a group that is stopped is not looked at', async () => {
    const { cloud } = world.committer(watching);
    await setStopped(cloud, group, { code: 'share_replaced', at: world.clock.now() });
    await lookAtHot(cloud, group);
    expect(listed).toEqual([]);
  });
});
