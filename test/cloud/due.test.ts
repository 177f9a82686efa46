// The timer looks before it begins an orchestration: at rest it begins none, and its looks are few.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Job } from '../../lib/cloud/job/steps.ts';
import { jobSteps } from '../../lib/cloud/job/steps.ts';
import { tick } from '../../lib/cloud/tick.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { detectAll } from '../support/enumeration.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create(1, { enumerateMs: 365 * day });
  paris = await world.endpoint('paris');
  await world.commit(paris, paris.create('root', 'a', 'version 0'));
});

/** One run of the timer: what it begins, and the calls of the group's table and share that it makes. */
async function run(): Promise<{ begun: Job[]; calls: string[] }> {
  const begun: Job[] = [];
  const { cloud, life } = world.committer();
  await tick(cloud, (job) => Promise.resolve(void begun.push(job)));
  return { begun, calls: life.calls.map(({ service, method }) => `${service}.${method}`) };
}

/** As long as the job is begun its steps are done, one a run. Answers the runs, at most 30. */
async function work(job: Job): Promise<number> {
  for (let runs = 0; runs < 30; runs++) {
    if (!(await run()).begun.includes(job)) return runs;
    await jobSteps[job](world.committer().cloud, group);
  }
  return 30;
}

/** What was committed is counted, and left alone for days from then on. */
async function rest(): Promise<void> {
  world.clock.advance(10 * minute);
  await work('collect');
}

test('C105 at rest nothing is begun, and nearly all looks are of rows alone', async () => {
  await rest();
  const listed: string[] = [];
  let calls = 0;
  for (let n = 0; n < 300; n++) {
    world.clock.advance(10_000);
    const now = await run();
    if (n === 0) continue;
    calls += now.calls.length;
    listed.push(...now.calls.filter((call) => call === 'share.list'));
    expect(now.begun).toEqual([]);
  }
  // Within 50 minutes: the hot root every 20 s, and what is staged at most once.
  expect(listed.length).toBeLessThan(160);
  expect(calls / 299).toBeLessThan(20);
});

describe('C105 collection is begun', () => {
  test('when a version is over, not before', async () => {
    await rest();
    for (let n = 1; n <= 13; n++) await world.commit(paris, paris.edit(world.node('a'), `version ${n}`, { at: n }));
    await work('collect');
    world.clock.advance(9 * minute);
    expect((await run()).begun).toEqual([]);
    world.clock.advance(minute);
    expect((await run()).begun).toEqual(['collect']);
    expect(await work('collect')).toBe(1);
    expect(world.share.list('.tideway/trash', '')).toHaveLength(10);
  });

  test('for what was committed after a look that found nothing', async () => {
    await rest();
    world.clock.advance(9 * minute);
    await run();
    for (let n = 1; n <= 13; n++) await world.commit(paris, paris.edit(world.node('a'), `version ${n}`, { at: n }));
    for (let n = 0; n < 61; n++) {
      await work('collect');
      world.clock.advance(10_000);
    }
    expect(world.share.list('.tideway/trash', '')).toHaveLength(10);
  });

  test('when something staged is left over, within seconds of its age', async () => {
    await rest();
    world.clock.advance(3 * hour);
    paris.stage('left over', paris.mtime());
    const staged = () => world.share.walk('.tideway/staging').filter(([, { kind }]) => kind === 'file').length;
    for (let hours = 0; hours < 8 * 24; hours++) {
      await work('collect');
      world.clock.advance(hour);
    }
    await work('collect');
    expect(staged()).toBe(1);
    world.clock.advance(10_000);
    await work('collect');
    expect(staged()).toBe(0);
  });

  test('at the first look after its age, though every answer of the tables takes a moment', async () => {
    await rest();
    paris.stage('left over', '1');
    world.clock.advance(8 * day);
    const { cloud } = world.committer();
    const { table } = cloud;
    const get: typeof table.get = (...args) => {
      world.clock.advance(1);
      return table.get(...args);
    };
    const begun: Job[] = [];
    await tick({ ...cloud, table: { ...table, get } }, (job) => Promise.resolve(void begun.push(job)));
    expect(begun).toContain('collect');
  });

  test('for what grows old while a step is under way, by the next run', async () => {
    const old = paris.stage('left over', paris.mtime());
    world.clock.advance(8 * day);
    const { cloud } = world.committer();
    let aged = false;
    const share = (name: string): ReturnType<typeof cloud.share> => {
      const real = cloud.share(name);
      const list: typeof real.list = async (dir, prefix) => {
        const listed = await real.list(dir, prefix);
        // Between the step's own listing and the look that follows it.
        if (!aged && dir.startsWith('.tideway/staging/')) world.clock.advance(2);
        aged ||= dir.startsWith('.tideway/staging/');
        return listed;
      };
      return { ...real, list };
    };
    expect(await jobSteps.collect({ ...cloud, share }, group)).toBeNull();
    expect([aged, old]).toEqual([true, expect.anything()]);
    world.clock.advance(10_000);
    expect((await run()).begun).toEqual(['collect']);
    expect(await work('collect')).toBe(1);
    expect(world.share.walk('.tideway/staging').filter(([, { kind }]) => kind === 'file')).toEqual([]);
  });

  test('for what somebody has open every five minutes alone, and at once where a clock was set back', async () => {
    paris.stage('left over', paris.mtime());
    world.clock.advance(9 * day);
    const path = world.share.walk('.tideway/staging').find(([, { kind }]) => kind === 'file')?.[0] ?? '';
    const close = world.share.open(path);
    await work('collect');
    for (let n = 0; n < 29; n++) {
      world.clock.advance(10_000);
      expect((await run()).begun).toEqual([]);
    }
    world.clock.advance(10_000);
    expect((await run()).begun).toEqual(['collect']);
    expect(await work('collect')).toBe(1);
    close();
    world.clock.advance(-minute);
    expect((await run()).begun).toEqual(['collect']);
  });
});

