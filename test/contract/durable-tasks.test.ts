// oxlint-disable require-yield
// Timers, events, retries and races, as orchestrators meet them.
import { describe, expect, jest, test } from '@jest/globals';
import { type Df, script, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

/** Numbers and types of what was scheduled and of what came of it: `T4 0`, `T6`. */
const trace = function (df: Df): string[] {
  return df.state
    .filter((event: Df) => ![0, 12, 13].includes(event.EventType))
    .map((event: Df) => (event.EventId < 0 ? `T${event.EventType}` : `T${event.EventType} ${event.EventId}`));
};

describe('timers', () => {
  test('in the past fire at once', async () => {
    const output = await app.result(function* (df, of) {
      yield df.createTimer(new Date(df.currentUtcDateTime.getTime() - 60_000));
      return df.compile(of)(df);
    }, trace.toString());
    expect(output).toEqual(['T10 0', 'T11']);
  });

  test.each([
    [5, 5],
    [7, 3],
    [40, 3],
  ])('of %s days begin with one of %s', async (days, first) => {
    const id = await app.start(function* (df, n) {
      yield df.createTimer(new Date(df.currentUtcDateTime.getTime() + n * 86_400_000));
    }, days);
    const made = (events: Df): Df => events?.find((event: Df) => event.EventType === 'TimerCreated');
    const { historyEvents } = await app.until(
      id,
      (status) => made(status.historyEvents) !== undefined,
      '?showHistory=true',
    );
    const { FireAt, Timestamp } = made(historyEvents);
    expect(Math.round((Date.parse(FireAt) - Date.parse(Timestamp)) / 86_400_000)).toBe(first);
    await app.client('terminate', id, 'x');
  });
});

describe('external events', () => {
  test('raised before anyone waits are kept, and given in order of arrival', async () => {
    const id = await app.start(function* (df) {
      yield df.waitForExternalEvent('go');
      const seen = [];
      for (let n = 0; n < 3; n++) seen.push(yield df.waitForExternalEvent('A'));
      return seen;
    });
    for (const value of [1, 'two', null]) await app.client('raiseEvent', id, 'A', value);
    await app.client('raiseEvent', id, 'go', 0);
    expect((await app.end(id)).output).toEqual([1, 'two', null]);
  });

  test('go to the newest of two waits first', async () => {
    const id = await app.start(function* (df) {
      df.setCustomStatus('waiting');
      return yield df.Task.all([df.waitForExternalEvent('A'), df.waitForExternalEvent('A')]);
    });
    await app.client('raiseEvent', id, 'A', 1);
    await app.client('raiseEvent', id, 'A', 2);
    expect((await app.end(id)).output).toEqual([2, 1]);
  });

  test('take no number, and a new wait after a lost race takes the next', async () => {
    const id = await app.start(function* (df, of) {
      const b = df.waitForExternalEvent('B');
      const winner = yield df.Task.any([df.waitForExternalEvent('A'), b]);
      yield df.callActivity('echo', 1);
      const next = yield df.waitForExternalEvent('A');
      return { isB: winner === b, next, trace: df.compile(of)(df) };
    }, trace.toString());
    await app.client('raiseEvent', id, 'B', 1);
    await app.client('raiseEvent', id, 'A', 2);
    const { output } = await app.end(id);
    expect(output).toMatchObject({ isB: true, next: 2 });
    expect((output as Df).trace.filter((one: string) => one.startsWith('T4'))).toEqual(['T4 0']);
  });

  test('have names in their case', async () => {
    const id = await app.start(function* (df) {
      return yield df.waitForExternalEvent('evt');
    });
    await app.client('raiseEvent', id, 'EVT', 1);
    await app.until(
      id,
      ({ historyEvents }) => historyEvents?.some((e) => e['EventType'] === 'EventRaised') === true,
      '?showHistory=true',
    );
    expect((await app.status(id)).runtimeStatus).toBe('Running');
    await app.client('raiseEvent', id, 'evt', 2);
    expect((await app.end(id)).output).toBe(2);
  });

  test('that a failed orchestrator waited for beside its failure do not keep it running', async () => {
    const { output } = await app.run(function* (df) {
      yield df.Task.all([df.waitForExternalEvent('never'), df.callActivity('boom', 'bang')]);
    });
    expect(output).toContain("Activity function 'boom' failed:  bang");
  });
});

describe('retries', () => {
  const options = { firstRetryIntervalInMilliseconds: 20, maxNumberOfAttempts: 3 };

  test('take a number for each timer and each attempt', async () => {
    const { output } = await app.run(
      function* (df, { options: given, of }) {
        const n = yield df.callActivityWithRetry('flaky', given, { key: df.instanceId, failures: 2 });
        return { n, trace: df.compile(of)(df) };
      },
      { options, of: trace.toString() },
    );
    expect(output).toEqual({
      n: 3,
      trace: ['T4 0', 'T6', 'T10 1', 'T11', 'T4 2', 'T6', 'T10 3', 'T11', 'T4 4', 'T5'],
    });
  });

  test('wait once more after the last attempt, and then throw its error', async () => {
    const { output } = await app.run(
      function* (df, { options: given, of }) {
        try {
          yield df.callActivityWithRetry('boom', given, 'bang');
          return undefined;
        } catch (error) {
          return { message: (error as Error).message, trace: df.compile(of)(df) };
        }
      },
      { options: { ...options, maxNumberOfAttempts: 1 }, of: trace.toString() },
    );
    expect(output).toEqual({
      message: expect.stringMatching(/^Activity function 'boom' failed: {2}bang \n \{/),
      trace: ['T4 0', 'T6', 'T10 1', 'T11'],
    });
  });

  test('grow by their factor up to their longest', async () => {
    const { output } = await app.run(
      function* (df, given) {
        try {
          yield df.callActivityWithRetry('boom', given, 'bang');
        } catch {
          // The times are what is looked at.
        }
        return df.state;
      },
      { ...options, backoffCoefficient: 3, maxRetryIntervalInMilliseconds: 50 },
    );
    const events = output as Df[];
    const waits = events.flatMap((event, at) => {
      if (event.EventType !== 10) return [];
      const turn = events.slice(0, at).findLast(({ EventType }) => EventType === 12);
      return [Date.parse(event.FireAt) - Date.parse(turn.Timestamp)];
    });
    expect(waits).toEqual([20, 50, 50]);
  });

  test('of several in one batch are numbered in the order of their failures, sub-orchestrations with new ids', async () => {
    const { output } = await app.run(
      function* (df, { options: given, child }) {
        const failing = (key: string): Df =>
          df.callActivityWithRetry('flaky', given, { key: df.instanceId + key, failures: 1 });
        const all = yield df.Task.all([failing('a'), df.callActivity('echo', 1), failing('b')]);
        let message = '';
        try {
          yield df.callSubOrchestratorWithRetry('sub', { ...given, maxNumberOfAttempts: 2 }, child);
        } catch (error) {
          message = (error as Error).message;
        }
        const children = df.state.filter((event: Df) => event.EventType === 7);
        return { all, message, ids: children.map((event: Df) => event.InstanceId.split(':')[1]) };
      },
      {
        options,
        child: script(function* () {
          throw new Error('no');
        }),
      },
    );
    expect(output).toMatchObject({ all: [2, 1, 2], ids: ['7', '9'] });
    expect((output as Df).message).toMatch(/^Orchestrator function 'sub' failed: no \n Message: no, StackTrace: /);
  });

  test('that run out of time fail clearly, where Microsoft’s extension would wait for ever', async () => {
    const { runtimeStatus, output } = await app.run(
      function* (df, given) {
        return yield df.callActivityWithRetry('boom', given, 'bang');
      },
      { ...options, maxNumberOfAttempts: 100, retryTimeoutInMilliseconds: 30 },
    );
    expect(runtimeStatus).toBe('Failed');
    expect(output).toMatch(
      /'boom' was not tried again after its attempt \d+, since its retryTimeoutInMilliseconds \(30\) is over; its last failure was: Activity function 'boom' failed: {2}bang$/,
    );
  });
});

describe('Task.all and Task.any', () => {
  test('the first failure throws, and what follows is scheduled once the last member has ended', async () => {
    const { output } = await app.run(
      function* (df, { slow, of }) {
        try {
          yield df.Task.all([df.callActivity('boom', 'first'), df.callActivity('run', slow)]);
        } catch (error) {
          yield df.callActivity('echo', 1);
          return { message: (error as Error).message.split(' \n ')[0], trace: df.compile(of)(df) };
        }
        return undefined;
      },
      { slow: script((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)), 100), of: trace.toString() },
    );
    expect(output).toEqual({
      message: "Activity function 'boom' failed:  first",
      trace: ['T4 0', 'T4 1', 'T6', 'T5', 'T4 2', 'T5'],
    });
  });

  test('a race that a failure wins does not throw', async () => {
    const output = await app.result(function* (df) {
      const winner = yield df.Task.any([df.callActivity('boom', 'bang')]);
      return [winner.isFaulted, winner.isCompleted, winner.result.message.split(' \n ')[0]];
    });
    expect(output).toEqual([true, false, "Activity function 'boom' failed:  bang"]);
  });

  test('of nothing are refused by the library', async () => {
    const { output } = await app.run(function* (df) {
      yield df.Task.all([]);
    });
    expect(output).toContain('you must specify at least one Task.');
  });

  test('a task awaited again within another one fails clearly, where on Azure results would be mixed up', async () => {
    const { runtimeStatus, output } = await app.run(function* (df) {
      const [first, second] = [df.callActivity('echo', 1), df.callActivity('echo', 2)];
      yield df.Task.any([first, second]);
      return yield df.Task.all([first, second]);
    });
    expect(runtimeStatus).toBe('Failed');
    expect(output).toContain("A task ('echo') is awaited again within another Task.all or Task.any.");
    // By itself it may be awaited as often as one likes.
    const again = await app.result(function* (df) {
      const task = df.callActivity('echo', 1);
      yield df.Task.any([task, df.callActivity('echo', 2)]);
      return [yield task, yield task];
    });
    expect(again).toEqual([1, 1]);
  });

  test('a timer cancelled after a race keeps its number beside numbers that a retry took meanwhile', async () => {
    const output = await app.result(
      function* (df, { options, of }) {
        const timer = df.createTimer(new Date(df.currentUtcDateTime.getTime() + 60_000));
        const tried = df.callActivityWithRetry('flaky', options, { key: df.instanceId, failures: 1 });
        yield df.Task.any([timer, tried]);
        timer.cancel();
        yield df.callActivity('echo', 1);
        return df.compile(of)(df);
      },
      { options: { firstRetryIntervalInMilliseconds: 10, maxNumberOfAttempts: 3 }, of: trace.toString() },
    );
    expect(output).toEqual(['T10 0', 'T4 1', 'T6', 'T10 2', 'T11', 'T4 3', 'T5', 'T4 4', 'T5']);
  });
});
