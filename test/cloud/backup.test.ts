import { describe, expect, test } from '@jest/globals';
import { changeState, readBook, readSnapshots } from '../../lib/cloud/backup/book.ts';
import { order } from '../../lib/cloud/backup/order.ts';
import { defaultRetention, dueNow, nextRunAt, setBackup } from '../../lib/cloud/backup/settings.ts';
import type { BackupSettings } from '../../lib/cloud/backup/rows.ts';
import { BackupRunner, type Unkind } from '../support/backup-runner.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import type { Fate } from '../support/life.ts';

const hour = 60 * 60_000;
const day = 24 * hour;
const at = (text: string): number => Date.parse(text);

async function start(unkind: Unkind = {}) {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  const tokyo = await world.endpoint('tokyo');
  const { cloud } = world.committer();
  const runner = new BackupRunner(world, unkind);
  const until = (time: number) => world.clock.sleep(time - world.clock.now());
  const dates = async () =>
    (await readSnapshots(cloud, group)).map(({ dueAt = 0 }) => new Date(dueAt).toISOString().slice(0, 10));
  const last = async () => (await readBook(cloud, group)).state?.value.last;
  const onDemand = (name: string, expiresAt?: number) =>
    order(cloud, group, new Map([[name, { kind: 'snapshot', expiresAt }]])).then(() => world.drain());
  return { world, paris, tokyo, cloud, runner, until, dates, last, onDemand };
}

describe('what is due', () => {
  const settings = (more: Partial<BackupSettings> = {}): BackupSettings => ({
    v: 1,
    schedule: '0 0 2 * * *',
    zone: 'Europe/Paris',
    retention: defaultRetention,
    setAt: at('2026-03-01T12:00:00Z'),
    ...more,
  });
  const begun = (text: string) => ({ begunUpTo: at(text) });
  const shown = (time: number | undefined) =>
    time === undefined ? undefined : new Date(time).toISOString().slice(0, 16);

  test.each([
    ['nothing where nothing is set', undefined, undefined, '2026-03-05T12:00Z', undefined, undefined],
    [
      'nothing without a schedule',
      settings({ schedule: undefined }),
      undefined,
      '2026-03-05T12:00Z',
      undefined,
      undefined,
    ],
    ['not what was due before it was set', settings(), undefined, '2026-03-01T13:00Z', undefined, '2026-03-02T01:00'],
    ['at its time', settings(), undefined, '2026-03-02T01:00Z', '2026-03-02T01:00', '2026-03-02T01:00'],
    ['once', settings(), begun('2026-03-02T01:00Z'), '2026-03-02T01:05Z', undefined, '2026-03-03T01:00'],
    [
      'missed for days: once, for the newest',
      settings(),
      begun('2026-03-02T01:00Z'),
      '2026-03-09T09:00Z',
      '2026-03-09T01:00',
      '2026-03-03T01:00',
    ],
    [
      'by summer time',
      settings(),
      begun('2026-04-02T00:00Z'),
      '2026-04-03T00:01Z',
      '2026-04-03T00:00',
      '2026-04-03T00:00',
    ],
    [
      'a clock that was ahead is forgotten',
      settings(),
      begun('2031-01-01T00:00Z'),
      '2026-03-05T12:00Z',
      undefined,
      '2026-03-06T01:00',
    ],
  ] as const)('%s', (_, set, state, now, due, next) => {
    expect(shown(dueNow(set, state, at(now)))).toBe(due);
    expect(shown(nextRunAt(set, state, at(now)))).toBe(next);
  });
});

