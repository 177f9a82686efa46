// How well endpoints and backups are, in seconds that grow while something is wrong: what alerts read.
import { describe, expect, test } from '@jest/globals';
import { lateMs } from '../../lib/cloud/backup/late.ts';
import { changeState } from '../../lib/cloud/backup/book.ts';
import { defaultRetention, setBackup } from '../../lib/cloud/backup/settings.ts';
import type { BackupSettings, BackupState } from '../../lib/cloud/backup/rows.ts';
import { listEndpoints, takeReport } from '../../lib/cloud/health/report.ts';
import { tellHealth, type Vital } from '../../lib/cloud/health/tell.ts';
import { tellWhenDue } from '../../lib/cloud/health/due.ts';
import type { Report } from '../../lib/protocol/report.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';

const minute = 60_000;
const well: Report = { state: 'idle', cursor: 7, pending: 0, problems: 0, files: 3, behindMs: 0 };
const behind: Report = { ...well, state: 'syncing', pending: 5, behindMs: 2 * minute };

async function start() {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  const { cloud } = world.committer();
  const told = async (): Promise<readonly Vital[]> => {
    const vitals: Vital[] = [];
    await tellHealth(cloud, (vital) => vitals.push(vital));
    return vitals;
  };
  const of = async (event: string) => (await told()).filter((vital) => vital['event'] === event);
  const report = (said: Report) => takeReport(cloud, group, paris.id, said);
  return { world, paris, cloud, told, of, report };
}

describe('endpoints', () => {
  test('one that never reported is told of by nobody, the group and the timer are', async () => {
    const { told } = await start();
    expect(await told()).toEqual([
      { event: 'tideway.timer', groups: 1 },
      { event: 'tideway.group', group, snapshotLateSeconds: 0 },
    ]);
  });

  test('the answer says how often to report', async () => {
    const { report } = await start();
    expect(await report(well)).toEqual({ everyMs: 5 * minute });
  });

  test('one that reports is neither silent nor behind; silence grows, and ends with the next report', async () => {
    const { world, of, report } = await start();
    const seconds = async () => (await of('tideway.endpoint')).map(({ lastSeenSeconds }) => lastSeenSeconds);
    await report(well);
    expect(await of('tideway.endpoint')).toEqual([
      { event: 'tideway.endpoint', group, server: 'paris', state: 'idle', lastSeenSeconds: 0, pendingSeconds: 0 },
    ]);
    world.clock.advance(16 * minute);
    expect(await seconds()).toEqual([960]);
    world.clock.advance(60 * minute);
    expect(await seconds()).toEqual([4560]);
    await report(well);
    expect(await seconds()).toEqual([0]);
  });

  test('one that was behind is so for longer the longer it is silent, until it says that it is not', async () => {
    const { world, of, report } = await start();
    const seconds = async () => (await of('tideway.endpoint')).map(({ pendingSeconds }) => pendingSeconds);
    await report(behind);
    expect(await seconds()).toEqual([120]);
    world.clock.advance(10 * minute);
    expect(await seconds()).toEqual([720]);
    await report(well);
    world.clock.advance(10 * minute);
    expect(await seconds()).toEqual([0]);
  });

  test('one that was revoked is waited for by nobody', async () => {
    const { world, paris, of, report } = await start();
    await report(behind);
    const key = `endpoint|${paris.id}`;
    const row = await world.committer().cloud.table.get(group, key);
    const value = { ...(row?.value as object), revoked: true };
    await world.committer().cloud.table.transact(group, [{ do: 'put', key, value }]);
    expect(await of('tideway.endpoint')).toEqual([]);
  });

  test('a clock that was set back makes nothing negative', async () => {
    const { world, of, report } = await start();
    await report(behind);
    world.clock.advance(-3 * minute);
    const [vital] = await of('tideway.endpoint');
    expect(vital).toMatchObject({ lastSeenSeconds: 0, pendingSeconds: 120 });
  });

  test('administrators are told since when: after three reports that did not come', async () => {
    const { world, cloud, report } = await start();
    const shown = async () => (await listEndpoints(cloud, group)).endpoints;
    expect(await shown()).toMatchObject([{ server: 'paris', state: null, lastSeenAt: null, silentSince: null }]);
    await report(well);
    const heard = new Date(world.clock.now()).toISOString();
    world.clock.advance(15 * minute);
    expect(await shown()).toMatchObject([{ state: 'idle', lastSeenAt: heard, silentSince: null, pendingSeconds: 0 }]);
    world.clock.advance(1);
    expect(await shown()).toMatchObject([{ state: 'idle', lastSeenAt: heard, silentSince: heard }]);
    await expect(listEndpoints(cloud, 'other')).rejects.toMatchObject({ code: 'group_unknown' });
  });
});

