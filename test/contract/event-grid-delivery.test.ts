// How deliveries look and end: batches, headers, schemas, dead letters in a folder.
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EventGridOptions, type EventGridService, startEventGrid } from '../../lib/local/event-grid/service.ts';
import type { Subscription } from '../../lib/local/event-grid/subscription.ts';
import { type Endpoint, type Received, startEndpoint, validating } from '../support/apps/endpoint.ts';

const key = Buffer.from('a key of the topic, of 32 bytes.').toString('base64');
const plain = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
const taken = validating(() => ({ status: 200 }));
let folder: string;
let hook: Endpoint;
let grid: EventGridService | undefined;

afterEach(async () => {
  await grid?.stop();
  grid = undefined;
  await hook.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  subscription: Partial<Subscription>,
  answer: Parameters<typeof startEndpoint>[0] = taken,
  options: Partial<EventGridOptions> = {},
): Promise<EventGridService> {
  folder = mkdtempSync(path.join(tmpdir(), 'event-grid-'));
  hook = await startEndpoint(answer);
  return restart(subscription, options);
}

async function restart(subscription: Partial<Subscription>, options: Partial<EventGridOptions> = {}) {
  grid = await startEventGrid({
    file: path.join(folder, 'events.db'),
    topic: { name: 'tideway', key },
    subscriptions: [{ name: 'one', endpoint: hook.url, ...subscription }],
    ...options,
  });
  return grid;
}

const clientOf = <T extends 'EventGrid' | 'CloudEvent'>(service: EventGridService, schema: T) =>
  new EventGridPublisherClient(service.url, schema, new AzureKeyCredential(key), plain);
const event = (id: string, data: object = {}) => ({ id, eventType: 'T', subject: `s/${id}`, dataVersion: '1', data });
const cloudEvent = (id: string) => ({ id, type: 'T', source: '/s', data: { id } });
const notifications = (): Received[] =>
  hook.received.filter(({ headers }) => headers['aeg-event-type'] === 'Notification');
const idsOf = ({ body }: Received): string[] => (JSON.parse(body) as { id: string }[]).map(({ id }) => id);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a subscription that asks for batches', () => {
  test('gets what is there, up to its number; nothing waits for more', async () => {
    const service = await start({ maxEventsPerBatch: 3 });
    service.pause('one', true);
    await clientOf(service, 'EventGrid').send(['a', 'b', 'c', 'd', 'e'].map((id) => event(id)));
    service.pause('one', false);
    await until(() => service.counters.delivered === 5);
    const sizes = notifications().map((one) => idsOf(one).length);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([2, 3]);
    expect(notifications().flatMap(idsOf).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await clientOf(service, 'EventGrid').send([event('f')]);
    await until(() => service.counters.delivered === 6);
    expect(idsOf(notifications()[2] as Received)).toEqual(['f']);
  });

  test('gets those that come in one request together', async () => {
    const service = await start({ maxEventsPerBatch: 100 });
    await clientOf(service, 'EventGrid').send(['a', 'b', 'c'].map((id) => event(id)));
    await until(() => service.counters.delivered === 3);
    expect(notifications().map(idsOf)).toEqual([['a', 'b', 'c']]);
    expect(notifications()[0]?.headers['aeg-data-version']).toBeUndefined();
  });

  test('gets fewer where they are large; one that is too large goes alone', async () => {
    const service = await start({ maxEventsPerBatch: 10, preferredBatchSizeInKilobytes: 2 });
    const large = { text: 'x'.repeat(750) };
    service.pause('one', true);
    await clientOf(service, 'EventGrid').send([
      event('a', large),
      event('b', large),
      event('c', { text: 'x'.repeat(5_000) }),
      event('d', large),
      event('e'),
    ]);
    service.pause('one', false);
    await until(() => service.counters.delivered === 5);
    expect(notifications().map(idsOf)).toHaveLength(3);
    expect(notifications().map((one) => idsOf(one).join(''))).toEqual(expect.arrayContaining(['ab', 'c', 'de']));
  });

  test('gets CloudEvents in their own batch format', async () => {
    const service = await start({ maxEventsPerBatch: 2, deliverySchema: 'CloudEventSchemaV1_0' });
    await clientOf(service, 'EventGrid').send([event('a')]);
    await until(() => service.counters.delivered === 1);
    const [one] = notifications();
    expect(one?.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8');
    expect(JSON.parse(one?.body ?? '')).toMatchObject([{ specversion: '1.0', id: 'a' }]);
    expect(hook.received[0]?.method).toBe('OPTIONS');
  });

  test('gets all of a batch again when one request fails, and each is counted', async () => {
    const answer = validating((_, count) => ({ status: count <= 2 ? 500 : 200 }));
    const service = await start({ maxEventsPerBatch: 10 }, answer, { retryScale: 0.001 });
    await clientOf(service, 'EventGrid').send([event('a'), event('b')]);
    await until(() => service.counters.delivered === 2);
    expect(service.counters.failed).toBe(1);
    const again = notifications().slice(1);
    expect(again.flatMap(idsOf).sort()).toEqual(['a', 'b']);
    expect(again.every(({ headers }) => headers['aeg-delivery-count'] === '1')).toBe(true);
  });

  test('gets events of either schema apart', async () => {
    const service = await start({ maxEventsPerBatch: 10 });
    service.pause('one', true);
    await clientOf(service, 'EventGrid').send([event('a'), event('b')]);
    await clientOf(service, 'CloudEvent').send([cloudEvent('c'), cloudEvent('d')]);
    service.pause('one', false);
    await until(() => service.counters.delivered === 4);
    const types = notifications().map((one) => [one.headers['content-type'], idsOf(one).length]);
    expect(types).toEqual(
      expect.arrayContaining([
        ['application/json; charset=utf-8', 2],
        ['application/cloudevents-batch+json; charset=utf-8', 2],
      ]),
    );
  });

  test('gets thousands, none lost, none twice', async () => {
    const service = await start({ maxEventsPerBatch: 64 });
    const ids = Array.from({ length: 2_000 }, (_, n) => `id-${n}`);
    for (let from = 0; from < ids.length; from += 500)
      await clientOf(service, 'EventGrid').send(ids.slice(from, from + 500).map((id) => event(id)));
    await until(() => service.counters.delivered === 2_000);
    expect(notifications().flatMap(idsOf).sort()).toEqual(ids.sort());
    expect(service.pending()).toBe(0);
  });
});

describe('a delivery', () => {
  test('carries the headers that its subscription asks for', async () => {
    const service = await start({
      deliveryAttributeMappings: [
        { name: 'X-Secret', type: 'Static', properties: { value: 'told' } },
        { name: 'X-Tenant', type: 'Dynamic', properties: { sourceField: 'data.tenant' } },
        { name: 'X-Absent', type: 'Dynamic', properties: { sourceField: 'data.absent' } },
      ],
    });
    await clientOf(service, 'EventGrid').send([event('a', { tenant: 7 })]);
    await until(() => service.counters.delivered === 1);
    const [one] = notifications();
    expect(one?.headers).toMatchObject({ 'x-secret': 'told', 'x-tenant': '7' });
    expect(one?.headers).not.toHaveProperty('x-absent');
  });

  test('that is answered with anything but 200 to 204 comes again', async () => {
    const statuses = [205, 302, 204];
    const answer = validating((_, count) => ({ status: statuses[count - 2] ?? 0 }));
    const service = await start({}, answer, { retryScale: 0.001 });
    await clientOf(service, 'EventGrid').send([event('a')]);
    await until(() => service.counters.delivered === 1);
    expect(service.counters.failed).toBe(2);
  });
});

describe('an endpoint', () => {
  test('of CloudEvents is asked as such, and not with an event', async () => {
    const service = await start(
      { deliverySchema: 'CloudEventSchemaV1_0' },
      ({ method }) => ({ status: method === 'OPTIONS' ? 200 : 500 }),
      { retryScale: 0.001 },
    );
    await clientOf(service, 'CloudEvent').send([cloudEvent('a')]);
    await until(() => service.counters.failed > 0);
    expect(hook.received[0]).toMatchObject({
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'eventgrid.azure.net' },
    });
    expect(hook.received.every(({ method }) => method === 'OPTIONS')).toBe(true);
  });

  test('of the Event Grid schema is asked with an event alone', async () => {
    const service = await start({ deliverySchema: 'EventGridSchema' }, () => ({ status: 200 }), { retryScale: 0.001 });
    await clientOf(service, 'EventGrid').send([event('a')]);
    await until(() => service.counters.failed > 0);
    expect(hook.received.every(({ method }) => method === 'POST')).toBe(true);
    expect(hook.received[0]?.headers).toMatchObject({
      'aeg-event-type': 'SubscriptionValidation',
      'aeg-subscription-name': 'ONE',
    });
  });

  test('that was confirmed by hand stays so', async () => {
    let address = '';
    const answer = ({ headers, body }: Received) => {
      address = /"validationUrl":"([^"]+)"/.exec(body)?.[1] ?? address;
      return { status: headers['aeg-event-type'] === 'Notification' ? 200 : 404 };
    };
    const service = await start({}, answer, { retryScale: 0.001 });
    await clientOf(service, 'EventGrid').send([event('a')]);
    await until(() => address !== '');
    expect((await fetch(address)).status).toBe(200);
    await until(() => service.counters.delivered === 1);
    await service.stop();
    const asked = hook.received.length;
    const again = await restart({});
    await clientOf(again, 'EventGrid').send([event('b')]);
    await until(() => again.counters.delivered === 1);
    expect(hook.received).toHaveLength(asked + 1);
  });
});

