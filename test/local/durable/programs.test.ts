// Orchestrators made by chance, run by a hub that is as unkind as Azure and killed in between: each comes to what a plain
// reading of its program says.
import { expect, jest, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../lib/base/clock.ts';
import { seededRandom } from '../../../lib/base/random.ts';
import type { Durable } from '../../../lib/local/durable/durable.ts';
import { unkindness } from '../../../lib/local/durable/unkind.ts';
import { Faults } from '../../../lib/local/faults.ts';
import type { Df } from '../../support/durable.ts';
import { type App, EntityId, openHub } from './in-process.ts';

jest.setTimeout(60_000);

type Step =
  | { readonly do: 'double'; readonly n: number }
  | { readonly do: 'timer' }
  | { readonly do: 'event'; readonly n: number }
  | { readonly do: 'add'; readonly n: number }
  | { readonly do: 'guarded'; readonly n: number }
  | { readonly do: 'all'; readonly ns: readonly number[] }
  | { readonly do: 'race'; readonly n: number }
  | { readonly do: 'child'; readonly steps: readonly Step[] }
  | { readonly do: 'again' };

const n = fc.integer({ min: 0, max: 9 });
const simple: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('double' as const), n }),
  fc.record({ do: fc.constant('timer' as const) }),
  fc.record({ do: fc.constant('event' as const), n }),
  fc.record({ do: fc.constant('add' as const), n }),
  fc.record({ do: fc.constant('guarded' as const), n }),
  fc.record({ do: fc.constant('all' as const), ns: fc.array(n, { minLength: 1, maxLength: 4 }) }),
  fc.record({ do: fc.constant('race' as const), n }),
);
const program: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: simple },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('child' as const), steps: fc.array(simple, { maxLength: 3 }) }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'again' }) },
  ),
  { minLength: 1, maxLength: 6 },
);

/** What a program comes to: one result a step, and the sum that its entity holds in the end. */
function meaning(steps: readonly Step[], sum = 0): { results: unknown[]; sum: number } {
  const results: unknown[] = [];
  for (const step of steps)
    switch (step.do) {
      case 'double':
      case 'race':
        results.push(step.n * 2);
        break;
      case 'timer':
      case 'again':
        results.push(step.do);
        break;
      case 'event':
        results.push(step.n);
        break;
      case 'add':
      case 'guarded':
        sum += step.n;
        results.push(sum);
        break;
      case 'all':
        results.push(step.ns.map((one) => one * 2));
        break;
      case 'child': {
        const below = meaning(step.steps, sum);
        sum = below.sum;
        results.push(below.results);
        break;
      }
    }
  return { results, sum };
}

const retry = { firstRetryIntervalInMilliseconds: 1, maxNumberOfAttempts: 30 };
const later = (df: Df, ms: number): Date => new Date(df.currentUtcDateTime.getTime() + ms);
const sum = new EntityId('sum', 'a');

function* runStep(df: Df, step: Step): Generator<Df, unknown, Df> {
  switch (step.do) {
    case 'double':
      return yield df.callActivityWithRetry('double', retry, step.n);
    case 'timer':
      yield df.createTimer(later(df, 1));
      return 'timer';
    case 'event': {
      const raised = df.callActivityWithRetry('raise', retry, { id: df.instanceId, n: step.n });
      const [value] = yield df.Task.all([df.waitForExternalEvent(`e${step.n}`), raised]);
      return value;
    }
    case 'add':
      return yield df.callEntity(sum, 'add', step.n);
    case 'guarded': {
      const lock = yield df.lock(sum);
      try {
        return yield df.callEntity(sum, 'add', step.n);
      } finally {
        lock.release();
      }
    }
    case 'all':
      return yield df.Task.all(step.ns.map((one) => df.callActivityWithRetry('double', retry, one)));
    case 'race': {
      const timer = df.createTimer(later(df, 3_600_000));
      const work = df.callActivityWithRetry('double', retry, step.n);
      yield df.Task.any([timer, work]);
      timer.cancel();
      return yield work;
    }
    case 'child':
      return yield df.callSubOrchestrator('child', { steps: step.steps, at: 0, results: [] });
    case 'again':
      return 'again';
  }
}

function app(raise: (input: { id: string; n: number }) => unknown): App {
  const orchestrator = function* ({ df }: { readonly df: Df }): Generator<Df, unknown, Df> {
    const { steps, at, results } = df.getInput() as { steps: Step[]; at: number; results: unknown[] };
    const mine = [...results];
    for (const [index, step] of steps.entries()) {
      if (index < at) continue;
      mine.push(yield* runStep(df, step));
      if (step.do !== 'again') continue;
      df.continueAsNew({ steps, at: index + 1, results: mine });
      return undefined;
    }
    return mine;
  };
  return {
    orchestrators: { program: orchestrator, child: orchestrator },
    activities: { double: (one) => one * 2, raise },
    entities: {
      sum({ df }) {
        const next = df.getState(() => 0) + df.getInput();
        df.setState(next);
        df.return(next);
      },
    },
  };
}

function open(file: string, seed: number): Durable {
  const faults = new Faults({ random: seededRandom(seed) });
  for (const rule of unkindness(0.001)) faults.plant(rule);
  const hub = openHub({
    file,
    clock: systemClock,
    faults,
    app: app(({ id, n: value }) => hub.client.raise(id, `e${value}`, String(value))),
  });
  return hub;
}

async function end(hub: Durable): Promise<unknown> {
  const { store } = hub.hub;
  for (;;) {
    const row = store.instance('one');
    if (row !== undefined && row.status !== 'Pending' && row.status !== 'Running' && store.waiting().length === 0) {
      const held = store.instance('@sum@a')?.input;
      const state = held === undefined || held === null ? undefined : (JSON.parse(held) as Df).state;
      return { output: JSON.parse(row.output ?? 'null'), status: row.status, sum: Number(state ?? 0) };
    }
    await sleep(1);
  }
}

/** Runs it, with a copy of the hub after one of its transactions, and the copy after that. */
async function runTwice(steps: readonly Step[], seed: number): Promise<unknown[]> {
  const dir = mkdtempSync(path.join(tmpdir(), 'durable-programs-'));
  const [file, copy] = [path.join(dir, 'hub.db'), path.join(dir, 'copy.db')];
  const hub = open(file, seed);
  const commit = hub.hub.store.commit.bind(hub.hub.store);
  let left = 1 + (seed % 17);
  hub.hub.store.commit = async (work) => {
    const value = await commit(work);
    if (--left === 0)
      for (const part of ['', '-wal']) if (existsSync(`${file}${part}`)) cpSync(`${file}${part}`, `${copy}${part}`);
    return value;
  };
  hub.start();
  const input = JSON.stringify({ steps, at: 0, results: [] });
  await hub.client.start({ name: 'program', id: 'one', version: null, input });
  const outcomes = [await end(hub)];
  await hub.stop();
  hub.close();
  if (!existsSync(copy)) return outcomes;
  const again = open(copy, seed + 1);
  again.start();
  outcomes.push(await end(again));
  await again.stop();
  again.close();
  return outcomes;
}

test('programs made by chance come to what they mean', async () => {
  await fc.assert(
    fc.asyncProperty(program, fc.nat(1_000_000), async (steps, seed) => {
      const { results, sum: total } = meaning(steps);
      for (const outcome of await runTwice(steps, seed))
        expect(outcome).toEqual({ output: results, status: 'Completed', sum: total });
    }),
    { numRuns: Number(process.env['RUNS'] ?? 8) },
  );
});
