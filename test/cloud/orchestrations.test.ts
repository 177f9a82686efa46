// The orchestrations of the suite as they are shipped, in the embedded task hub: each comes to the same end whenever its host
// is killed, and in a hub as unkind as Azure.
import { describe, expect, jest, test } from '@jest/globals';
import { inParallel } from '../../lib/base/pool.ts';
import { seededRandom } from '../../lib/base/random.ts';
import { readBook, readSnapshots } from '../../lib/cloud/backup/book.ts';
import type { BackupRun } from '../../lib/cloud/backup/flow.ts';
import { setBackup } from '../../lib/cloud/backup/settings.ts';
import { startBackups } from '../../lib/cloud/backup/start.ts';
import { startBackup, startJob } from '../../lib/cloud/job/start.ts';
import { unkindness } from '../../lib/local/durable/unkind.ts';
import { Faults } from '../../lib/local/faults.ts';
import { BackupRunner } from '../support/backup-runner.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import { DurableWorld } from '../support/durable-world.ts';
import { begin, scanOf } from '../support/enumeration.ts';
import { brokenInvariants } from '../support/invariants.ts';

jest.setTimeout(60_000);

const minute = 60_000;

interface Scene {
  /** Begins the instance, and answers its id. */
  start(hub: DurableWorld): Promise<string>;
  /** What is to be the same at the end. */
  seen(): Promise<unknown>;
}

/** The second of two daily backups of which one is kept. */
async function backup(world: CloudWorld): Promise<Scene> {
  const { cloud } = world.committer();
  const until = (time: string): void => world.clock.advance(Date.parse(time) - world.clock.now());
  const retention = { last: 0, daily: 1, weekly: 0, monthly: 0, yearly: 0 };
  await setBackup(cloud, group, { schedule: '0 0 2 * * *', retention });
  until('2026-01-01T02:00:00Z');
  await new BackupRunner(world).tick();
  until('2026-01-02T02:00:00Z');
  return {
    start: async (hub) => {
      let id = '';
      await startBackups(cloud, async (run: BackupRun, again) => {
        id = `backup-${run.group}-${run.run}`;
        await startBackup(hub.client, run, again);
      });
      return id;
    },
    seen: async () => {
      const { last, running } = (await readBook(cloud, group)).state?.value ?? {};
      return {
        kept: (await readSnapshots(cloud, group)).map(({ dueAt = 0 }) => new Date(dueAt).toISOString()),
        onShare: world.share.snapshots().length,
        rows: world.rows().map(({ op, outcome }) => `${op} ${outcome}`),
        last: [last?.dropped.length, last?.problems],
        running,
      };
    },
  };
}

/** An enumeration that finds something of each kind. */
async function detect(world: CloudWorld): Promise<Scene> {
  const paris = await world.endpoint('paris');
  const dir = paris.mkdir('root', 'd');
  await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'), paris.create('root', 'b.txt', 'two'));
  world.save('d/new.txt', 'new');
  world.unlink('b.txt');
  world.share.mkdir('x');
  world.save('x/y', 'deep');
  const id = await begin(world);
  return {
    start: async (hub) => {
      await startJob(hub.client, 'detect', group, false);
      return `detect-${group}`;
    },
    seen: async () => ({
      paths: [...world.tree().byPath().keys()].toSorted(),
      rows: world.rows().map(({ op, outcome }) => `${op} ${outcome}`),
      state: (await scanOf(world, id)).state,
    }),
  };
}

/** Versions beyond the second and left-over staged files, more than one step takes. */
async function collect(world: CloudWorld): Promise<Scene> {
  const paris = await world.endpoint('paris');
  await world.commit(paris, paris.create('root', 'a', 'version 0'));
  for (let n = 1; n <= 4; n++) await world.commit(paris, paris.edit(world.node('a'), `version ${n}`, { at: n }));
  paris.stage('left over', paris.mtime());
  world.clock.advance(8 * 24 * 60 * minute);
  paris.stage('young', paris.mtime());
  for (let n = 5; n <= 9; n++) await world.commit(paris, paris.edit(world.node('a'), `version ${n}`, { at: n }));
  world.clock.advance(10 * minute);
  return {
    start: async (hub) => {
      await startJob(hub.client, 'collect', group, false);
      return `collect-${group}`;
    },
    seen: () =>
      Promise.resolve({
        trash: (world.share.list('.tideway/trash', '') ?? []).map(({ name }) => name),
        staged: world.share.walk('.tideway/staging').filter(([, { kind }]) => kind === 'file').length,
      }),
  };
}

const scenes = { backup, detect, collect } as const;

const wanted = {
  backup: {
    kept: ['2026-01-02T02:00:00.000Z'],
    onShare: 1,
    rows: ['snapshot applied', 'snapshot applied', 'drop-snapshot applied'],
    last: [1, []],
    running: undefined,
  },
  detect: {
    paths: ['d', 'd/a.txt', 'd/new.txt', 'x', 'x/y'],
    rows: ['mkdir applied', 'create applied', 'create applied', ...Array.from({ length: 4 }, () => 'found applied')],
    state: 'done',
  },
  collect: {
    trash: ['10-10', '9-9'],
    staged: 1,
  },
};

interface Ended {
  readonly transactions: number;
  readonly seen: unknown;
}