describe('C105 a step lists what is staged once', () => {
  /** The listings of staging that one step makes, and its answer. */
  async function step(): Promise<{ listed: string[]; next: number | null }> {
    const { cloud } = world.committer();
    const listed: string[] = [];
    const share = (name: string): ReturnType<typeof cloud.share> => {
      const real = cloud.share(name);
      const list: typeof real.list = (dir, prefix) => {
        listed.push(dir);
        return real.list(dir, prefix);
      };
      return { ...real, list };
    };
    const next = await jobSteps.collect({ ...cloud, share }, group);
    return { listed: listed.filter((dir) => dir.startsWith('.tideway/staging')), next };
  }

  const dirs = (...endpoints: Endpoint[]): string[] => [
    '.tideway/staging',
    ...endpoints.map(({ id }) => `.tideway/staging/${id}`),
  ];

  test('where nothing is to be done, and where all that is old goes', async () => {
    await rest();
    expect(await step()).toEqual({ listed: dirs(paris), next: null });
    paris.stage('left over', paris.mtime());
    world.clock.advance(8 * day + 1);
    expect(await step()).toEqual({ listed: dirs(paris), next: null });
    expect(world.share.walk('.tideway/staging').filter(([, { kind }]) => kind === 'file')).toEqual([]);
  });

  test('and goes on at once where it did not come to the end', async () => {
    world = await CloudWorld.create(1, { enumerateMs: 365 * day, collectStep: 2 });
    const [first, second] = [await world.endpoint('paris'), await world.endpoint('tokyo')].toSorted((a, b) =>
      a.id < b.id ? -1 : 1,
    ) as [Endpoint, Endpoint];
    for (const text of ['a', 'b']) first.stage(text, first.mtime());
    for (const text of ['c', 'd', 'e']) second.stage(text, second.mtime());
    world.clock.advance(8 * day + 1);
    // All that the first step found is gone, but it has not looked everywhere; the second one leaves what it found.
    expect(await step()).toEqual({ listed: dirs(first), next: 0 });
    expect(await step()).toEqual({ listed: dirs(first, second), next: 0 });
    expect(await step()).toEqual({ listed: dirs(first, second), next: null });
    expect(world.share.walk('.tideway/staging').filter(([, { kind }]) => kind === 'file')).toEqual([]);
  });
});

describe('C105 enumeration is begun', () => {
  test('when it is time, when one is open, and to forget those that ended a day ago', async () => {
    await work('collect');
    expect((await run()).begun).toEqual([]);
    await detectAll(world);
    expect((await run()).begun.filter((job) => job === 'detect')).toEqual([]);
    world.clock.advance(day + 1);
    expect((await run()).begun).toContain('detect');
    expect(await work('detect')).toBe(1);
    world.clock.advance(365 * day);
    expect((await run()).begun).toContain('detect');
    expect((await run()).begun).toContain('detect');
  });
});
