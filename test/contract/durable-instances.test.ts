// oxlint-disable require-yield
// Starts, statuses and lists: through the official library, and through the HTTP API beside it.
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { keys } from '../support/apps/start.ts';
import { type StatusBody, failedOne, runningOne, script, seen, waiting, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

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
    expect(body['statusQueryGetUri']).toBe(
      `${app.host.url}/runtime/webhooks/durabletask/instances/${body['id']}?${query}`,
    );
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
    const id = await runningOne(app);
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
    const id = await runningOne(app);
    const url = `${app.host.url}/runtime/webhooks/durabletask/instances/${id}?code=${keys.system}`;
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
    const id = await failedOne(app);
    expect((await app.http('GET', `instances/${id}`)).status).toBe(200);
    const asked = await app.http('GET', `instances/${id}?returnInternalServerErrorOnFailure=true`);
    expect([asked.status, ((await asked.json()) as StatusBody).runtimeStatus]).toEqual([500, 'Failed']);
  });

  test('needs the key, and is not of one that is not there', async () => {
    const response = await fetch(`${app.host.url}/runtime/webhooks/durabletask/instances/x`);
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
    const id = await runningOne(app, 'zz-running');
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