async function play(name: keyof typeof scenes, killAfter: number, faults?: Faults): Promise<Ended> {
  const world = await CloudWorld.create(1, { collectStep: 3, trashVersions: 2, secondSightMs: 15_000 });
  const scene = await scenes[name](world);
  const hub = new DurableWorld(world, faults);
  const id = await scene.start(hub);
  const before = hub.transactions;
  hub.killAfter(killAfter);
  const { status } = await hub.end(id);
  const transactions = hub.transactions - before;
  await world.drain();
  // What was collected is nowhere, and is to be.
  const broken = brokenInvariants(world).filter((line) => name !== 'collect' || !line.startsWith('I3'));
  expect([name, killAfter, status, broken]).toEqual([name, killAfter, 'Completed', []]);
  await hub.close();
  return { transactions, seen: await scene.seen() };
}

describe.each(['backup', 'detect', 'collect'] as const)('C104 %s', (name) => {
  test('comes to its end as if nothing had been, whichever of its transactions is the last of its host', async () => {
    const { transactions, seen } = await play(name, Infinity);
    expect(seen).toEqual(wanted[name]);
    expect(transactions).toBeGreaterThan(8);
    const kills = Array.from({ length: transactions }, (_, n) => n + 1);
    // Side by side: what each of them waits for is the disk.
    await inParallel(kills, 12, async (kill) => {
      expect([kill, (await play(name, kill)).seen]).toEqual([kill, wanted[name]]);
    });
  });

  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));

  test(`in a hub as unkind as Azure, too (SEED=${seed})`, async () => {
    for (let n = 0; n < 4; n++) {
      const faults = new Faults({ random: seededRandom(seed + n) });
      for (const rule of unkindness(1)) faults.plant(rule);
      expect([seed, n, (await play(name, Infinity, faults)).seen]).toEqual([seed, n, wanted[name]]);
    }
  });
});

test('C104 a backup whose orchestrator failed with its process is begun anew; one that somebody ended is not', async () => {
  const world = await CloudWorld.create();
  const scene = await backup(world);
  const hub = new DurableWorld(world);
  const { cloud } = world.committer();
  const id = await scene.start(hub);
  const tick = (): Promise<void> => startBackups(cloud, (run, again) => startBackup(hub.client, run, again));
  await hub.terminate(id);
  world.clock.advance(2 * minute);
  await tick();
  expect((await hub.end(id)).status).toBe('Terminated');
  await hub.setFailed(id);
  await tick();
  expect((await hub.end(id)).status).toBe('Completed');
  expect(await scene.seen()).toEqual(wanted.backup);
  await hub.close();
});

describe('C104 a job of a group', () => {
  test('is one at a time: begun again it goes on, and hears of what is new', async () => {
    const world = await CloudWorld.create(1, { secondSightMs: 10 * minute });
    const hub = new DurableWorld(world);
    world.save('one', 'one');
    const first = await begin(world, { path: '' });
    await startJob(hub.client, 'detect', group, false);
    await hub.until(() => hub.called.length === 1 && hub.isAtRest);
    const second = await begin(world);
    const begunAt = world.clock.now();
    await startJob(hub.client, 'detect', group, true);
    await hub.until(() => hub.called.length === 2 && hub.isAtRest);
    expect([(await scanOf(world, second)).state, world.clock.now() - begunAt]).toEqual(['confirming', 0]);
    await startJob(hub.client, 'detect', group, false);
    await hub.until(() => hub.called.length === 3);
    expect(world.clock.now() - begunAt).toBe(minute);
    const { status, input } = await hub.end(`detect-${group}`);
    expect([status, input]).toEqual(['Completed', JSON.stringify({ group, steps: 0 })]);
    for (const id of [first, second]) expect(await scanOf(world, id)).toMatchObject({ state: 'done' });
    await hub.close();
  });

  test('of many steps goes on in further executions, so that no history grows long', async () => {
    const world = await CloudWorld.create(1, { collectStep: 1 });
    const paris = await world.endpoint('paris');
    await world.commit(paris, paris.create('root', 'a', 'version 0'));
    for (let n = 1; n <= 55; n++) await world.commit(paris, paris.edit(world.node('a'), `version ${n}`, { at: n }));
    world.clock.advance(10 * minute);
    const hub = new DurableWorld(world);
    await startJob(hub.client, 'collect', group, false);
    const { status, input } = await hub.end(`collect-${group}`);
    expect([status, input]).toEqual(['Completed', JSON.stringify({ group, steps: 50 })]);
    expect(world.share.list('.tideway/trash', '')).toHaveLength(10);
    expect(hub.called.length).toBeGreaterThan(50);
    await hub.close();
  });

  test('fails where its step fails for ten minutes, and is begun anew', async () => {
    const world = await CloudWorld.create();
    const hub = new DurableWorld(world);
    const id = await begin(world);
    const began = world.clock.now();
    const properties = world.share.properties.bind(world.share);
    world.share.properties = () => {
      throw new Error('no way to the share');
    };
    await startJob(hub.client, 'detect', group, true);
    expect((await hub.end(`detect-${group}`)).status).toBe('Failed');
    expect(world.clock.now() - began).toBeGreaterThan(10 * minute);
    world.share.properties = properties;
    await startJob(hub.client, 'detect', group, true);
    expect((await hub.end(`detect-${group}`)).status).toBe('Completed');
    expect((await scanOf(world, id)).state).toBe('done');
    await hub.close();
  });
});
