// Whatever is on disk after any one transaction is enough to go on from: a hub is copied, as a kill would leave it, after
// each of its steps, and every copy comes to the same end.
import { expect, jest, test } from '@jest/globals';
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../lib/base/clock.ts';
import { inParallel } from '../../../lib/base/pool.ts';
import type { Durable } from '../../../lib/local/durable/durable.ts';
import type { Df } from '../../support/durable.ts';
import { type App, EntityId, openHub } from './in-process.ts';

jest.setTimeout(60_000);

const counter = new EntityId('counter', 'a');

/** One of everything: what it returns is the same however often a part of it ran. */
function app(raise: (id: string) => unknown): App {
  return {
    orchestrators: {
      *all({ df }) {
        const { seen } = df.getInput();
        if (seen !== undefined) return seen;
        const both = yield df.Task.all([df.callActivity('double', 1), df.callActivity('double', 2)]);
        const child = yield df.callSubOrchestrator('child', both);
        yield df.createTimer(new Date(df.currentUtcDateTime.getTime() + 1));
        let failure = '';
        try {
          const retry = { firstRetryIntervalInMilliseconds: 1, maxNumberOfAttempts: 2 };
          yield df.callActivityWithRetry('fail', retry, 1);
        } catch (error) {
          failure = String((error as Error).message).split(' \n ')[0] ?? '';
        }
        yield df.Task.all([df.waitForExternalEvent('go'), df.callActivity('raise', df.instanceId)]);
        const before = yield df.callEntity(counter, 'add', 1);
        df.signalEntity(counter, 'add', 10);
        df.continueAsNew({ seen: { both, child, failure, before } });
        return undefined;
      },
      *child({ df }) {
        return yield df.callActivity('double', df.getInput()[0]);
      },
    },
    activities: {
      double: (n) => n * 2,
      fail: () => {
        throw new Error('no');
      },
      raise,
    },
    entities: {
      counter({ df }) {
        const sum = df.getState(() => 0) + df.getInput();
        df.setState(sum);
        df.return(sum);
      },
    },
  };
}

function open(file: string): Durable {
  const hub = openHub({
    file,
    clock: systemClock,
    app: app((id) => persist(() => hub.client.raise(id, 'go', '1'))),
  });
  return hub;
}

/** Until it succeeds: a client would do so too. */
async function persist(work: () => Promise<unknown>): Promise<string> {
  for (;;)
    try {
      await work();
      return 'raised';
    } catch {
      await sleep(1);
    }
}

/** Until the instance has ended and nothing is left to be told. */
async function end(hub: Durable): Promise<unknown> {
  const { store } = hub.hub;
  for (;;) {
    const row = store.instance('one');
    const isQuiet = store.waiting().length === 0;
    if (row !== undefined && row.status !== 'Pending' && row.status !== 'Running' && isQuiet)
      return [row.status, JSON.parse(row.output ?? 'null'), entityState(hub)];
    await sleep(1);
  }
}

function entityState({ hub }: Durable): unknown {
  return (JSON.parse(hub.store.instance('@counter@a')?.input ?? '{}') as Df).state;
}

test('an orchestration goes on from after any of its transactions, and ends as if nothing had been', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'durable-crash-'));
  const hub = open(path.join(dir, 'hub.db'));
  const copies: string[] = [];
  const commit = hub.hub.store.commit.bind(hub.hub.store);
  hub.hub.store.commit = async (work) => {
    const value = await commit(work);
    const copy = path.join(dir, `copy-${copies.length}.db`);
    for (const part of ['', '-wal'])
      if (existsSync(path.join(dir, `hub.db${part}`))) cpSync(path.join(dir, `hub.db${part}`), `${copy}${part}`);
    copies.push(copy);
    return value;
  };
  hub.start();
  await hub.client.start({ name: 'all', id: 'one', version: null, input: '{}' });
  const wanted = await end(hub);
  expect(wanted).toEqual([
    'Completed',
    { both: [2, 4], child: 4, failure: "Activity function 'fail' failed:  no", before: 1 },
    '11',
  ]);
  await hub.stop();
  hub.close();
  expect(copies.length).toBeGreaterThan(25);
  // Side by side: what each of them waits for is the disk.
  await inParallel(copies, 24, async (copy) => {
    const again = open(copy);
    again.start();
    expect([copy, await end(again)]).toEqual([copy, wanted]);
    await again.stop();
    again.close();
  });
});

test('an activity that a kill cut off is begun again after the time that it may still have been running', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'durable-crash-'));
  const file = path.join(dir, 'hub.db');
  const begun: number[] = [];
  const ends = Promise.withResolvers<string>();
  const once: App = {
    orchestrators: {
      *one({ df }) {
        return yield df.callActivity('long');
      },
    },
    activities: { long: () => (begun.push(Date.now()) === 1 ? ends.promise : 'again') },
  };
  const hub = openHub({ file, clock: systemClock, app: once, rerunMs: 300 });
  hub.start();
  await hub.client.start({ name: 'one', id: 'one', version: null, input: null });
  const markedAt = (): number | null => hub.hub.store.activities()[0]?.startedAt ?? null;
  while (markedAt() === null) await sleep(1);
  const startedAt = markedAt() ?? 0;
  for (const part of ['', '-wal']) cpSync(`${file}${part}`, path.join(dir, `copy.db${part}`));
  ends.resolve('first');
  await end(hub);
  await hub.stop();
  hub.close();

  const again = openHub({ file: path.join(dir, 'copy.db'), clock: systemClock, app: once, rerunMs: 300 });
  again.start();
  expect(await end(again)).toEqual(['Completed', 'again', undefined]);
  // A timer of Node may be a millisecond early by the machine's clock.
  expect((begun[1] ?? 0) - startedAt).toBeGreaterThanOrEqual(298);
  await again.stop();
  again.close();
});

test('a full disk costs time alone: turns, ends of activities and answers of entities are written once there is room', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'durable-crash-'));
  const hub = open(path.join(dir, 'hub.db'));
  const commit = hub.hub.store.commit.bind(hub.hub.store);
  let asked = 0;
  let refused = 0;
  hub.hub.store.commit = async (work) => {
    // Every third of the first dozens.
    if (++asked > 1 && asked % 3 === 0 && refused < 12) {
      refused++;
      throw new Error('database or disk is full');
    }
    return commit(work);
  };
  hub.start();
  await hub.client.start({ name: 'all', id: 'one', version: null, input: '{}' });
  const [status, output, sum] = (await end(hub)) as [string, Df, string];
  expect([status, output.both, output.child, sum]).toEqual(['Completed', [2, 4], 4, '11']);
  expect(refused).toBeGreaterThan(5);
  await hub.stop();
  hub.close();
});