describe('a dead letter', () => {
  const letters = (): string[] =>
    readdirSync(path.join(folder, 'dead'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.json'),
    );
  const read = (name = ''): unknown => JSON.parse(readFileSync(path.join(folder, 'dead', name), 'utf8'));

  test('is the event with why, in a file by subscription and hour', async () => {
    const service = await start(
      {},
      validating(() => ({ status: 400 })),
    );
    await service.stop();
    const dead = await restart({ deadLetterDirectory: path.join(folder, 'dead') });
    await clientOf(dead, 'EventGrid').send([event('a', { x: 1 })]);
    await until(() => dead.counters.deadLettered === 1 && dead.deadLetters().length === 0);
    expect(letters()).toEqual([
      expect.stringMatching(/^ONE\/20\d\d\/[1-9]\d?\/[1-9]\d?\/(0|[1-9]\d?)\/[-0-9a-f]{36}\.json$/),
    ]);
    expect(read(letters()[0])).toEqual([
      {
        id: 'a',
        subject: 's/a',
        eventType: 'T',
        eventTime: expect.any(String),
        topic: expect.stringMatching(/tideway$/),
        dataVersion: '1',
        metadataVersion: '1',
        data: { x: 1 },
        deadLetterReason: 'UndeliverableDueToHttpBadRequest',
        deliveryAttempts: 1,
        lastDeliveryOutcome: 'BadRequest',
        lastHttpStatusCode: 400,
        publishTime: expect.any(String),
        lastDeliveryAttemptTime: expect.any(String),
      },
    ]);
  });

  test('of a CloudEvent has its fields in lower case; without an answer there is no status', async () => {
    const service = await start({});
    await service.stop();
    await hook.stop();
    const dead = await restart(
      { deadLetterDirectory: path.join(folder, 'dead'), maxDeliveryAttempts: 2 },
      { retryScale: 0.0001 },
    );
    await clientOf(dead, 'CloudEvent').send([cloudEvent('a')]);
    await until(() => dead.counters.deadLettered === 1 && dead.deadLetters().length === 0);
    const [one] = read(letters()[0]) as Record<string, unknown>[];
    expect(one).toMatchObject({
      specversion: '1.0',
      id: 'a',
      deadletterreason: 'MaxDeliveryAttemptsExceeded',
      deliveryattempts: 2,
      lastdeliveryoutcome: 'GenericError',
    });
    expect(one).not.toHaveProperty('lasthttpstatuscode');
  });

  test('that cannot be written waits in the state, and is written after a restart', async () => {
    const subscription = () => ({ deadLetterDirectory: path.join(folder, 'dead') });
    const service = await start(
      {},
      validating(() => ({ status: 413 })),
    );
    await service.stop();
    writeFileSync(path.join(folder, 'dead'), 'a file where the folder should be');
    const first = await restart(subscription());
    await clientOf(first, 'EventGrid').send([event('a')]);
    await until(() => first.counters.deadLettered === 1);
    expect(first.deadLetters()).toMatchObject([{ id: 'a', reason: 'UndeliverableDueToHttpRequestEntityTooLarge' }]);
    await first.stop();
    rmSync(path.join(folder, 'dead'));
    const second = await restart(subscription());
    await until(() => second.deadLetters().length === 0);
    expect(read(letters()[0])).toMatchObject([{ id: 'a' }]);
  });
});

describe('a topic', () => {
  test.each(['EventGridSchema', 'CloudEventSchemaV1_0'] as const)('of %s takes no other', async (inputSchema) => {
    const service = await start({}, taken, { topic: { name: 'tideway', key, inputSchema } });
    const sending = [
      () => clientOf(service, 'EventGrid').send([event('a')]),
      () => clientOf(service, 'CloudEvent').send([cloudEvent('a')]),
    ];
    if (inputSchema === 'CloudEventSchemaV1_0') sending.reverse();
    await sending[0]?.();
    await expect(sending[1]?.()).rejects.toMatchObject({ statusCode: 400 });
    expect(service.counters.published).toBe(1);
  });

  test.each([
    ['of another topic', { topic: '/subscriptions/x' }, 400],
    ['of its own', { topic: '' }, 200],
    ['of no time', { eventTime: 'noon' }, 400],
    ['of other metadata', { metadataVersion: '2' }, 400],
    ['without a version of its data', { dataVersion: undefined }, 200],
  ])('given an event %s', async (_, fields, status) => {
    const service = await start({});
    const one = { ...event('a'), eventTime: '2026-01-01T00:00:00Z', ...fields };
    const headers = { 'aeg-sas-key': key, 'content-type': 'application/json' };
    const response = await fetch(service.url, { method: 'POST', headers, body: JSON.stringify([one]) });
    expect(response.status).toBe(status);
  });

  test.each([
    ['of no time', { time: 'noon' }],
    ['with its data twice', { data: 1, data_base64: 'AA==' }],
  ])('refuses a CloudEvent %s', async (_, fields) => {
    const service = await start({});
    const headers = { 'aeg-sas-key': key, 'content-type': 'application/cloudevents+json' };
    const body = JSON.stringify({ specversion: '1.0', id: '1', type: 't', source: '/s', ...fields });
    expect((await fetch(service.url, { method: 'POST', headers, body })).status).toBe(400);
  });
});
