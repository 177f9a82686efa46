// oxlint-disable require-yield
// What clients see of instances and may do with them: through the official library, and through the HTTP API beside it.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionsHost } from '../../lib/local/functions-host/host.ts';
import { keys } from '../support/apps/start.ts';
import { type Df, DurableApp, type StatusBody, script, startDurableHost } from '../support/durable.ts';

jest.setTimeout(30_000);

let host: FunctionsHost;
let app: DurableApp;
let count = 0;
const fresh = (): string => `m${++count}`;
beforeAll(async () => {
  host = await startDurableHost();
  app = new DurableApp(host);
});
afterAll(() => host.stop());

const waiting = function* (df: Df): Generator<Df, unknown, Df> {
  return yield df.waitForExternalEvent('go');
};
/** Waits, and is Running for everybody to see. */
async function running(id = fresh()): Promise<string> {
  await app.start(waiting, undefined, { instanceId: id });
  await app.until(id, ({ runtimeStatus }) => runtimeStatus === 'Running');
  return id;
}
async function completed(): Promise<string> {
  const id = await app.start(function* () {
    return 1;
  });
  await app.end(id);
  return id;
}
async function failedOne(): Promise<string> {
  const { instanceId } = await app.run(function* () {
    throw new Error('xx');
  });
  return instanceId;
}
const seen = async (response: Response): Promise<unknown[]> => {
  const text = await response.text();
  return [response.status, text === '' ? '' : JSON.parse(text)];
};

describe('a start', () => {
  test('is answered with where to look, and makes an id where none is given', async () => {
    const response = await app.http('POST', 'orchestrators/plain', { body: '"s"' });
    const body = (await response.json()) as Record<string, string>;
    expect(response.status).toBe(202);
    expect(response.headers.get('retry-after')).toBe('10');
    expect(Object.keys(body)).toEqual(
      'id statusQueryGetUri sendEventPostUri terminatePostUri purgeHistoryDeleteUri restartPostUri suspendPostUri resumePostUri'.split(
        ' ',
      ),
    );
    expect(body['id']).toMatch(/^[0-9a-f]{32}$/);
    const query = `taskHub=TestHubName&connection=Storage&code=${keys.system}`;
    expect(body['statusQueryGetUri']).toBe(`${host.url}/runtime/webhooks/durabletask/instances/${body['id']}?${query}`);
    expect(response.headers.get('location')).toBe(body['statusQueryGetUri']);
    await app.end(body['id'] ?? '');
    const status = await fetch(body['statusQueryGetUri'] ?? '');
    expect(((await status.json()) as StatusBody).output).toEqual(['s']);
    const { purgeHistoryDeleteUri = '' } = body;
    expect(await seen(await fetch(purgeHistoryDeleteUri, { method: 'DELETE' }))).toEqual([
      200,
      { instancesDeleted: 1 },
    ]);
  });

  test.each(['#?\\', 'ü ☃', '@x', '@x@y', 'a'.repeat(256), 'sp ace'])('takes the id %s', async (id) => {
    const response = await app.http('POST', `orchestrators/plain/${encodeURIComponent(id)}`, { body: 'null' });
    expect(response.status).toBe(202);
    expect(await app.end(id)).toMatchObject({ instanceId: id, name: 'plain', input: null, output: [null] });
  });

  test('takes no id with a slash, no body that is no JSON, and no other verb', async () => {
    expect((await app.http('POST', 'orchestrators/plain/a%2Fb', { body: '1' })).status).toBe(404);
    expect((await app.http('GET', 'orchestrators/plain')).status).toBe(404);
    const [status, body] = await seen(await app.http('POST', 'orchestrators/plain', { body: '{not' }));
    expect([status, body]).toEqual([
      400,
      {
        Message: 'Invalid JSON content',
        ExceptionMessage: expect.any(String),
        ExceptionType: 'Newtonsoft.Json.JsonReaderException',
        StackTrace: expect.any(String),
      },
    ]);
  });

  test('takes a megabyte', async () => {
    const body = JSON.stringify('x'.repeat(1_000_000));
    const { id } = (await (await app.http('POST', 'orchestrators/plain', { body })).json()) as { id: string };
    const { output } = await app.end(id);
    expect((output as string[])[0]?.length).toBe(1_000_000);
  });

  test('is refused where one of the id runs, and replaces one that has ended', async () => {
    const id = await running();
    const again = (): Promise<Response> => app.http('POST', `orchestrators/plain/${id}`, { body: '2' });
    expect(await seen(await again())).toEqual([
      409,
      { Message: 'An Orchestration instance with the status Running already exists.' },
    ]);
    await app.client('suspend', id, 'x');
    await app.until(id, ({ runtimeStatus }) => runtimeStatus === 'Suspended');
    expect(await seen(await again())).toEqual([
      409,
      { Message: 'An Orchestration instance with the status Suspended already exists.' },
    ]);
    await app.client('terminate', id, 'x');
    await app.end(id);
    expect((await again()).status).toBe(202);
    expect(await app.until(id, ({ runtimeStatus }) => runtimeStatus === 'Completed')).toMatchObject({
      name: 'plain',
      output: [2],
    });
  });

  test('of a name that no orchestrator has fails with the names there are; names ignore case', async () => {
    const id = (await app.client('startNew', 'echo')) as string;
    expect((await app.end(id)).output).toBe(
      "Orchestrator function 'echo' failed: The function 'echo' doesn't exist, is disabled, or is not an orchestrator function. Additional info: The following are the known orchestrator functions: 'js', 'plain', 'sub', 'versioned'.",
    );
    const other = (await app.client('startNew', 'PLAIN')) as string;
    // The library sends an empty text where it is given no input.
    expect(await app.end(other)).toMatchObject({ name: 'PLAIN', output: [''] });
  });

  test('may wait for the end: the bare output, the whole status of a failure, or an ordinary answer', async () => {
    const wait = 'timeout=20&pollingInterval=0.01';
    const run = (name: string, body: unknown, query = wait): Promise<Response> =>
      app.http('POST', `orchestrators/${name}?${query}`, { body: JSON.stringify(body) });
    expect(await seen(await run('plain', 5))).toEqual([200, [5]]);
    const failing = script(function* () {
      throw new Error('xx');
    });
    expect(await seen(await run('js', failing))).toEqual([200, expect.objectContaining({ runtimeStatus: 'Failed' })]);
    const late = await run('js', script(waiting), 'timeout=0.05&pollingInterval=0.01');
    expect(await seen(late)).toEqual([202, expect.objectContaining({ id: expect.any(String) })]);
    expect(await seen(await run('plain', 1, 'timeout=1&pollingInterval=5'))).toEqual([
      400,
      { Message: 'Total timeout 1 should be bigger than retry timeout 5' },
    ]);
    expect((await run('plain', 1, 'timeout=1&pollingInterval=no')).status).toBe(202);
  });
});

