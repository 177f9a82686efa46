// The faults of a task hub: each by itself, then all of them by chance, under code written as Azure needs it.
import { describe, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../lib/base/clock.ts';
import { seededRandom } from '../../../lib/base/random.ts';
import type { Durable } from '../../../lib/local/durable/durable.ts';
import { unkindness } from '../../../lib/local/durable/unkind.ts';
import { Faults } from '../../../lib/local/faults.ts';
import { Switchboard } from '../../../lib/local/faults/switchboard.ts';
import { type App, openHub } from './in-process.ts';

jest.setTimeout(30_000);

let runs = 0;
const app: App = {
  orchestrators: {
    *timer({ df }) {
      const fireAt = new Date(df.currentUtcDateTime.getTime() + df.getInput());
      yield df.createTimer(fireAt);
      return df.currentUtcDateTime.getTime() - fireAt.getTime();
    },
    *once({ df }) {
      return yield df.callActivity('count');
    },
    *careful({ df }) {
      const until = df.currentUtcDateTime.getTime() + 20;
      // Not before its time, however early a timer fires.
      while (df.currentUtcDateTime.getTime() < until) yield df.createTimer(new Date(until));
      const retry = { firstRetryIntervalInMilliseconds: 1, maxNumberOfAttempts: 20 };
      const tasks = [1, 2, 3].map((n) => df.callActivityWithRetry('double', retry, n));
      const doubled: number[] = yield df.Task.all(tasks);
      return { doubled, isInTime: df.currentUtcDateTime.getTime() >= until };
    },
  },
  activities: { count: () => ++runs, double: (n) => n * 2 },
};

async function withHub<T>(faults: Faults, work: (hub: Durable) => Promise<T>): Promise<T> {
  const hub = openHub({ file: ':memory:', app, clock: systemClock, faults });
  hub.start();
  try {
    return await work(hub);
  } finally {
    await hub.stop();
    hub.close();
  }
}

async function run(hub: Durable, name: string, input: unknown, id?: string): Promise<[string, unknown]> {
  const started = await hub.client.start({ name, id, version: null, input: JSON.stringify(input) });
  if (started.refused !== undefined) throw new Error(started.refused);
  for (;;) {
    const row = hub.hub.store.instance(started.id);
    if (row !== undefined && row.status !== 'Pending' && row.status !== 'Running')
      return [row.status, JSON.parse(row.output ?? 'null')];
    await sleep(1);
  }
}

describe('a fault', () => {
  test('has a timer fire early', async () => {
    const faults = new Faults();
    faults.add(/^TIMER timer$/, { kind: 'delay', ms: -1_000_000 });
    const [, late] = await withHub(faults, (hub) => run(hub, 'timer', 500_000));
    expect(late).toBeLessThan(-400_000);
  });

  test('has a timer fire late', async () => {
    const faults = new Faults();
    faults.add(/^TIMER timer$/, { kind: 'delay', ms: 100 });
    const [, late] = await withHub(faults, (hub) => run(hub, 'timer', 1));
    expect(late).toBeGreaterThanOrEqual(100);
  });

  test('fails an activity as the end of its process does, without running it', async () => {
    const faults = new Faults();
    faults.add(/^ACTIVITY count$/, { kind: 'drop', when: 'before' });
    const before = runs;
    const [status, output] = await withHub(faults, (hub) => run(hub, 'once', null));
    expect([status, runs - before]).toEqual(['Failed', 0]);
    expect(output).toMatch(
      /^Orchestrator function 'once' failed: Activity function 'count' failed: node exited with code 1 \n /,
    );
  });

  test('loses the end of an activity, which runs again', async () => {
    const faults = new Faults();
    faults.add(/^ACTIVITY count$/, { kind: 'drop', when: 'after' });
    const before = runs;
    const [status, output] = await withHub(faults, (hub) => run(hub, 'once', null));
    expect([status, output, runs - before]).toEqual(['Completed', before + 2, 2]);
  });
});

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));

test(`code that expects it comes through a hub as unkind as Azure (SEED=${seed})`, async () => {
  const faults = new Faults({ random: seededRandom(seed) });
  for (const rule of unkindness(0.002)) faults.plant(rule);
  const outcomes = await withHub(faults, (hub) =>
    Promise.all(Array.from({ length: 60 }, (_, n) => run(hub, 'careful', null, `careful-${n}`))),
  );
  expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).toEqual(
    new Set([JSON.stringify(['Completed', { doubled: [2, 4, 6], isInTime: true }])]),
  );
  expect(faults.struck).toBeGreaterThan(20);
});

test('one description makes it so', async () => {
  const switchboard = new Switchboard(1);
  await switchboard.set({ on: 'durable', do: 'unkind', scale: 0.01 });
  expect(switchboard.of('functions').planted.map(({ match }) => match.source)).toEqual([
    '^TIMER ',
    '^TIMER ',
    '^TIMER ',
    '^ACTIVITY ',
    '^ACTIVITY ',
  ]);
  await switchboard.clear();
  expect(switchboard.of('functions').planted).toEqual([]);
});
