// oxlint-disable require-yield
// Orchestrations that go on as new ones.
import { describe, expect, jest, test } from '@jest/globals';
import { type Df, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

/** Numbers and types of what was scheduled and of what came of it: `T4 0`, `T6`. */
const trace = function (df: Df): string[] {
  return df.state
    .filter((event: Df) => ![0, 12, 13].includes(event.EventType))
    .map((event: Df) => (event.EventId < 0 ? `T${event.EventType}` : `T${event.EventType} ${event.EventId}`));
};

describe('continueAsNew', () => {
  test('begins an execution of its own: a history from the start, ids from 0', async () => {
    const run = function* (df: Df, { n, code, of }: Df): Generator<Df, unknown, Df> {
      const first = df.state.map((event: Df) => event.EventType);
      const started = df.state.find((event: Df) => event.EventType === 0);
      if (n === 0) df.setCustomStatus('kept');
      yield df.callActivity('echo', n);
      if (n < 2) {
        df.continueAsNew({ code, arg: { n: n + 1, code, of } });
        return 'ignored';
      }
      return {
        first,
        isShort: /^[0-9a-f]{32}$/.test(started.OrchestrationInstance.ExecutionId),
        generation: started.Generation,
        trace: df.compile(of)(df),
      };
    };
    const { output, historyEvents, customStatus } = await app.end(
      await app.start(run, { n: 0, code: run.toString(), of: trace.toString() }),
      '?showHistory=true',
    );
    expect(output).toEqual({
      // The last replay was given all of it.
      first: [12, 0, 13, 4, 13, 12, 5],
      isShort: true,
      generation: null,
      trace: ['T4 0', 'T5'],
    });
    expect(historyEvents?.map((event) => event['EventType'])).toEqual([
      'ExecutionStarted',
      'TaskCompleted',
      'ExecutionCompleted',
    ]);
    expect(customStatus).toBeNull();
  });

  test('loses events that were not read, and waits for what is open', async () => {
    const run = function* (df: Df, { n, code }: Df): Generator<Df, unknown, Df> {
      if (n === 0) {
        yield df.waitForExternalEvent('go');
        df.continueAsNew({ code, arg: { n: 1, code } });
        return undefined;
      }
      const timer = df.createTimer(new Date(df.currentUtcDateTime.getTime() + 50));
      const winner = yield df.Task.any([timer, df.waitForExternalEvent('A')]);
      return winner === timer ? 'nothing came' : 'it came';
    };
    const id = await app.start(run, { n: 0, code: run.toString() });
    await app.client('raiseEvent', id, 'A', 1);
    await app.client('raiseEvent', id, 'go', 1);
    expect((await app.end(id)).output).toBe('nothing came');
  });

  test('is a start of its own to who looks: its time, and the status of the one before it until it has one', async () => {
    const run = function* (df: Df, { n, code }: Df): Generator<Df, void, Df> {
      if (n === 0) df.setCustomStatus('of the first');
      yield df.waitForExternalEvent(`go ${n}`);
      if (n === 1) df.setCustomStatus('of the second');
      if (n === 1) yield df.waitForExternalEvent('end');
      if (n === 0) df.continueAsNew({ code, arg: { n: 1, code } });
    };
    const id = await app.start(run, { n: 0, code: run.toString() });
    const first = await app.until(id, ({ customStatus }) => customStatus === 'of the first');
    const began = Date.parse(first.createdTime);
    // To the second, as times are shown.
    await new Promise((resolve) => setTimeout(resolve, 1_001 - (Date.now() % 1_000)));
    await app.client('raiseEvent', id, 'go 0', 1);
    const next = await app.until(id, ({ createdTime }) => Date.parse(createdTime) > began);
    expect(next).toMatchObject({ runtimeStatus: 'Running', customStatus: 'of the first' });
    await app.client('raiseEvent', id, 'go 1', 1);
    await app.until(id, ({ customStatus }) => customStatus === 'of the second');
    await app.client('raiseEvent', id, 'end', 1);
    expect(await app.end(id)).toMatchObject({ runtimeStatus: 'Completed', customStatus: 'of the second' });
  });
});
