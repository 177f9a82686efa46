import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventGridOptions, type EventGridService, startEventGrid } from '../../lib/local/event-grid/service.ts';
import { Faults } from '../../lib/local/faults.ts';
import { type Endpoint, startEndpoint, validating } from '../support/apps/endpoint.ts';

jest.setTimeout(30_000);

const topic = { name: 'tideway', key: Buffer.from('a key of the topic, of 32 bytes.').toString('base64') };
const open: { stop(): Promise<void> }[] = [];
const freshFile = (): string => join(mkdtempSync(join(tmpdir(), 'event-grid-')), 'events.db');

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

async function start(options: Partial<EventGridOptions>): Promise<EventGridService> {
  const service = await startEventGrid({ file: freshFile(), topic, subscriptions: [], ...options });
  open.push(service);
  return service;
}

async function endpoint(...[answer, port]: Parameters<typeof startEndpoint>): Promise<Endpoint> {
  const one = await startEndpoint(answer, port);
  open.push(one);
  return one;
}

const plain = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
const publisher = (service: EventGridService) =>
  new EventGridPublisherClient(service.url, 'CloudEvent', new AzureKeyCredential(topic.key), plain);
const cloudEvent = (n: number) => ({
  type: 'Tideway.ChangesCommitted',
  source: '/group/a',
  subject: `groups/${n}`,
  id: `id-${n}`,
  data: { n },
});

describe('publishing and delivery', () => {
  test('CloudEvents arrive one by one, as they were sent', async () => {
    const hook = await endpoint(validating(() => ({ status: 200 })));
    const service = await start({ subscriptions: [{ name: 'fan-out', endpoint: hook.url }] });
    await publisher(service).send([cloudEvent(1), { ...cloudEvent(2), extensionAttributes: { traceid: 'abc' } }]);
    await hook.until(4);
    const delivered = hook.received.filter(({ headers }) => headers['aeg-event-type'] === 'Notification');
    const bodies = delivered
      .map(({ body }) => JSON.parse(body) as { id: string })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(bodies[0]).toEqual({
      specversion: '1.0',
      datacontenttype: 'application/json',
      time: expect.any(String) as unknown,
      ...cloudEvent(1),
    });
    expect(bodies[1]).toMatchObject({ id: 'id-2', traceid: 'abc' });
    expect(delivered[0]?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'aeg-subscription-name': 'FAN-OUT',
      'aeg-delivery-count': '0',
    });
  });

  test('the Event Grid schema arrives as an array of one, with the topic', async () => {
    const hook = await endpoint(validating(() => ({ status: 202 })));
    const service = await start({ subscriptions: [{ name: 'one', endpoint: hook.url }] });
    const client = new EventGridPublisherClient(service.url, 'EventGrid', new AzureKeyCredential(topic.key), plain);
    await client.send([
      { id: '1', subject: '/a', eventType: 'T', eventTime: new Date(0), dataVersion: '1.0', data: { x: 1 } },
    ]);
    await hook.until(2);
    expect(hook.received[1]?.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(hook.received[1]?.body ?? '')).toEqual([
      {
        id: '1',
        subject: '/a',
        eventType: 'T',
        eventTime: '1970-01-01T00:00:00.000Z',
        dataVersion: '1.0',
        data: { x: 1 },
        metadataVersion: '1',
        topic: expect.stringMatching(/\/topics\/tideway$/) as unknown,
      },
    ]);
  });

  test('a subscription gets what fits its filters, and only that', async () => {
    const hook = await endpoint(validating(() => ({ status: 200 })));
    const service = await start({
      subscriptions: [
        {
          name: 'picky',
          endpoint: hook.url,
          includedEventTypes: ['Tideway.ShareChanged'],
          subjectBeginsWith: '/SHARE/',
          subjectEndsWith: '.txt',
          advancedFilters: [{ operatorType: 'NumberGreaterThan', key: 'data.n', value: 5 }],
        },
      ],
    });
    const fits = { type: 'Tideway.ShareChanged', source: 's', subject: '/share/a.txt', data: { n: 6 } };
    await publisher(service).send([
      { ...fits, id: 'type', type: 'Tideway.ChangesCommitted' },
      { ...fits, id: 'begin', subject: 'share/a.txt' },
      { ...fits, id: 'end', subject: '/share/a.txtx' },
      { ...fits, id: 'data', data: { n: 5 } },
      { ...fits, id: 'fits' },
    ]);
    expect(service.pending()).toBeLessThanOrEqual(1);
    await hook.until(2);
    expect(JSON.parse(hook.received[1]?.body ?? '')).toMatchObject({ id: 'fits' });
    await drained(service);
    expect(hook.received).toHaveLength(2);
  });

  test('a slow delivery holds up no other', async () => {
    const release = Promise.withResolvers<void>();
    const hook = await endpoint(
      validating(async ({ body }) => {
        if (body.includes('id-0')) await release.promise;
        return { status: 200 };
      }),
    );
    const service = await start({ subscriptions: [{ name: 'one', endpoint: hook.url }] });
    await publisher(service).send(Array.from({ length: 200 }, (_, n) => cloudEvent(n)));
    while (service.counters.delivered < 199) await turn();
    expect(service.pending()).toBe(1);
    release.resolve();
    await drained(service);
  });

  test('an event is delivered in a few ms', async () => {
    const hook = await endpoint(validating(() => ({ status: 200 })));
    const service = await start({ subscriptions: [{ name: 'one', endpoint: hook.url }] });
    const client = publisher(service);
    await client.send([cloudEvent(0)]);
    await hook.until(2);
    const took: number[] = [];
    for (let n = 1; n <= 30; n++) {
      const before = performance.now();
      await client.send([cloudEvent(n)]);
      await hook.until(n + 2);
      took.push((hook.received[n + 1]?.at ?? Infinity) - before);
    }
    took.sort((a, b) => a - b);
    // The best of them: what a busy machine adds to the others is not the service's.
    expect(took[0]).toBeLessThan(200);
  });
});

