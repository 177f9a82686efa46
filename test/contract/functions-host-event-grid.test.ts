import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventGridService, startEventGrid } from '../../lib/local/event-grid/service.ts';
import type { FunctionsHost } from '../../lib/local/functions-host/host.ts';
import { keys, startHost } from '../support/apps/start.ts';

jest.setTimeout(30_000);

let host: FunctionsHost;

beforeAll(async () => {
  host = await startHost();
});
afterAll(() => host.stop());

interface Seen {
  readonly name: string;
  readonly event: unknown;
  readonly metadata: Record<string, unknown>;
}

const seen = async (mark: string): Promise<Seen[]> => {
  const all = (await (await fetch(`${host.url}/api/seen`)).json()) as Seen[];
  return all.filter(({ event }) => JSON.stringify(event).includes(mark));
};

function hook(
  name: string,
  init: Omit<RequestInit, 'headers'> & { kind?: string; key?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { kind = 'Notification', key = keys.system, ...rest } = init;
  return fetch(`${host.url}/runtime/webhooks/eventgrid?functionName=${name}&code=${key}`, {
    method: 'POST',
    ...rest,
    headers: { ...(kind === '' ? {} : { 'aeg-event-type': kind }), ...rest.headers },
  });
}

describe('the webhook', () => {
  test('answers the validation event', async () => {
    const response = await hook('eventOne', {
      kind: 'SubscriptionValidation',
      body: '[{"data":{"validationCode":"C0DE"}}]',
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toBe('{"validationResponse":"C0DE"}');
  });

  test('allows the origin that CloudEvents asks for', async () => {
    const response = await hook('eventOne', {
      method: 'OPTIONS',
      kind: '',
      headers: { 'webhook-request-origin': 'eventgrid.azure.net' },
    });
    expect([response.status, response.headers.get('webhook-allowed-origin')]).toEqual([200, 'eventgrid.azure.net']);
  });

  test('N events are N invocations, started together; the answer is 202', async () => {
    const events = [1, 2].map((n) => ({ id: `m-${n}`, data: { n, mark: 'several' } }));
    const response = await hook('eventOne', { body: JSON.stringify(events) });
    expect([response.status, await response.text()]).toEqual([202, '']);
    const got = await seen('several');
    expect(got.map(({ event }) => event)).toEqual(expect.arrayContaining(events));
    expect(got[0]?.metadata).toEqual({ data: { n: expect.any(Number) as unknown, mark: 'several' } });
  });

  test('a single object is accepted', async () => {
    expect((await hook('eventOne', { body: '{"id":"single"}' })).status).toBe(202);
    expect(await seen('single')).toHaveLength(1);
  });

  test('cardinality many is one invocation', async () => {
    await hook('eventMany', { body: '[{"id":"many","data":1},{"id":"many","data":2}]' });
    const [one, ...others] = await seen('many');
    expect(others).toEqual([]);
    expect(one).toMatchObject({ event: [{ data: 1 }, { data: 2 }], metadata: { data: [1, 2] } });
  });

  test('one failure fails the whole POST', async () => {
    const response = await hook('eventOne', { body: '[{"id":"fine"},{"id":"fail-me"}]' });
    expect([response.status, await response.text()]).toEqual([
      500,
      'Exception while executing function: Functions.eventOne',
    ]);
  });

  test.each<[string, Parameters<typeof hook>, number]>([
    ['unsubscribing', ['eventOne', { kind: 'Unsubscribe', body: '[]' }], 202],
    ['no kind', ['eventOne', { kind: '', body: '[]' }], 400],
    ['an unknown kind', ['eventOne', { kind: 'Other', body: '[]' }], 400],
    ['GET', ['eventOne', { method: 'GET' }], 400],
    ['no JSON', ['eventOne', { body: '{' }], 500],
    ['a function of another trigger', ['echo', { body: '[]' }], 404],
    ['no key', ['eventOne', { key: '', body: '[]' }], 401],
    ['the host key', ['eventOne', { key: keys.function, body: '[]' }], 403],
    ['the master key', ['eventOne', { key: keys.master, body: '[]' }], 202],
  ])('%s', async (_, request, status) => {
    expect((await hook(...request)).status).toBe(status);
  });

  test('an unknown function is named; an unknown extension is not there; without a key a scheme is offered', async () => {
    const unknown = await hook('nosuch', { body: '[]' });
    expect([unknown.status, await unknown.text()]).toEqual([404, "cannot find function: 'nosuch'"]);
    expect((await fetch(`${host.url}/runtime/webhooks/nosuch?code=${keys.master}`)).status).toBe(404);
    expect((await hook('eventOne', { key: '' })).headers.get('www-authenticate')).toBe('Bearer');
  });
});

describe('from the topic to the function', () => {
  let grid: EventGridService;
  const topic = { name: 'tideway', key: 'c2VjcmV0' };

  beforeAll(async () => {
    grid = await startEventGrid({
      file: join(mkdtempSync(join(tmpdir(), 'functions-host-grid-')), 'events.db'),
      topic,
      retryScale: 0.001,
      subscriptions: [
        {
          name: 'fan-out',
          endpoint: `${host.url}/runtime/webhooks/eventgrid?functionName=eventOne&code=${keys.system}`,
        },
      ],
    });
  });
  afterAll(() => grid.stop());

  const drained = async (): Promise<void> => {
    while (grid.pending() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const options = { allowInsecureConnection: true };

  test('both schemas arrive as the official client sent them', async () => {
    const cloud = new EventGridPublisherClient(grid.url, 'CloudEvent', new AzureKeyCredential(topic.key), options);
    await cloud.send([{ type: 'T', source: 's', id: 'cloud-event', data: { group: 'a' } }]);
    const classic = new EventGridPublisherClient(grid.url, 'EventGrid', new AzureKeyCredential(topic.key), options);
    await classic.send([{ eventType: 'T', subject: 's', id: 'classic-event', dataVersion: '1', data: { group: 'b' } }]);
    await drained();
    expect((await seen('cloud-event'))[0]).toMatchObject({
      event: { specversion: '1.0', type: 'T', source: 's', data: { group: 'a' } },
      metadata: { data: { group: 'a' } },
    });
    expect((await seen('classic-event'))[0]?.event).toMatchObject({
      eventType: 'T',
      subject: 's',
      data: { group: 'b' },
    });
  });

  test('a worker that is down only delays them', async () => {
    await fetch(`${host.url}/api/exit`);
    const cloud = new EventGridPublisherClient(grid.url, 'CloudEvent', new AzureKeyCredential(topic.key), options);
    await cloud.send([{ type: 'T', source: 's', id: 'after-crash', data: {} }]);
    await drained();
    expect(await seen('after-crash')).toHaveLength(1);
    expect(grid.deadLetters()).toEqual([]);
  });
});
