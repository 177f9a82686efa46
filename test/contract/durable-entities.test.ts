// oxlint-disable require-yield
// Entities through the official library.
import { describe, expect, jest, test } from '@jest/globals';
import { type Df, entityState, sharedApp, untilEntity } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();
let count = 0;
const fresh = (name = 'cnt'): string => `@${name}@Key${++count}`;

const state = (id: string): Promise<unknown> => entityState(app, id);
const untilState = (id: string, wanted: unknown): Promise<void> => untilEntity(app, id, wanted);

const json = (value: unknown): RequestInit => ({
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json' },
});

describe('an entity', () => {
  test('answers calls, one number each, by messages that tell what they are', async () => {
    const id = fresh();
    const { output } = await app.run(
      function* (df, to) {
        const first = yield df.callEntity(to, 'add', 5);
        const second = yield df.callEntity(to, 'set');
        return { first, second: second === undefined, state: df.state };
      },
      { $entity: id },
    );
    const { first, second, state: history } = output as { first: number; second: boolean; state: Df[] };
    expect([first, second]).toEqual([5, true]);
    const sent = history.filter((event) => event.EventType === 14);
    expect(sent.map((event) => [event.EventId, event.InstanceId, event.Name])).toEqual([
      [0, id, 'op'],
      [1, id, 'op'],
    ]);
    const message = JSON.parse(sent[0].Input);
    expect(Object.keys(message)).toEqual(
      '$type op input id parent parentExecution Timestamp Predecessor requestTime'.split(' '),
    );
    expect(message).toMatchObject({
      $type:
        'Microsoft.Azure.WebJobs.Extensions.DurableTask.RequestMessage, Microsoft.Azure.WebJobs.Extensions.DurableTask',
      op: 'add',
      input: '5',
      Predecessor: '0001-01-01T00:00:00',
    });
    const later = JSON.parse(sent[1].Input);
    expect('input' in later).toBe(false);
    expect(later.Predecessor).toBe(message.Timestamp);
    const raised = history.filter((event) => event.EventType === 15);
    expect(raised.map((event) => event.Name)).toEqual([message.id, later.id]);
    expect(JSON.parse(raised[0].Input)).toEqual({ $type: expect.any(String), result: '5' });
    expect(JSON.parse(raised[1].Input)).toEqual({ $type: expect.any(String), result: null });
  });

  test('that throws fails its caller with what the library makes of an Error, and keeps what it had set', async () => {
    const id = fresh();
    const caught = await app.result(
      function* (df, to) {
        try {
          yield df.callEntity(to, 'throw');
          return undefined;
        } catch (error) {
          return [(error as Error).name, (error as Error).message];
        }
      },
      { $entity: id },
    );
    expect(caught).toEqual(['Error', '[object Object]']);
    expect(await state(id)).toBe(999);
  });

  test('is signalled without an answer, by clients, orchestrations and other entities', async () => {
    const [id, other] = [fresh(), fresh()];
    const { output } = await app.run(
      function* (df, to) {
        df.signalEntity(to, 'add', 2);
        yield df.callActivity('echo', 1);
        return df.state
          .filter((event: Df) => event.EventType === 14)
          .map((event: Df) => JSON.parse(event.Input).signal);
      },
      { $entity: id },
    );
    expect(output).toEqual([true]);
    await app.client('signalEntity', { $entity: id }, 'add', 3);
    await untilState(id, 5);
    await app.client('signalEntity', { $entity: id }, 'forward', other.split('@')[2]);
    await untilState(other, 9);
  });

  test('runs in order what came while it was at work', async () => {
    const id = fresh('acnt');
    for (let n = 0; n < 6; n++) await app.client('signalEntity', { $entity: id }, 'push', n);
    await untilState(id, [0, 1, 2, 3, 4, 5]);
  });

  test('that is none fails who signals it, with the names that there are', async () => {
    const { output } = await app.run(
      function* (df, to) {
        df.signalEntity(to, 'add', 2);
        yield df.callActivity('echo', 1);
      },
      { $entity: '@nosuch@a' },
    );
    expect(output).toBe(
      "Orchestrator function 'js' failed: The function 'nosuch' doesn't exist, is disabled, or is not an entity function. Additional info: The following are the known entity functions: 'acnt', 'cnt'.",
    );
    const response = await app.http('POST', 'entities/nope/k?op=add', { body: '1' });
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        Message:
          "The function 'nope' doesn't exist, is disabled, or is not an entity function. Additional info: The following are the known entity functions: 'acnt', 'cnt'.",
      },
    ]);
  });

  test('is deleted by itself, and is there again once it is used', async () => {
    const id = fresh();
    await app.client('signalEntity', { $entity: id }, 'add', 1);
    await untilState(id, 1);
    expect(await app.status(id)).toMatchObject({
      name: id,
      runtimeStatus: 'Running',
      customStatus: { entityExists: true },
      input: { exists: true, state: '1' },
    });
    await app.client('signalEntity', { $entity: id }, 'delete');
    await untilState(id, 404);
    await app.until(id, ({ customStatus }) => JSON.stringify(customStatus) === '{}');
    await app.client('signalEntity', { $entity: id }, 'get');
    await app.until(id, ({ customStatus }) => JSON.stringify(customStatus) === '{"entityExists":true}');
    expect(await state(id)).toBe(404);
  });
});

