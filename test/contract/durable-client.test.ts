// The client of the official library, within an app.
import { describe, expect, jest, test } from '@jest/globals';
import { type Df, completedOne, runningOne, seen, sharedApp } from '../support/durable.ts';

jest.setTimeout(30_000);

const app = sharedApp();

test('an app answers a start as the documentation shows', async () => {
  const response = await fetch(`${app.host.url}/api/start/plain`, { method: 'POST', body: '3' });
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
    seen(await fetch(`${app.host.url}/api/client/${method}`, { method: 'POST', body: JSON.stringify(args) }));

  test('waits for an end, and answers it, or where to look for it', async () => {
    const id = await completedOne(app);
    const wait = 'waitForCompletionOrCreateCheckStatusResponse';
    expect(await call(wait, { url: app.host.url }, id)).toEqual([200, 1]);
    const still = await runningOne(app);
    const options = { timeoutInMilliseconds: 20, retryIntervalInMilliseconds: 5 };
    expect(await call(wait, { url: app.host.url }, still, options)).toEqual([
      202,
      expect.objectContaining({ id: still }),
    ]);
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
