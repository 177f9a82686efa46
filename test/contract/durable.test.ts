// oxlint-disable require-yield
// Orchestrations through the official library, in a functions app that runs in its own process: what the library hands to
// the orchestrator, and what clients see of it, is what Microsoft's extension gave (facts observed there).
import { describe, expect, jest, test } from '@jest/globals';
import { type Df, script, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

/** Types and numbers of the events that the orchestrator was given. */
const shape = (state: readonly Df[]): string[] => state.map((event) => `T${event.EventType}/${event.EventId}`);

describe('a history', () => {
  test('grows by what was scheduled, the end of the turn, the next start, and what came', async () => {
    const states = await app.result(function* (df) {
      const seen = [JSON.parse(JSON.stringify(df.state))];
      yield df.callActivity('echo', { a: 1 });
      seen.push(JSON.parse(JSON.stringify(df.state)));
      return seen;
    });
    const [first, last] = states as [Df[], Df[]];
    // Both are of the last replay, which had the whole history from its start.
    expect(first).toEqual(last);
    expect(shape(last)).toEqual(['T12/-1', 'T0/-1', 'T4/0', 'T13/-1', 'T12/-1', 'T5/-1']);
    expect(last.every(({ IsPlayed }) => IsPlayed === false)).toBe(true);
  });

  test('has the events with all keys, in their order', async () => {
    const { instanceId, output } = await app.run(function* (df) {
      yield df.callActivity('echo', { a: 1 });
      yield df.callSubOrchestrator('plain');
      yield df.createTimer(new Date(df.currentUtcDateTime.getTime() + 20));
      return df.state;
    });
    const events = output as Df[];
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$/);
    const of = (type: number): Df => events.find(({ EventType }) => EventType === type);
    const started = of(0);
    expect(Object.keys(started)).toEqual(
      'OrchestrationInstance EventType ParentInstance Name Version Input Tags Correlation ParentTraceContext ScheduledStartTime Generation GenerateNewTrace EventId IsPlayed Timestamp'.split(
        ' ',
      ),
    );
    expect(started).toMatchObject({
      OrchestrationInstance: { InstanceId: instanceId, ExecutionId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      ParentInstance: null,
      Name: 'js',
      Version: null,
      Generation: 0,
    });
    expect(of(12)).toEqual({ EventType: 12, EventId: -1, IsPlayed: false, Timestamp: time });
    expect(of(4)).toEqual({
      EventType: 4,
      Name: 'echo',
      Version: '',
      Input: null,
      ParentTraceContext: null,
      Tags: null,
      EventId: 0,
      IsPlayed: false,
      Timestamp: time,
    });
    expect(of(5)).toEqual({
      EventType: 5,
      TaskScheduledId: 0,
      Result: '{"a":1}',
      EventId: -1,
      IsPlayed: false,
      Timestamp: time,
    });
    const { ExecutionId } = started.OrchestrationInstance;
    expect(of(7)).toEqual({
      EventType: 7,
      Name: 'plain',
      Version: null,
      InstanceId: `${ExecutionId}:1`,
      Input: null,
      ClientSpanId: null,
      Tags: null,
      EventId: 1,
      IsPlayed: false,
      Timestamp: time,
    });
    expect(of(8)).toMatchObject({ TaskScheduledId: 1, Result: '[null]' });
    expect(of(10)).toEqual({ EventType: 10, FireAt: time, EventId: 2, IsPlayed: false, Timestamp: time });
    // When it was made, not when it fired.
    expect(of(11)).toEqual({
      EventType: 11,
      TimerId: 2,
      FireAt: of(10).FireAt,
      EventId: -1,
      IsPlayed: false,
      Timestamp: of(10).Timestamp,
    });
  });

  test('is replayed as such from the second turn on, under the time of the newest turn', async () => {
    const seen = await app.result(function* (df) {
      const before = [df.isReplaying, df.currentUtcDateTime.toISOString()];
      yield df.callActivity('echo', 1);
      const after = [df.isReplaying, df.currentUtcDateTime.toISOString()];
      const starts = df.state.filter((event: Df) => event.EventType === 12);
      return { before, after, starts: starts.map((event: Df) => new Date(event.Timestamp).toISOString()) };
    });
    const { before, after, starts } = seen as { before: unknown[]; after: unknown[]; starts: string[] };
    expect(before).toEqual([true, starts[0]]);
    expect(after).toEqual([false, starts[1]]);
  });

  test('of a thousand activities comes in batches', async () => {
    const sum = await app.result(function* (df) {
      const tasks = Array.from({ length: 1_000 }, (_, n) => df.callActivity('echo', n));
      const numbers: number[] = yield df.Task.all(tasks);
      const turns = df.state.filter((event: Df) => event.EventType === 12).length;
      return { sum: numbers.reduce((a, b) => a + b), isInOrder: numbers.every((n, at) => n === at), turns };
    });
    expect(sum).toEqual({ sum: 499_500, isInOrder: true, turns: expect.any(Number) });
    expect((sum as { turns: number }).turns).toBeLessThan(500);
  });
});

describe('an end', () => {
  test('is the orchestrator’s return value, and null for what JSON has no word for', async () => {
    expect(
      await app.result(function* () {
        return { a: [1, 'two', null] };
      }),
    ).toEqual({ a: [1, 'two', null] });
    expect(
      await app.result(function* () {
        return undefined;
      }),
    ).toBeNull();
  });

  test('is a failure where it throws, whose name is lost', async () => {
    const { runtimeStatus, output } = await app.run(function* () {
      throw new TypeError('xx');
    });
    expect([runtimeStatus, output]).toEqual(['Failed', "Orchestrator function 'js' failed: xx"]);
  });

  test.each(['function* () { throw "str"; }', 'function* () { throw {}; }', 'function* () { throw new Error(""); }'])(
    'is a clear failure where Microsoft’s extension would wait for ever: %s',
    async (code) => {
      const id = (await app.client('startNew', 'js', { input: { code } })) as string;
      expect(await app.end(id)).toMatchObject({
        runtimeStatus: 'Failed',
        output:
          "Orchestrator function 'js' failed: The orchestrator threw a value that is not an Error, or an Error without a message.",
      });
    },
  );

  test('comes with the task that lost a race, where that is not cancelled', async () => {
    const id = await app.start(function* (df) {
      const timer = df.createTimer(new Date(df.currentUtcDateTime.getTime() + 200));
      yield df.Task.any([timer, df.callActivity('echo', 1)]);
      return 'done';
    });
    const { historyEvents = [], runtimeStatus } = await app.end(id, '?showHistory=true');
    expect(runtimeStatus).toBe('Completed');
    // Whichever came first: the end is behind both.
    const events = historyEvents.map((event) => event['EventType']);
    expect(new Set(events.slice(2, -1))).toEqual(new Set(['TaskCompleted', 'TimerFired']));
    expect(events.at(-1)).toBe('ExecutionCompleted');
  });

  test('does not wait for a timer that was cancelled, which keeps its event and its number', async () => {
    const { historyEvents, output } = await app.end(
      await app.start(function* (df) {
        const timer = df.createTimer(new Date(df.currentUtcDateTime.getTime() + 60_000));
        yield df.Task.any([timer, df.callActivity('echo', 1)]);
        timer.cancel();
        yield df.callActivity('echo', 2);
        return df.state.filter((e: Df) => e.EventType === 4 || e.EventType === 10).map((e: Df) => e.EventId);
      }),
      '?showHistory=true',
    );
    expect(output).toEqual([0, 1, 2]);
    expect(historyEvents?.map((event) => event['EventType'])).toEqual([
      'ExecutionStarted',
      'TimerCreated',
      'TaskCompleted',
      'TaskCompleted',
      'ExecutionCompleted',
    ]);
  });

  test('is a clear failure where a function is called that is none', async () => {
    const { output } = await app.run(function* (df) {
      yield df.callActivity('nosuch');
    });
    expect(output).toMatch(
      /^Orchestrator function 'js' failed: The function 'nosuch' doesn't exist, is disabled, or is not an activity function. Additional info: The following are the known activity functions: '.*'\.$/,
    );
    const { output: child } = await app.run(function* (df) {
      yield df.callSubOrchestrator('echo');
    });
    expect(child).toContain("The function 'echo' doesn't exist, is disabled, or is not an orchestrator function.");
  });
});

describe('activities and sub-orchestrations', () => {
  test('that fail throw what the extension says of them', async () => {
    const caught = await app.result(function* (df) {
      try {
        yield df.callActivity('boom', 'bang');
        return undefined;
      } catch (error) {
        const { name, message, failureDetails, cause } = error as Df;
        return { name, message, details: typeof failureDetails + typeof cause };
      }
    });
    const { name, message, details } = caught as Record<string, string>;
    expect([name, details]).toEqual(['Error', 'undefinedundefined']);
    const [reason = '', json = ''] = message?.split(' \n ') ?? [];
    expect(reason).toBe("Activity function 'boom' failed:  bang");
    expect(JSON.parse(json)).toMatchObject({
      $type: 'System.Exception, System.Private.CoreLib',
      Message: ' bang',
      InnerException: { IsUserException: false, RemoteMessage: 'bang', RemoteTypeName: null },
    });
  });

  test('are children with numbered ids, that know their parent', async () => {
    const { instanceId, output } = await app.run(
      function* (df, child) {
        return [
          yield df.callSubOrchestrator('sub', child),
          yield df.callSubOrchestrator('sub', child, `${df.instanceId}-named`),
        ];
      },
      script(function* (df: Df) {
        const [, started] = df.state;
        return [df.instanceId, df.parentInstanceId, started.ParentInstance, started.Generation];
      }),
    );
    const [first, second] = output as [[string, string, Df, null], [string, string, Df, null]];
    const parent = first[2].OrchestrationInstance;
    expect(parent.InstanceId).toBe(instanceId);
    expect(first[0]).toBe(`${parent.ExecutionId}:0`);
    expect(second[0]).toBe(`${instanceId}-named`);
    expect(first.slice(1)).toEqual([
      instanceId,
      { Name: 'js', OrchestrationInstance: parent, TaskScheduleId: 0, Version: null },
      null,
    ]);
    expect(await app.status(`${instanceId}-named`)).toMatchObject({ name: 'sub', runtimeStatus: 'Completed' });
  });

  test('that fail below fail above with both names', async () => {
    const { output } = await app.run(
      function* (df, child) {
        yield df.callSubOrchestrator('sub', child);
      },
      script(function* () {
        throw new Error('sub boom');
      }),
    );
    expect(output).toMatch(
      /^Orchestrator function 'js' failed: Orchestrator function 'sub' failed: sub boom \n Message: sub boom, StackTrace: /,
    );
  });
});