describe('the endpoint', () => {
  test('one that does not want events gets none', async () => {
    const hook = await endpoint(() => ({ status: 200, body: '{}' }));
    const service = await start({ subscriptions: [{ name: 'one', endpoint: hook.url }] });
    await publisher(service).send([cloudEvent(1)]);
    while (service.counters.failed === 0) await turn();
    expect(hook.received.map(({ method }) => method)).toEqual(['POST', 'OPTIONS']);
    expect(hook.received.every(({ headers }) => headers['aeg-event-type'] !== 'Notification')).toBe(true);
  });

  test('one that allows the origin, as CloudEvents webhooks do, gets them; it is asked once', async () => {
    const hook = await endpoint(({ method, headers }) =>
      method === 'OPTIONS'
        ? { status: 200, headers: { 'webhook-allowed-origin': String(headers['webhook-request-origin']) } }
        : { status: headers['aeg-event-type'] === 'Notification' ? 200 : 400 },
    );
    const file = freshFile();
    const subscriptions = [{ name: 'one', endpoint: hook.url }];
    const first = await start({ file, subscriptions });
    await publisher(first).send([cloudEvent(1)]);
    await hook.until(3);
    await drained(first);
    await first.stop();
    const second = await start({ file, subscriptions });
    await publisher(second).send([cloudEvent(2)]);
    await hook.until(4);
    expect(hook.received.map(({ headers }) => headers['aeg-event-type'])).toEqual([
      'SubscriptionValidation',
      undefined,
      'Notification',
      'Notification',
    ]);
  });

  test('failures are retried later and later, and counted', async () => {
    const hook = await endpoint(validating((_, count) => ({ status: count <= 4 ? 500 : 200 })));
    // 10 s, 30 s and 1 min become 10, 30 and 60 ms.
    const service = await start({ subscriptions: [{ name: 'one', endpoint: hook.url }], retryScale: 0.001 });
    await publisher(service).send([cloudEvent(1)]);
    await hook.until(5);
    await drained(service);
    const attempts = hook.received.slice(1);
    expect(attempts.map(({ headers }) => headers['aeg-delivery-count'])).toEqual(['0', '1', '2', '3']);
    const gaps = attempts.slice(1).map(({ at }, n) => at - (attempts[n]?.at ?? 0));
    for (const [n, least] of [10, 30, 60].entries()) expect(gaps[n]).toBeGreaterThanOrEqual(least - 1);
    expect(service.counters).toEqual({ published: 1, delivered: 1, failed: 3, deadLettered: 0 });
  });

  test('what no repetition will mend is dead-lettered at once', async () => {
    const hook = await endpoint(validating(() => ({ status: 400 })));
    const service = await start({ subscriptions: [{ name: 'one', endpoint: hook.url }] });
    await publisher(service).send([cloudEvent(1)]);
    await drained(service);
    expect(service.deadLetters()).toMatchObject([
      {
        subscription: 'one',
        id: 'id-1',
        type: 'Tideway.ChangesCommitted',
        reason: 'UndeliverableDueToHttpBadRequest',
        attempts: 1,
        lastOutcome: 'BadRequest',
      },
    ]);
  });

  test('after its life an event is dead-lettered', async () => {
    const hook = await endpoint(validating(() => ({ status: 500 })));
    // A day becomes 86 ms.
    const service = await start({ subscriptions: [{ name: 'one', endpoint: hook.url }], retryScale: 0.000001 });
    await publisher(service).send([cloudEvent(1)]);
    await drained(service);
    expect(service.deadLetters()).toMatchObject([{ id: 'id-1', lastOutcome: 'InternalServerError' }]);
    expect(['TimeToLiveExceeded', 'MaxDeliveryAttemptsExceeded']).toContain(service.deadLetters()[0]?.reason);
  });
});

