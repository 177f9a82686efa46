import { describe, expect, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../lib/base/sqlite.ts';
import type { Invocation } from '../../../lib/local/functions-host/extension.ts';
import { TimerListener } from '../../../lib/local/functions-host/timer/listener.ts';
import { parseSchedule } from '../../../lib/local/functions-host/timer/schedule.ts';
import { TimerStatusStore } from '../../../lib/local/functions-host/timer/status.ts';
import { realWaits } from '../../../lib/local/functions-host/waits.ts';
import { FakeClock, settle } from './fake-clock.ts';

interface Fired {
  readonly at: string;
  readonly timer: { Schedule: unknown; ScheduleStatus: Record<string, string> | null; IsPastDue: boolean };
  readonly invocation: Invocation;
}

function timer(
  schedule: string,
  clock: FakeClock,
  store: TimerStatusStore,
  options: object = {},
  run: () => Promise<void> = async () => {},
  waits = { ...realWaits, leaseMs: 0 },
) {
  const fired: Fired[] = [];
  const listener = new TimerListener({
    definition: {
      name: 'tick',
      trigger: { name: 't', type: 'timerTrigger', ...options },
      inputs: [],
      outputs: [],
      retry: undefined,
    },
    schedule: parseSchedule(schedule),
    store,
    host: {
      clock,
      waits,
      async invoke(_, invocation) {
        fired.push({
          at: new Date(clock.now()).toISOString().slice(11, 19),
          timer: JSON.parse(invocation.input.json ?? '') as Fired['timer'],
          invocation,
        });
        await run();
        return { outputData: [] };
      },
    },
  });
  return { listener, fired, times: () => fired.map(({ at }) => at) };
}

describe('a timer', () => {
  test('fires at each tick; one that fires often has no status', async () => {
    const clock = new FakeClock('2026-11-22T20:43:15Z');
    const { listener, fired, times } = timer('*/10 * * * * *', clock, new TimerStatusStore(':memory:'));
    await listener.start();
    await clock.advance(30_000);
    await listener.stop();
    expect(times()).toEqual(['20:43:20', '20:43:30', '20:43:40']);
    expect(fired[0]?.timer).toEqual({ Schedule: { AdjustForDST: true }, ScheduleStatus: null, IsPastDue: false });
    expect(fired[0]?.invocation.metadata).toEqual({ TimerTrigger: { string: '11/22/2026 20:43:20' } });
    expect(fired[0]?.invocation.reason).toBe('Timer fired at 2026-11-22T20:43:20.0000000+00:00');
  });

  test('one with a status tells when it fired last and fires next', async () => {
    const clock = new FakeClock('2026-11-22T20:00:30Z');
    const { listener, fired } = timer('0 */5 * * * *', clock, new TimerStatusStore(':memory:'));
    await listener.start();
    await clock.advance(600_000);
    await listener.stop();
    expect(fired.map(({ timer: { ScheduleStatus } }) => [ScheduleStatus?.['Last'], ScheduleStatus?.['Next']])).toEqual([
      ['0001-01-01T00:00:00', '2026-11-22T20:05:00.0000000+00:00'],
      ['2026-11-22T20:05:00.0000000+00:00', '2026-11-22T20:10:00.0000000+00:00'],
    ]);
  });

  test('a constant interval does not adjust for daylight saving', async () => {
    const clock = new FakeClock('2026-11-22T20:00:00Z');
    const { listener, fired } = timer('00:00:20', clock, new TimerStatusStore(':memory:'));
    await listener.start();
    await clock.advance(45_000);
    await listener.stop();
    expect(fired.map(({ at, timer: { Schedule } }) => [at, Schedule])).toEqual([
      ['20:00:20', { AdjustForDST: false }],
      ['20:00:40', { AdjustForDST: false }],
    ]);
  });

  test('never overlaps: after an overrun one call at once, the ticks between are dropped', async () => {
    const clock = new FakeClock('2026-11-22T20:00:00Z');
    let long = true;
    const { listener, times } = timer('*/10 * * * * *', clock, new TimerStatusStore(':memory:'), {}, async () => {
      if (long) await clock.sleep(25_000);
      long = false;
    });
    await listener.start();
    await clock.advance(61_000);
    await listener.stop();
    expect(times()).toEqual(['20:00:10', '20:00:35', '20:00:40', '20:00:50', '20:01:00']);
  });

  test('a failed call moves the schedule on', async () => {
    const clock = new FakeClock('2026-11-22T20:00:00Z');
    const { listener, times } = timer('*/10 * * * * *', clock, new TimerStatusStore(':memory:'), {}, () =>
      Promise.reject(new Error('no')),
    );
    await listener.start();
    await clock.advance(20_000);
    await listener.stop();
    expect(times()).toEqual(['20:00:10', '20:00:20']);
  });

  test('runOnStartup fires at once as well', async () => {
    const clock = new FakeClock('2026-11-22T20:00:05Z');
    const { listener, fired, times } = timer('*/10 * * * * *', clock, new TimerStatusStore(':memory:'), {
      runOnStartup: true,
    });
    await listener.start();
    await clock.advance(10_000);
    await listener.stop();
    expect(times()).toEqual(['20:00:05', '20:00:10']);
    expect(fired[0]?.timer.IsPastDue).toBe(false);
  });

  test('stopping waits for the running call', async () => {
    const clock = new FakeClock('2026-11-22T20:00:00Z');
    let done = false;
    const { listener } = timer('*/10 * * * * *', clock, new TimerStatusStore(':memory:'), {}, async () => {
      await clock.sleep(5_000);
      done = true;
    });
    await listener.start();
    await clock.advance(12_000);
    const stopped = listener.stop();
    await clock.advance(5_000);
    await stopped;
    expect(done).toBe(true);
    expect(clock.sleepers).toBe(0);
  });
});

describe('a tick missed while the host was down', () => {
  const file = (): string => join(mkdtempSync(join(tmpdir(), 'timers-')), 'timers.db');

  async function firstRun(path: string, schedule: string): Promise<void> {
    const clock = new FakeClock('2026-11-22T20:00:30Z');
    const store = new TimerStatusStore(path);
    const { listener, times } = timer(schedule, clock, store);
    await listener.start();
    await clock.advance(330_000);
    await listener.stop();
    store.close();
    expect(times()).toEqual(['20:05:00']);
  }

  test('is caught up by one call that says so, and only that one', async () => {
    const path = file();
    await firstRun(path, '0 */5 * * * *');
    const clock = new FakeClock('2026-11-22T21:02:00Z');
    const store = new TimerStatusStore(path);
    const { listener, fired, times } = timer('0 */5 * * * *', clock, store, { runOnStartup: true });
    await listener.start();
    await clock.advance(200_000);
    await listener.stop();
    store.close();
    expect(times()).toEqual(['21:02:00', '21:05:00']);
    expect(fired.map(({ timer: { IsPastDue } }) => IsPastDue)).toEqual([true, false]);
  });

  test('is none when the schedule has changed', async () => {
    const path = file();
    await firstRun(path, '0 */5 * * * *');
    const clock = new FakeClock('2026-11-22T21:02:00Z');
    const store = new TimerStatusStore(path);
    const { listener, fired, times } = timer('0 */4 * * * *', clock, store);
    await listener.start();
    await clock.advance(130_000);
    await listener.stop();
    store.close();
    expect(times()).toEqual(['21:04:00']);
    expect(fired[0]?.timer.IsPastDue).toBe(false);
  });
});

describe('the lease of a timer', () => {
  const file = (): string => join(mkdtempSync(join(tmpdir(), 'timers-')), 'timers.db');
  const start = '2026-11-22T20:00:05Z';
  const schedule = '*/10 * * * * *';
  const runOnStartup = { runOnStartup: true };
  const run = (): Promise<void> => Promise.resolve();

  test('of a host that was killed runs for a minute; then another one takes over, and runs at its start again', async () => {
    const store = new TimerStatusStore(':memory:');
    const [first, second] = [new FakeClock(start), new FakeClock('2026-11-22T20:00:31Z')];
    const killed = timer(schedule, first, store, runOnStartup, run, realWaits);
    await killed.listener.start();
    await first.advance(25_000);
    expect(killed.times()).toEqual(['20:00:05', '20:00:10', '20:00:20', '20:00:30']);
    // Its clock is never moved again: as good as killed.
    const next = timer(schedule, second, store, runOnStartup, run, realWaits);
    await next.listener.start();
    await second.advance(45_000);
    expect(next.times()).toEqual([]);
    await second.advance(20_000);
    // Renewed every 15.5 s, the last time at 20:00:20.5.
    expect(next.times()).toEqual(['20:01:22', '20:01:30']);
    await next.listener.stop();
  });

  test('is renewed while the host lives', async () => {
    const path = file();
    const clock = new FakeClock(start);
    const store = new TimerStatusStore(path);
    const { listener } = timer('0 0 0 1 1 *', clock, store, {}, run, realWaits);
    await listener.start();
    await clock.advance(600_000);
    expect(store.leasedUntil('tick') - clock.now()).toBeGreaterThan(40_000);
    await listener.stop();
    expect(store.leasedUntil('tick')).toBe(0);
    store.close();
  });

  test('given back at the stop, but not before the last call has ended', async () => {
    const clock = new FakeClock(start);
    const store = new TimerStatusStore(':memory:');
    const sleep = (): Promise<void> => clock.sleep(3_000);
    const { listener } = timer(schedule, clock, store, runOnStartup, sleep, realWaits);
    await listener.start();
    await clock.advance(1_000);
    const stopped = listener.stop();
    await settle();
    expect(store.leasedUntil('tick')).toBeGreaterThan(clock.now());
    await clock.advance(2_000);
    await stopped;
    expect([store.leasedUntil('tick'), clock.sleepers]).toEqual([0, 0]);
  });

  test('a stop while it is waited for ends the wait', async () => {
    const clock = new FakeClock(start);
    const store = new TimerStatusStore(':memory:');
    store.lease('tick', clock.now() + 60_000);
    const { listener, times } = timer(schedule, clock, store, runOnStartup, run, realWaits);
    await listener.start();
    await listener.stop();
    expect([times(), clock.sleepers, store.leasedUntil('tick') - clock.now()]).toEqual([[], 0, 60_000]);
  });

  test('state of the version before has none, and is kept', async () => {
    const path = file();
    const create = `CREATE TABLE timer (function TEXT PRIMARY KEY, last INTEGER, next INTEGER NOT NULL,
      lastUpdated INTEGER NOT NULL) STRICT; INSERT INTO timer VALUES ('tick', 1, 2, 3);`;
    const db = openDatabase(path, { applicationId: 0x54574648, version: 1, create });
    db.close();
    const store = new TimerStatusStore(path);
    expect([store.get('tick'), store.leasedUntil('tick')]).toEqual([{ last: 1, next: 2, lastUpdated: 3 }, 0]);
    store.close();
  });
});
