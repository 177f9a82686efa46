// oxlint-disable require-yield
// What may be done with instances, and when: through the official library, and through the HTTP API beside it.
import { describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Df,
  type StatusBody,
  completedOne,
  failedOne,
  runningOne,
  script,
  seen,
  waiting,
  sharedApp,
} from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

describe('management', () => {
  const post = (id: string, what: string): Promise<Response> => app.http('POST', `instances/${id}/${what}`);

  test('suspends and resumes', async () => {
    const id = await runningOne(app);
    expect(await seen(await post(id, 'suspend?reason=p'))).toEqual([202, '']);
    await app.until(id, ({ runtimeStatus, output }) => runtimeStatus === 'Suspended' && output === 'p');
    expect(await seen(await post(id, 'suspend?reason=p'))).toEqual([
      500,
      {
        Message: 'Something went wrong while processing your request',
        ExceptionMessage: `Cannot suspend the orchestration instance ${id} because instance is in the Suspended state.`,
        ExceptionType: 'System.InvalidOperationException',
        StackTrace: expect.any(String),
      },
    ]);
    await app.client('raiseEvent', id, 'go', 7);
    await app.until(
      id,
      ({ historyEvents }) => historyEvents?.some((e) => e['EventType'] === 'EventRaised') === true,
      '?showHistory=true',
    );
    expect((await app.status(id)).runtimeStatus).toBe('Suspended');
    expect(await seen(await post(id, 'resume?reason=go'))).toEqual([202, '']);
    expect(await app.end(id)).toMatchObject({ runtimeStatus: 'Completed', output: 7 });
  });

  test('what a suspended orchestrator wants is done once it is resumed; activities that run come to their end', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'durable-')), 'go on');
    const untilItIsThere = async (wanted: string): Promise<string> => {
      const { existsSync } = process.getBuiltinModule('fs');
      while (!existsSync(wanted)) await new Promise((resolve) => setTimeout(resolve, 5));
      return 'slow';
    };
    const id = await app.start(
      function* (df, slow) {
        df.setCustomStatus('begun');
        const value = yield df.callActivity('run', slow);
        yield df.callActivity('echo', 1);
        return value;
      },
      script(untilItIsThere, file),
    );
    await app.until(id, ({ customStatus }) => customStatus === 'begun');
    await app.client('suspend', id, 'x');
    await app.until(id, ({ runtimeStatus }) => runtimeStatus === 'Suspended');
    writeFileSync(file, '');
    const ends = ({ historyEvents }: StatusBody): number =>
      historyEvents?.filter((event) => event['EventType'] === 'TaskCompleted').length ?? 0;
    const status = await app.until(id, (one) => ends(one) > 0, '?showHistory=true');
    expect([status.runtimeStatus, ends(status)]).toEqual(['Suspended', 1]);
    await app.client('resume', id, 'x');
    expect(await app.end(id)).toMatchObject({ runtimeStatus: 'Completed', output: 'slow' });
  });

  test('an event and a cancelled timer end a suspended one, which nothing else does', async () => {
    const id = await app.start(function* (df) {
      const timer = df.createTimer(new Date(df.currentUtcDateTime.getTime() + 60_000));
      df.setCustomStatus('waiting');
      yield df.Task.any([df.waitForExternalEvent('go'), timer]);
      timer.cancel();
      return 'won';
    });
    await app.until(id, ({ customStatus }) => customStatus === 'waiting');
    await app.client('suspend', id, 'x');
    await app.until(id, ({ runtimeStatus }) => runtimeStatus === 'Suspended');
    await app.client('raiseEvent', id, 'go', 1);
    expect(await app.end(id)).toMatchObject({ runtimeStatus: 'Completed', output: 'won' });
  });

  test('terminates, children excepted, and right after the start too', async () => {
    const id = await app.start(function* (df, child) {
      yield df.callSubOrchestrator('sub', child, `${df.instanceId}-child`);
    }, script(waiting));
    await app.until(`${id}-child`, ({ runtimeStatus }) => runtimeStatus === 'Running');
    expect(await seen(await post(id, 'terminate?reason=bye'))).toEqual([202, '']);
    const { historyEvents } = await app.end(id, '?showHistory=true');
    expect(await app.status(id)).toMatchObject({ runtimeStatus: 'Terminated', output: 'bye' });
    expect(historyEvents?.at(-2)).toMatchObject({ EventType: 'ExecutionTerminated', Input: 'bye' });
    expect((await app.status(`${id}-child`)).runtimeStatus).toBe('Running');
    await app.client('terminate', `${id}-child`, 'x');
    const young = await app.start(waiting);
    await app.client('terminate', young, 'x');
    expect((await app.end(young)).runtimeStatus).toBe('Terminated');
  });

  test('refuses what has ended, and what is not there', async () => {
    const id = await completedOne(app);
    for (const what of ['suspend', 'resume', 'terminate']) {
      expect(await seen(await post(id, what))).toEqual([410, '']);
      expect(await seen(await post('nosuch', what))).toEqual([404, '']);
      // The library takes an end for an answer.
      expect(await app.client(what, id, 'x')).toBeNull();
      await expect(app.client(what, 'nosuch', 'x')).rejects.toThrow("No instance with ID 'nosuch' found.");
    }
    const still = await runningOne(app);
    expect(await seen(await post(still, 'resume'))).toEqual([
      500,
      expect.objectContaining({
        ExceptionMessage: `Cannot resume the orchestration instance ${still} because instance is in the Running state.`,
      }),
    ]);
    expect((await post(still, 'nonsense')).status).toBe(404);
    expect((await app.http('PUT', `instances/${still}/terminate`)).status).toBe(404);
    await app.client('terminate', still, 'x');
  });

  test('raises events: JSON only, of any name, to what has not ended', async () => {
    const id = await runningOne(app);
    const json = { 'content-type': 'application/json' };
    const raise = (name: string, init: RequestInit): Promise<Response> =>
      app.http('POST', `instances/${id}/raiseEvent/${name}`, init);
    expect(await seen(await raise('x%20y%23', { body: '1', headers: json }))).toEqual([202, '']);
    const only = [400, { Message: 'Only application/json request content is supported' }];
    expect(await seen(await raise('go', {}))).toEqual(only);
    expect(await seen(await raise('go', { body: '1', headers: { 'content-type': 'text/plain' } }))).toEqual(only);
    const invalid = [400, expect.objectContaining({ Message: 'Invalid JSON content' })];
    expect(await seen(await raise('go', { body: '{', headers: json }))).toEqual(invalid);
    expect(await seen(await raise('go', { body: '', headers: json }))).toEqual(invalid);
    await expect(app.client('raiseEvent', id, 'go')).rejects.toThrow('status code: 400');
    expect((await raise('', { body: '1', headers: json })).status).toBe(404);
    expect((await raise('a/b', { body: '1', headers: json })).status).toBe(404);
    const large = 'x'.repeat(100_000);
    expect((await raise('go', { body: JSON.stringify(large), headers: json })).status).toBe(202);
    expect((await app.end(id)).output).toBe(large);
    expect(await seen(await raise('go', { body: '1', headers: json }))).toEqual([410, '']);
    expect(await seen(await app.http('POST', 'instances/nosuch/raiseEvent/go', { body: '1', headers: json }))).toEqual([
      404,
      '',
    ]);
  });

  test('restarts under a new id, or in its own place once it has ended', async () => {
    const id = await completedOne(app);
    const response = await post(id, 'restart');
    const { id: other } = (await response.json()) as { id: string };
    expect([response.status, /^[0-9a-f]{32}$/.test(other)]).toEqual([202, true]);
    expect(await app.end(other)).toMatchObject({ output: 1, input: (await app.status(id)).input });
    expect((await post(id, 'restart?restartWithNewInstanceId=false')).status).toBe(202);
    expect((await app.end(id)).output).toBe(1);
    const still = await runningOne(app);
    expect((await post(still, 'restart')).status).toBe(202);
    expect(await seen(await post(still, 'restart?restartWithNewInstanceId=false'))).toEqual([
      409,
      expect.objectContaining({
        Message: 'A non-terminal instance with this instance ID already exists.',
        ExceptionMessage: 'An Orchestration instance with the status Running already exists.',
      }),
    ]);
    expect(await seen(await post('nosuch', 'restart'))).toEqual([
      400,
      {
        Message: 'InstanceId does not match a valid orchestration instance.',
        ExceptionMessage: "No instance with ID 'nosuch' was found. (Parameter 'instanceId')",
        ExceptionType: 'System.ArgumentException',
        StackTrace: expect.any(String),
      },
    ]);
    await app.client('terminate', still, 'x');
  });

  test('purges what has ended', async () => {
    const id = await completedOne(app);
    const gone = (one: string): Promise<Response> => app.http('DELETE', `instances/${one}`);
    expect(await seen(await gone(id))).toEqual([200, { instancesDeleted: 1 }]);
    expect(await seen(await gone(id))).toEqual([404, '']);
    expect(await app.client('purgeInstanceHistory', id)).toEqual({ instancesDeleted: 0 });
    const still = await runningOne(app);
    expect(await seen(await gone(still))).toEqual([
      412,
      `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${still} has status Running`,
    ]);
    await app.client('terminate', still, 'x');
  });

  test('purges by time and final status, and never what has not ended', async () => {
    const still = await runningOne(app);
    const [done, broken] = [await completedOne(app), await failedOne(app)];
    const from = 'createdTimeFrom=2020-01-01T00:00:00Z';
    const purge = async (query: string): Promise<unknown[]> => seen(await app.http('DELETE', `instances?${query}`));
    expect(await purge('')).toEqual([400, { Message: "Please provide value for 'createdTimeFrom' parameter." }]);
    expect(await purge('createdTimeFrom=never')).toEqual([
      400,
      { Message: "Please provide value for 'createdTimeFrom' parameter." },
    ]);
    // Microsoft’s extension deletes everything here, running instances too.
    for (const word of ['Running', 'Pending', 'nonsense'])
      expect(await purge(`${from}&runtimeStatus=${word}`)).toEqual([404, '']);
    expect((await purge(`${from}&runtimeStatus=Failed`))[0]).toBe(200);
    expect(await app.status(done)).toMatchObject({ runtimeStatus: 'Completed' });
    expect((await app.http('GET', `instances/${broken}`)).status).toBe(404);
    expect((await purge(`${from}&runtimeStatus=Completed,Running`))[0]).toBe(200);
    expect((await app.http('GET', `instances/${done}`)).status).toBe(404);
    await completedOne(app);
    expect(await app.client('purgeInstanceHistoryBy', { createdTimeFrom: { $date: '2020-01-01' } })).toMatchObject({
      instancesDeleted: expect.any(Number),
    });
    expect(await app.status(still)).toMatchObject({ runtimeStatus: 'Running' });
    await app.client('terminate', still, 'x');
  });
});