describe('a status', () => {
  test('has its keys in order, times to the second, and says while it runs when to come again', async () => {
    const id = await running();
    const url = `${host.url}/runtime/webhooks/durabletask/instances/${id}?code=${keys.system}`;
    const response = await fetch(url);
    expect([response.status, response.headers.get('retry-after'), response.headers.get('location')]).toEqual([
      202,
      '5',
      url,
    ]);
    const body = (await response.json()) as StatusBody;
    expect(Object.keys(body)).toEqual(
      'name instanceId runtimeStatus input customStatus output createdTime lastUpdatedTime'.split(' '),
    );
    expect(body.createdTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await app.client('raiseEvent', id, 'go', { done: true });
    await app.end(id);
    const after = await fetch(url);
    expect([after.status, ((await after.json()) as StatusBody).output]).toEqual([200, { done: true }]);
    expect((await app.status(id, '?showInput=false')).input).toBeNull();
  });

  test('of a failure is 500 only where that is asked for', async () => {
    const id = await failedOne();
    expect((await app.http('GET', `instances/${id}`)).status).toBe(200);
    const asked = await app.http('GET', `instances/${id}?returnInternalServerErrorOnFailure=true`);
    expect([asked.status, ((await asked.json()) as StatusBody).runtimeStatus]).toEqual([500, 'Failed']);
  });

  test('needs the key, and is not of one that is not there', async () => {
    const response = await fetch(`${host.url}/runtime/webhooks/durabletask/instances/x`);
    expect([response.status, await response.text()]).toEqual([401, '']);
    expect(await seen(await app.http('GET', 'instances/nosuch'))).toEqual([404, '']);
    await expect(app.client('getStatus', 'nosuch')).rejects.toThrow(
      'DurableClient error: Durable Functions extension replied with HTTP 404 response. This usually means we could not find any data associated with the instanceId provided: nosuch.',
    );
  });

  test('shows the history by names, what was scheduled folded into what came of it', async () => {
    const id = await app.start(
      function* (df, child) {
        yield df.callActivity('echo', { a: 1 });
        yield df.createTimer(new Date(df.currentUtcDateTime.getTime() + 10));
        yield df.waitForExternalEvent('ev');
        try {
          yield df.callActivity('boom', 'bang');
        } catch {
          // Only its event is looked at.
        }
        yield df.callSubOrchestrator('plain', child);
        return { r: 1 };
      },
      { q: 1 },
    );
    const hasFired = ({ historyEvents: events }: StatusBody): boolean =>
      events?.some((event) => event['EventType'] === 'TimerFired') === true;
    await app.until(id, hasFired, '?showHistory=true');
    await app.client('raiseEvent', id, 'ev', 5);
    await app.end(id);
    const { historyEvents = [] } = await app.status(id, '?showHistory=true&showHistoryOutput=true');
    const Timestamp = expect.stringMatching(/Z$/);
    const ScheduledTime = expect.stringMatching(/\+00:00$/);
    expect(historyEvents).toEqual([
      {
        EventType: 'ExecutionStarted',
        Input: expect.any(String),
        Correlation: null,
        ParentTraceContext: null,
        ScheduledStartTime: null,
        Generation: 0,
        GenerateNewTrace: false,
        Timestamp,
        FunctionName: 'js',
      },
      { EventType: 'TaskCompleted', Result: { a: 1 }, Timestamp, ScheduledTime, FunctionName: 'echo' },
      { EventType: 'TimerCreated', FireAt: Timestamp, Timestamp },
      { EventType: 'TimerFired', FireAt: Timestamp, Timestamp },
      { EventType: 'EventRaised', Name: 'ev', ParentTraceContext: null, Timestamp },
      {
        EventType: 'TaskFailed',
        Reason: "Activity function 'boom' failed:  bang",
        Details: expect.stringMatching(/^\{/),
        FailureDetails: null,
        Timestamp,
        ScheduledTime,
        FunctionName: 'boom',
      },
      {
        EventType: 'SubOrchestrationInstanceCompleted',
        Result: [{ q: 1 }],
        Timestamp,
        ScheduledTime,
        FunctionName: 'plain',
      },
      {
        EventType: 'ExecutionCompleted',
        OrchestrationStatus: 'Completed',
        Result: { r: 1 },
        FailureDetails: null,
        Timestamp,
      },
    ]);
    const bare = (await app.status(id, '?showHistory=true&showInput=false')).historyEvents ?? [];
    expect(
      bare.filter((event) => 'Result' in event || ('Input' in event && event['EventType'] === 'ExecutionStarted')),
    ).toEqual([]);
  });
});

describe('lists', () => {
  const of = async (query: string, headers?: Record<string, string>): Promise<[string[], string | null]> => {
    const response = await app.http('GET', `instances?${query}`, headers === undefined ? {} : { headers });
    const ids = ((await response.json()) as StatusBody[]).map(({ instanceId }) => instanceId);
    return [ids, response.headers.get('x-ms-continuation-token')];
  };
  beforeAll(async () => {
    for (const id of ['zz1', 'zz2', 'zz10', 'ZZ3']) {
      await app.client('startNew', 'plain', { instanceId: id });
      await app.end(id);
    }
  });

  test('are by id, by prefix in its case, and in pages', async () => {
    expect(await of('instanceIdPrefix=zz')).toEqual([['zz1', 'zz10', 'zz2'], null]);
    const [page, token] = await of('instanceIdPrefix=zz&top=2');
    expect(page).toEqual(['zz1', 'zz10']);
    expect(await of('instanceIdPrefix=zz&top=2', { 'x-ms-continuation-token': `${token} ` })).toEqual([['zz2'], null]);
    expect(await of('instanceIdPrefix=zz&top=0')).toEqual([[], expect.any(String)]);
    expect((await of('instanceIdPrefix=zz&top=x'))[0]).toHaveLength(3);
    expect((await app.http('GET', 'instances?top=-1')).status).toBe(500);
    expect((await of('', { 'x-ms-continuation-token': 'bad' }))[0]).toEqual([]);
  });

  test('are by status, whose unknown words are ignored, and by time', async () => {
    const id = await running('zz-running');
    expect((await of('instanceIdPrefix=zz&runtimeStatus=Running'))[0]).toEqual([id]);
    expect((await of('instanceIdPrefix=zz&runtimeStatus=Running,Completed'))[0]).toHaveLength(4);
    expect((await of('instanceIdPrefix=zz&runtimeStatus=Running&runtimeStatus=Completed'))[0]).toHaveLength(4);
    expect((await of('instanceIdPrefix=zz&runtimeStatus=completed'))[0]).toHaveLength(4);
    expect((await of('instanceIdPrefix=zz&createdTimeFrom=2100-01-01'))[0]).toEqual([]);
    expect((await of('instanceIdPrefix=zz&createdTimeTo=2100-01-01'))[0]).toHaveLength(4);
    expect((await of('instanceIdPrefix=zz&createdTimeFrom=never'))[0]).toHaveLength(4);
    await app.client('terminate', id, 'x');
  });

  test('come through the library whole', async () => {
    const all = (await app.client('getStatusAll')) as StatusBody[];
    expect(all.map(({ instanceId }) => instanceId)).toEqual(expect.arrayContaining(['zz1', 'zz2', 'zz10']));
    const some = (await app.client('getStatusBy', { runtimeStatus: ['Terminated'] })) as StatusBody[];
    expect(some.every(({ runtimeStatus }) => runtimeStatus === 'Terminated')).toBe(true);
  });
});

describe('management', () => {
  const post = (id: string, what: string): Promise<Response> => app.http('POST', `instances/${id}/${what}`);

  test('suspends and resumes', async () => {
    const id = await running();
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
    const id = await completed();
    for (const what of ['suspend', 'resume', 'terminate']) {
      expect(await seen(await post(id, what))).toEqual([410, '']);
      expect(await seen(await post('nosuch', what))).toEqual([404, '']);
      // The library takes an end for an answer.
      expect(await app.client(what, id, 'x')).toBeNull();
      await expect(app.client(what, 'nosuch', 'x')).rejects.toThrow("No instance with ID 'nosuch' found.");
    }
    const still = await running();
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
    const id = await running();
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
    const id = await completed();
    const response = await post(id, 'restart');
    const { id: other } = (await response.json()) as { id: string };
    expect([response.status, /^[0-9a-f]{32}$/.test(other)]).toEqual([202, true]);
    expect(await app.end(other)).toMatchObject({ output: 1, input: (await app.status(id)).input });
    expect((await post(id, 'restart?restartWithNewInstanceId=false')).status).toBe(202);
    expect((await app.end(id)).output).toBe(1);
    const still = await running();
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
    const id = await completed();
    const gone = (one: string): Promise<Response> => app.http('DELETE', `instances/${one}`);
    expect(await seen(await gone(id))).toEqual([200, { instancesDeleted: 1 }]);
    expect(await seen(await gone(id))).toEqual([404, '']);
    expect(await app.client('purgeInstanceHistory', id)).toEqual({ instancesDeleted: 0 });
    const still = await running();
    expect(await seen(await gone(still))).toEqual([
      412,
      `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${still} has status Running`,
    ]);
    await app.client('terminate', still, 'x');
  });

  test('purges by time and final status, and never what has not ended', async () => {
    const still = await running();
    const [done, broken] = [await completed(), await failedOne()];
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
    await completed();
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
    const id = await failedOne();
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
    const id = await completed();
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

test('an app answers a start as the documentation shows', async () => {
  const response = await fetch(`${host.url}/api/start/plain`, { method: 'POST', body: '3' });
  const body = (await response.json()) as Record<string, string>;
  expect(response.status).toBe(202);
  expect(Object.keys(body)).toContain('rewindPostUri');
  await app.end(body['id'] ?? '');
  expect(await (await fetch(body['statusQueryGetUri'] ?? '')).json()).toMatchObject({ output: [3] });
});

describe('the client of the library', () => {
  test('has an address of its own without a key, for programs of this machine and no pages', async () => {
    const binding = (await app.client('clientData')) as { rpcBaseUrl: string };
    expect(binding.rpcBaseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/durabletask\/$/);
    const start = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${binding.rpcBaseUrl}orchestrators/plain`, { method: 'POST', body: '1', headers });
    const response = await start({});
    const { statusQueryGetUri, id } = (await response.json()) as Record<string, string>;
    expect(statusQueryGetUri).toBe(`${binding.rpcBaseUrl}instances/${id}?taskHub=TestHubName&connection=Storage`);
    await app.end(id ?? '');
    expect((await start({ origin: 'http://example.com' })).status).toBe(404);
    expect((await fetch(new URL('/other', binding.rpcBaseUrl))).status).toBe(404);
  });

  const call = async (method: string, ...args: readonly unknown[]): Promise<unknown[]> =>
    seen(await fetch(`${host.url}/api/client/${method}`, { method: 'POST', body: JSON.stringify(args) }));

  test('waits for an end, and answers it, or where to look for it', async () => {
    const id = await completed();
    const wait = 'waitForCompletionOrCreateCheckStatusResponse';
    expect(await call(wait, { url: host.url }, id)).toEqual([200, 1]);
    const still = await running();
    const options = { timeoutInMilliseconds: 20, retryIntervalInMilliseconds: 5 };
    expect(await call(wait, { url: host.url }, still, options)).toEqual([202, expect.objectContaining({ id: still })]);
    await app.client('terminate', still, 'x');
  });

  test('knows the addresses of an instance', async () => {
    const { id, statusQueryGetUri } = (await app.client('createHttpManagementPayload', 'some')) as Record<
      string,
      string
    >;
    expect(id).toBe('some');
    expect((await fetch(statusQueryGetUri ?? '')).status).toBe(404);
  });

  test('reads the state of an entity, and that there is none', async () => {
    const entity = { $entity: '@cnt@read' };
    expect(await app.client('readEntityState', entity)).toEqual({ entityExists: false });
    await app.client('signalEntity', entity, 'set', 5);
    while (!((await app.client('readEntityState', entity)) as Df).entityExists) await new Promise(setImmediate);
    expect(await app.client('readEntityState', entity)).toEqual({ entityExists: true, entityState: 5 });
  });
});