describe('a scheduled snapshot', () => {
  const at = (text: string): number => Date.parse(text);
  const settings: BackupSettings = {
    v: 1,
    schedule: '0 0 2 * * *',
    zone: 'UTC',
    retention: defaultRetention,
    setAt: at('2026-03-01T12:00Z'),
  };
  const begun: BackupState = { v: 1, begunUpTo: at('2026-03-02T02:00Z'), lookedAt: 0 };
  const ended = { run: 'due', endedAt: at('2026-03-02T02:01Z'), dropped: [] };
  const problem = { code: 'share_not_back', message: 'no answer' };

  test.each<[string, BackupSettings | undefined, BackupState | undefined, string, number]>([
    ['is never late where none is scheduled', undefined, undefined, '2026-03-09T02:00Z', 0],
    ['is not late before its time', settings, undefined, '2026-03-02T01:59Z', 0],
    ['is late while it has not begun', settings, undefined, '2026-03-02T04:00Z', 120],
    [
      'is late while it is being made',
      settings,
      { ...begun, running: { run: 'due', since: at('2026-03-02T02:00Z') } },
      '2026-03-02T02:30Z',
      30,
    ],
    [
      'is not late once it is made',
      settings,
      { ...begun, last: { ...ended, snapshot: 's', problems: [] } },
      '2026-03-02T20:00Z',
      0,
    ],
    [
      'is late since the last try failed',
      settings,
      { ...begun, last: { ...ended, problems: [problem] } },
      '2026-03-02T03:01Z',
      60,
    ],
    [
      'that was made is not late for what went wrong besides',
      settings,
      { ...begun, last: { ...ended, snapshot: 's', problems: [problem] } },
      '2026-03-02T03:01Z',
      0,
    ],
  ])('%s', (_, set, state, now, minutes) => {
    expect(lateMs(set, state, at(now))).toBe(minutes * minute);
  });

  test('is told of its group', async () => {
    const { world, cloud, of } = await start();
    await setBackup(cloud, group, { schedule: '0 0 2 * * *', zone: 'UTC' });
    world.clock.advance(26 * 60 * minute);
    world.clock.advance(30 * minute);
    const [late] = await of('tideway.group');
    expect(Number(late?.['snapshotLateSeconds'])).toBeGreaterThan(60 * 60);
    await changeState(cloud, group, (state) => ({ ...state, begunUpTo: world.clock.now() }));
    expect(await of('tideway.group')).toEqual([{ event: 'tideway.group', group, snapshotLateSeconds: 0 }]);
  });
});

describe('the timer', () => {
  test('tells once a minute, whatever else goes wrong', async () => {
    const { world, cloud } = await start();
    const runs: number[] = [];
    const run = (of = cloud) =>
      tellWhenDue(of, ({ event }) => void (event === 'tideway.timer' && runs.push(world.clock.now())));
    world.clock.advance(minute);
    const broken = { ...cloud, table: { ...cloud.table, range: () => Promise.reject(new Error('no answer')) } };
    await run(broken);
    expect(runs).toEqual([]);
    for (let seconds = 0; seconds < 180; seconds += 10) {
      world.clock.advance(10_000);
      await run();
    }
    expect(runs.map((time) => time - (runs[0] ?? 0))).toEqual([0, minute, 2 * minute]);
  });
});