describe('an entity by name and state', () => {
  test('has a name without case, and a key in its case', async () => {
    const key = `Key${++count}`;
    expect((await app.http('POST', `entities/CNT/${key}?op=add`, json(3))).status).toBe(202);
    await untilState(`@cnt@${key}`, 3);
    expect(await state(`@Cnt@${key}`)).toBe(3);
    expect(await state(`@cnt@${key.toLowerCase()}`)).toBe(404);
    expect(await app.status(`@cnt@${key}`)).toMatchObject({ name: `@cnt@${key}`, runtimeStatus: 'Running' });
  });

  test('whose state is null is there, and has none to read', async () => {
    const id = fresh();
    const seen = await app.result(
      function* (df, to) {
        yield df.callEntity(to, 'set', null);
        return yield df.callEntity(to, 'get');
      },
      { $entity: id },
    );
    expect([seen, await state(id)]).toEqual([null, 404]);
    expect((await app.status(id)).customStatus).toEqual({ entityExists: true });
  });

  test('is told at once: a time in the query is not heard', async () => {
    const id = fresh();
    const later = encodeURIComponent(new Date(Date.now() + 3_600_000).toISOString());
    const path = `entities/cnt/${id.split('@')[2] ?? ''}?op=add&scheduledTimeUtc=${later}`;
    expect((await app.http('POST', path, json(1))).status).toBe(202);
    await untilState(id, 1);
  });

  test('that is deleted is in no list, also where those are asked for', async () => {
    const id = fresh();
    await app.run(
      function* (df, to) {
        yield df.callEntity(to, 'add', 1);
        yield df.callEntity(to, 'delete');
      },
      { $entity: id },
    );
    const listed = (await (await app.http('GET', 'entities/cnt?includeDeleted=true')).json()) as {
      entityId: { key: string };
    }[];
    expect(listed.map(({ entityId }) => entityId.key)).not.toContain(id.split('@')[2]);
  });
});

describe('the HTTP API of entities', () => {
  test('reads a bare state, and takes JSON or a text', async () => {
    const id = fresh();
    const path = `entities/CNT/${id.split('@')[2]}`;
    const json = { 'content-type': 'application/json' };
    expect((await app.http('POST', `${path}?op=set`, { body: '{"a":1}', headers: json })).status).toBe(202);
    await untilState(id, { a: 1 });
    await app.http('POST', `${path}?op=set`, { body: 'a text', headers: { 'content-type': 'text/plain' } });
    await untilState(id, 'a text');
    expect((await app.http('GET', 'entities/cnt/none')).status).toBe(404);
    expect((await app.http('GET', 'entities/nope/none')).status).toBe(404);
  });

  test('lists those that exist, by key, in pages', async () => {
    const entities = ['b', 'H3', 'a'].map((key) => `@cnt@list-${key}`);
    for (const id of entities) {
      await app.client('signalEntity', { $entity: id }, 'set', 7);
      await untilState(id, 7);
    }
    const all = (await (await app.http('GET', 'entities/cnt?fetchState=true')).json()) as Df[];
    const mine = all.filter(({ entityId }) => entityId.key.startsWith('list-'));
    expect(mine).toEqual(
      ['H3', 'a', 'b'].map((key) => ({
        entityId: { name: 'cnt', key: `list-${key}` },
        lastOperationTime: expect.stringMatching(/Z$/),
        state: 7,
      })),
    );
    const page = await app.http('GET', 'entities?top=1');
    const [first] = (await page.json()) as Df[];
    expect(first.state).toBeNull();
    const token = page.headers.get('x-ms-continuation-token') ?? '';
    const rest = await app.http('GET', 'entities?top=1000', { headers: { 'x-ms-continuation-token': token } });
    expect(rest.headers.get('x-ms-continuation-token')).toBeNull();
    expect(((await rest.json()) as Df[]).map(({ entityId }) => entityId)).not.toContainEqual(first.entityId);
  });

  test('purges one although it is Running, and cannot end one', async () => {
    const id = fresh();
    await app.client('signalEntity', { $entity: id }, 'set', 1);
    await untilState(id, 1);
    expect((await app.http('POST', `instances/${id}/terminate?reason=x`)).status).toBe(202);
    await app.client('signalEntity', { $entity: id }, 'add', 1);
    await untilState(id, 2);
    const purged = await app.http('DELETE', `instances/${id}`);
    expect([purged.status, await purged.json()]).toEqual([200, { instancesDeleted: 1 }]);
    expect(await state(id)).toBe(404);
  });
});