describe('settings', () => {
  test('are none at first; what is not named stays', async () => {
    const { cloud, world } = await start();
    expect((await readBook(cloud, group)).settings).toBeUndefined();
    const first = await setBackup(cloud, group, { schedule: '0 30 2 * * *', zone: 'Asia/Tokyo' });
    expect(first).toEqual({
      v: 1,
      schedule: '0 30 2 * * *',
      zone: 'Asia/Tokyo',
      retention: defaultRetention,
      setAt: world.clock.now(),
    });
    await world.clock.sleep(1000);
    expect(await setBackup(cloud, group, { retention: { daily: 7 } })).toEqual({
      ...first,
      retention: { ...defaultRetention, daily: 7 },
    });
    const { schedule, setAt } = await setBackup(cloud, group, { schedule: null });
    expect({ schedule, setAt }).toEqual({ schedule: undefined, setAt: world.clock.now() });
  });

  test.each([
    ['schedule_invalid', { schedule: '61 * * * * *' }],
    ['schedule_invalid', { schedule: '0 0 0 30 2 *' }],
    ['time_zone_unknown', { zone: 'Mars/Olympus' }],
    ['retention_too_long', { retention: { daily: 150, weekly: 41 } }],
  ])('refuses with %s: %j', async (code, wish) => {
    const { cloud } = await start();
    await expect(setBackup(cloud, group, wish)).rejects.toMatchObject({ code });
    expect((await readBook(cloud, group)).settings).toBeUndefined();
  });

  test('of no group are refused', async () => {
    const { cloud } = await start();
    await expect(setBackup(cloud, 'other', {})).rejects.toMatchObject({ code: 'group_unknown' });
  });
});