describe('state', () => {
  test('what was not delivered is, after a restart', async () => {
    const file = freshFile();
    const hook = await endpoint(validating(() => ({ status: 200 })));
    const { port, url } = hook;
    await hook.stop();
    const subscriptions = [{ name: 'one', endpoint: url }];
    const first = await start({ file, subscriptions, retryScale: 0.01 });
    await publisher(first).send([cloudEvent(1), cloudEvent(2)]);
    while (first.counters.failed < 2) await turn();
    await first.stop();

    const back = await endpoint(
      validating(() => ({ status: 200 })),
      port,
    );
    const second = await start({ file, subscriptions, retryScale: 0.01 });
    await drained(second);
    const ids = back.received.slice(-2).map(({ body }) => (JSON.parse(body) as { id: string }).id);
    expect(ids.sort()).toEqual(['id-1', 'id-2']);
  });

  test('what waits for a subscription that is gone is dropped', async () => {
    const file = freshFile();
    const first = await start({ file, subscriptions: [{ name: 'gone', endpoint: 'http://127.0.0.1:1/hook' }] });
    await publisher(first).send([cloudEvent(1)]);
    expect(first.pending()).toBe(1);
    await first.stop();
    expect((await start({ file })).pending()).toBe(0);
  });

  test('a fault after the event was taken: the publisher sees an error, the subscriber the event', async () => {
    const faults = new Faults();
    const hook = await endpoint(validating(() => ({ status: 200 })));
    const service = await start({ faults, subscriptions: [{ name: 'one', endpoint: hook.url }] });
    faults.add(/^POST \/api\/events/, { kind: 'status', status: 503, code: 'ServerBusy', when: 'after' });
    faults.add(/^DELIVER one /, { kind: 'delay', ms: 20 });
    await expect(publisher(service).send([cloudEvent(1)])).rejects.toMatchObject({ statusCode: 503 });
    await hook.until(2);
  });
});

/** Nothing is left to deliver, and every end is on disk and counted. */
async function drained(service: EventGridService): Promise<void> {
  const { counters } = service;
  while (service.pending() > 0 || counters.delivered + counters.deadLettered === 0) await turn();
}

/** Lets I/O happen; the loop around it waits for a condition. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}