describe('rewind', () => {
  test('tries what failed again, under its number', async () => {
    const id = await app.start(function* (df) {
      yield df.callActivity('echo', 1);
      const n = yield df.callActivity('flaky', { key: df.instanceId, failures: 1 });
      return {
        n,
        types: df.state.map((event: Df) => `${event.EventType}/${event.EventId}`),
        data: df.state.findLast((event: Df) => event.EventType === 17).Data,
      };
    });
    await app.end(id);
    await app.client('rewind', id, 'fix');
    const { output } = await app.until(id, ({ runtimeStatus }) => runtimeStatus === 'Completed');
    expect(output).toEqual({
      n: 2,
      types: [
        '12/-1',
        '0/-1',
        '4/0',
        '13/-1',
        '12/-1',
        '5/-1',
        '17/1',
        '13/-1',
        '12/-1',
        '17/-1',
        '17/2',
        '13/-1',
        '12/-1',
        '17/-1',
        '4/1',
        '13/-1',
        '12/-1',
        '5/-1',
      ],
      data: 'fix',
    });
  });

  test('goes down to what failed below', async () => {
    const id = await app.start(
      function* (df, child) {
        const n = yield df.callSubOrchestrator('sub', child);
        return {
          n,
          created: df.state
            .filter((event: Df) => event.EventType === 7 || event.EventType === 8)
            .map((event: Df) => event.EventType),
        };
      },
      script(function* (df: Df): Generator<Df, unknown, Df> {
        return yield df.callActivity('flaky', { key: df.instanceId, failures: 1 });
      }),
    );
    await app.end(id);
    await app.client('rewind', id, 'fix');
    expect((await app.until(id, ({ runtimeStatus }) => runtimeStatus === 'Completed')).output).toEqual({
      n: 2,
      created: [7, 8],
    });
  });

  test('of one that throws by itself runs it again, and it fails again', async () => {
    const id = await failedOne(app);
    await app.client('rewind', id, 'fix');
    const { historyEvents } = await app.until(
      id,
      (status) =>
        status.runtimeStatus === 'Failed' && status.historyEvents?.at(-1)?.['EventType'] === 'ExecutionCompleted',
      '?showHistory=true',
    );
    expect(
      historyEvents?.filter((event) => event['EventType'] === 'GenericEvent').map((event) => event['Data']),
    ).toEqual([null, 'fix']);
  });

  test('is for failures alone', async () => {
    const id = await completedOne(app);
    const text =
      'This orchestration has status Completed, but only orchestrations in the "Failed" state can be rewound.';
    expect(await seen(await app.http('POST', `instances/${id}/rewind?reason=x`))).toEqual([412, text]);
    await expect(app.client('rewind', id, 'x')).rejects.toThrow(text);
    expect(await seen(await app.http('POST', 'instances/nosuch/rewind'))).toEqual([
      404,
      'No orchestration with instance ID "$nosuch" found.',
    ]);
  });
});