describe('a backup', () => {
  test('is made when it is due, once, and tells what came of it', async () => {
    const { world, cloud, runner, until, dates, last } = await start();
    await setBackup(cloud, group, { schedule: '0 0 2 * * *' });
    expect(await runner.tick()).toEqual([]);
    await until(at('2026-01-01T02:00:05Z'));
    expect(await runner.tick()).toHaveLength(1);
    expect(await runner.tick()).toEqual([]);
    expect(await dates()).toEqual(['2026-01-01']);
    const [snapshot] = await readSnapshots(cloud, group);
    expect(await last()).toMatchObject({ snapshot: snapshot?.id, dropped: [], problems: [] });
    expect((await readBook(cloud, group)).state?.value.running).toBeUndefined();
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('that was missed is made up once', async () => {
    const { cloud, runner, until, dates } = await start();
    await setBackup(cloud, group, { schedule: '0 0 2 * * *' });
    await until(at('2026-01-09T08:00:00Z'));
    expect(await runner.tick()).toHaveLength(1);
    expect(await runner.tick()).toEqual([]);
    expect(await dates()).toEqual(['2026-01-09']);
  });

  test('whose run is under way is not begun again, unless it has been silent for hours', async () => {
    const { cloud, runner, until, dates } = await start();
    await setBackup(cloud, group, { schedule: '0 0 * * * *' });
    await changeState(cloud, group, (state) => ({
      ...state,
      running: { run: 'x', since: at('2026-01-01T00:30:00Z') },
    }));
    await until(at('2026-01-01T06:29:00Z'));
    expect(await runner.tick()).toEqual([]);
    await until(at('2026-01-01T06:31:00Z'));
    expect(await runner.tick()).toHaveLength(1);
    expect(await dates()).toEqual(['2026-01-01']);
  });

  test('fault 22: for which the share has no room is a problem that is seen, and makes room where it can', async () => {
    const { world, cloud, runner, until, last, dates } = await start();
    await setBackup(cloud, group, {
      schedule: '0 0 2 * * *',
      retention: { daily: 3, weekly: 0, monthly: 0, yearly: 0 },
    });
    for (let n = 1; n <= 3; n++) {
      await until(at(`2026-01-0${n}T02:00:00Z`));
      await runner.tick();
    }
    // 188 of others leave room for two of ours with the reserve.
    for (let n = 0; n < 188; n++) world.share.takeSnapshot({ made: 'by hand' });
    await until(at('2026-01-04T02:00:00Z'));
    await runner.tick();
    expect(await dates()).toEqual(['2026-01-03', '2026-01-04']);
    expect((await last())?.problems).toEqual([]);
    for (let n = 0; n < 10; n++) world.share.takeSnapshot({ made: 'by hand' });
    await until(at('2026-01-05T02:00:00Z'));
    await runner.tick();
    expect((await last())?.problems.map(({ code }) => code)).toEqual(['snapshot_limit_near']);
    expect(await dates()).toEqual(['2026-01-05']);
    for (let n = 0; n < 1; n++) world.share.takeSnapshot({ made: 'by hand' });
    await until(at('2026-01-06T02:00:00Z'));
    await runner.tick();
    expect((await last())?.problems.map(({ code }) => code)).toEqual(['snapshot_limit', 'snapshot_limit_near']);
    expect(await dates()).toEqual(['2026-01-05']);
    expect(world.share.snapshots().filter(({ metadata }) => metadata['made'] === 'by hand')).toHaveLength(199);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('that no committer comes to is a problem, and made all the same when one does', async () => {
    const { world, cloud, until, last, dates } = await start();
    await setBackup(cloud, group, { schedule: '0 0 2 * * *' });
    await until(at('2026-01-01T02:00:00Z'));
    const held: unknown[] = [];
    const drain = world.drain.bind(world);
    world.drain = () => Promise.resolve(void held.push(...world.queue.splice(0)));
    const runner = new BackupRunner(world);
    const [result] = await runner.tick();
    expect(result?.problems.map(({ code }) => code)).toEqual(['snapshot_late']);
    expect(world.clock.now()).toBeGreaterThanOrEqual(at('2026-01-01T03:00:00Z'));
    expect(await last()).toMatchObject({ problems: [{ code: 'snapshot_late' }] });
    world.drain = drain;
    await runner.tick(); // sends again what was lost
    await drain();
    expect(await dates()).toEqual(['2026-01-01']);
    expect(brokenInvariants(world)).toEqual([]);
  });
});

describe('what was made on demand', () => {
  test('goes at its date, also without a schedule, and its order is forgotten', async () => {
    const { world, cloud, runner, until, onDemand, last } = await start();
    await onDemand('one', at('2026-01-05T00:00:00Z'));
    await onDemand('two');
    await until(at('2026-01-04T23:00:00Z'));
    expect(await runner.tick()).toEqual([]);
    await until(at('2026-01-05T01:00:00Z'));
    expect(await runner.tick()).toHaveLength(1);
    expect(await readSnapshots(cloud, group)).toMatchObject([{ seq: 2 }]);
    expect((await last())?.dropped).toMatchObject([{ why: 'expired' }]);
    await until(at('2026-01-07T00:00:00Z'));
    await runner.tick();
    expect((await readBook(cloud, group)).orders).toEqual([]);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('more than a page of orders an hour is remembered that long', async () => {
    const { world, cloud, runner } = await start();
    const name = (n: number): string => `demand-${String(n).padStart(5, '0')}`;
    for (let from = 0; from < 1100; from += 100) {
      const names = Array.from({ length: 100 }, (_, n) => name(from + n));
      await order(
        cloud,
        group,
        new Map(names.map((each) => [each, { kind: 'drop-snapshot', snapshot: 'x', why: '' }])),
      );
    }
    await world.drain();
    expect((await readBook(cloud, group)).orders.map(({ value }) => value.n)).toEqual(
      Array.from({ length: 1100 }, (_, n) => n + 1),
    );
    await order(cloud, group, new Map([[name(1050), { kind: 'snapshot' }]]));
    expect(world.queue).toEqual([]);
    await world.clock.sleep(61 * 60_000);
    await runner.tick();
    expect((await readBook(cloud, group)).orders).toEqual([]);
  });

  test('leaves points on schedule, and those of others, as they are', async () => {
    const { world, cloud, runner, until, onDemand, dates } = await start();
    await setBackup(cloud, group, {
      schedule: '0 0 2 * * *',
      retention: { daily: 1, weekly: 0, monthly: 0, yearly: 0 },
    });
    world.share.takeSnapshot({ tw_group: 'another' });
    await onDemand('one');
    for (const date of ['2026-01-01', '2026-01-02']) {
      await until(at(`${date}T02:00:00Z`));
      await runner.tick();
    }
    expect(await dates()).toEqual(['1970-01-01', '2026-01-02']);
    expect(world.share.snapshots()).toHaveLength(3);
  });
});

test('what a committer took twice goes after an hour; what somebody deleted leaves the list', async () => {
  const { world, cloud, runner, until, onDemand, last } = await start();
  await setBackup(cloud, group, { schedule: '0 0 * * * *' });
  await onDemand('one');
  const [one] = world.share.snapshots();
  world.share.takeSnapshot(one?.metadata ?? {});
  await onDemand('two');
  await world.share.client().removeSnapshot((await readSnapshots(cloud, group))[1]?.id ?? '');
  await until(at('2026-01-01T01:00:00Z'));
  await runner.tick();
  expect((await last())?.dropped.map(({ why }) => why)).toEqual(['not on the share any more']);
  await until(at('2026-01-01T02:00:01Z'));
  await runner.tick();
  expect((await last())?.dropped.map(({ why }) => why)).toContain('taken twice');
  expect(world.share.snapshots().map(({ id }) => id)).toEqual((await readSnapshots(cloud, group)).map(({ id }) => id));
  expect(brokenInvariants(world)).toEqual([]);
});

describe('a run whose steps are done twice, or killed', () => {
  const kinds = ['kill-before', 'kill-after', 'time-out', 'throttle'] as const;
  const strike =
    (blow: (typeof kinds)[number], call: number): Fate =>
    (_call, index) =>
      index === call ? blow : undefined;
  const twoDays = async (unkind: Unkind) => {
    const { world, cloud, runner, until, dates, last } = await start(unkind);
    await setBackup(cloud, group, {
      schedule: '0 0 2 * * *',
      retention: { daily: 1, weekly: 0, monthly: 0, yearly: 0 },
    });
    for (const date of ['2026-01-01', '2026-01-02']) {
      await until(at(`${date}T02:00:00Z`));
      await runner.tick();
    }
    const { run: _run, endedAt: _at, dropped = [], problems } = (await last()) ?? {};
    return {
      dates: await dates(),
      dropped: dropped.length,
      problems,
      onShare: world.share.snapshots().length,
      rows: world.rows().map(({ op, outcome }) => `${op} ${outcome}`),
      broken: brokenInvariants(world),
    };
  };
  const asUndisturbed = {
    dates: ['2026-01-02'],
    dropped: 1,
    problems: [],
    onShare: 1,
    rows: ['snapshot applied', 'snapshot applied', 'drop-snapshot applied'],
    broken: [],
  };

  test('undisturbed', async () => {
    expect(await twoDays({})).toEqual(asUndisturbed);
  });

  test('fault 61: each step is done twice', async () => {
    expect(await twoDays({ twice: () => true })).toEqual(asUndisturbed);
  });

  test.each(kinds)('%s at each of the first calls of every step', async (blow) => {
    for (let call = 0; call < 7; call++)
      expect(await twoDays({ fate: () => strike(blow, call) })).toEqual(asUndisturbed);
  });
});

// An edit every hour; TIDEWAY_YEAR_STEP=3 makes it one every third.
const step = Number(process.env['TIDEWAY_YEAR_STEP'] ?? 1);

test('a year of edits at two sites and daily backups leaves exactly what retention says', async () => {
  const { world, paris, tokyo, cloud, runner, until, dates } = await start();
  const retention = { last: 0, daily: 7, weekly: 4, monthly: 12, yearly: 3 };
  await setBackup(cloud, group, { schedule: '0 30 2 * * *', zone: 'Europe/Paris', retention });
  await world.commit(paris, paris.create('root', 'p.txt', 'p'), paris.create('root', 't.txt', 't'));
  const [p, t] = [world.node('p.txt'), world.node('t.txt')];
  let version = { p: p.version, t: t.version };
  const begin = world.clock.now();
  for (let n = 1; n <= (365 * 24) / step; n++) {
    await until(begin + n * step * hour);
    await runner.tick();
    // In turns.
    const [site, node, which] = n % 2 === 0 ? ([paris, p, 'p'] as const) : ([tokyo, t, 't'] as const);
    await world
      .committer()
      .commit(site.seal([{ ...site.edit(node, `${which}${n}`, { at: n }), base: version[which] }]));
    version = { ...version, [which]: world.head };
  }
  expect(await dates()).toEqual([
    ...['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11'].map((month) => lastOf(`2026-${month}`)),
    '2026-12-13',
    '2026-12-20',
    ...['25', '26', '27', '28', '29', '30', '31'].map((date) => `2026-12-${date}`),
  ]);
  expect(world.share.snapshots()).toHaveLength(20);
  expect(world.rows().filter(({ op }) => op === 'snapshot')).toHaveLength(365);
  expect(brokenInvariants(world)).toEqual([]);
}, 400_000);

function lastOf(month: string): string {
  const first = at(`${month}-01T00:00:00Z`);
  const next = new Date(first + 32 * day).toISOString().slice(0, 7);
  return new Date(at(`${next}-01T00:00:00Z`) - day).toISOString().slice(0, 10);
}
