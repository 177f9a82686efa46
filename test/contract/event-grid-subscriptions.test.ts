// What a subscription may say, and the switches on its deliveries.
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/base/clock.ts';
import { type EventGridOptions, type EventGridService, startEventGrid } from '../../lib/local/event-grid/service.ts';
import type { Subscription } from '../../lib/local/event-grid/subscription.ts';
import { Faults } from '../../lib/local/faults.ts';
import { type Endpoint, startEndpoint, validating } from '../support/apps/endpoint.ts';

jest.setTimeout(30_000);

const topic = { name: 'tideway', key: Buffer.from('a key of the topic, of 32 bytes.').toString('base64') };
const plain = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
let hook: Endpoint;
let grid: EventGridService;

afterEach(async () => {
  await grid.stop();
  await hook.stop();
});

async function start(
  subscription: Partial<Subscription>,
  options: Partial<EventGridOptions> = {},
  answer: Parameters<typeof startEndpoint>[0] = validating(() => ({ status: 200 })),
): Promise<void> {
  hook = await startEndpoint(answer);
  grid = await startEventGrid({
    file: join(mkdtempSync(join(tmpdir(), 'event-grid-')), 'events.db'),
    topic,
    subscriptions: [{ name: 'one', endpoint: hook.url, ...subscription }],
    ...options,
  });
}

const send = (...ids: string[]): Promise<unknown> =>
  new EventGridPublisherClient(grid.url, 'EventGrid', new AzureKeyCredential(topic.key), plain).send(
    ids.map((id) => ({ id, eventType: 'T', subject: `Groups/${id}`, dataVersion: '3', data: { id } })),
  );

/** Delivered so far: ids, in the order of their arrival. */
const delivered = (): string[] =>
  hook.received
    .filter(({ headers }) => headers['aeg-event-type'] === 'Notification')
    .map(({ body }) => /"id":"([^"]+)"/.exec(body)?.[1] ?? '');

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a subscription', () => {
  test('has events of the Event Grid schema told as CloudEvents when it asks for them', async () => {
    await start({ deliverySchema: 'CloudEventSchemaV1_0' });
    await send('a');
    await until(() => delivered().length === 1);
    const last = hook.received.at(-1);
    expect(last?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(JSON.parse(last?.body ?? '')).toEqual({
      specversion: '1.0',
      id: 'a',
      type: 'T',
      subject: 'Groups/a',
      source: expect.stringMatching(/\/topics\/tideway$/) as unknown,
      time: expect.any(String) as unknown,
      data: { id: 'a' },
    });
  });

  test('is told the versions of an event that comes as it was sent', async () => {
    await start({});
    await send('a');
    await until(() => delivered().length === 1);
    expect(hook.received.at(-1)?.headers).toMatchObject({ 'aeg-data-version': '3', 'aeg-metadata-version': '1' });
  });

  test('may care for the case of subjects', async () => {
    await start({ subjectBeginsWith: 'groups/', isSubjectCaseSensitive: true });
    await send('a');
    expect(grid.pending()).toBe(0);
    expect(grid.counters.published).toBe(1);
  });

  test('may have few attempts', async () => {
    await start(
      { maxDeliveryAttempts: 2 },
      { retryScale: 0.0001 },
      validating(() => ({ status: 500 })),
    );
    await send('a');
    await until(() => grid.counters.deadLettered === 1);
    expect(grid.deadLetters()).toMatchObject([{ reason: 'MaxDeliveryAttemptsExceeded', attempts: 2 }]);
    expect(delivered()).toEqual(['a', 'a']);
  });

  test('whose endpoint cannot answer the validation is confirmed by a visit of the address it was sent', async () => {
    let address = '';
    await start({}, { retryScale: 0.001 }, ({ headers, body }) => {
      if (headers['aeg-event-type'] === 'Notification') return { status: 200 };
      address = /"validationUrl":"([^"]+)"/.exec(body)?.[1] ?? address;
      return { status: 404 };
    });
    await send('a');
    await until(() => address !== '');
    expect(delivered()).toEqual([]);
    expect((await fetch(address.replace(/id=.*/, 'id=0'))).status).toBe(404);
    expect((await fetch(address)).status).toBe(200);
    await until(() => delivered().length === 1);
  });
});

describe('the switches on deliveries', () => {
  test('paused, nothing is delivered; then all of it', async () => {
    await start({});
    grid.pause('one', true);
    await send('a', 'b');
    expect([grid.pending(), delivered()]).toEqual([2, []]);
    grid.pause('one', false);
    await until(() => grid.pending() === 0);
    expect(delivered().sort()).toEqual(['a', 'b']);
    expect(() => grid.pause('another', true)).toThrow('there is no subscription another');
  });

  test('twice, late, and after the others', async () => {
    const faults = new Faults();
    const late = Promise.withResolvers<void>();
    // The delay ends when the other event is there, however slow this machine is.
    const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
      ms === 60 ? late.promise : systemClock.sleep(ms, signal);
    await start({}, { faults, clock: { ...systemClock, sleep } });
    await send('first');
    await until(() => grid.pending() === 0);
    faults.add(/^DELIVER one T$/, { kind: 'delay', ms: 60 });
    await send('late');
    await send('soon');
    await until(() => delivered().length === 2);
    late.resolve();
    await until(() => grid.pending() === 0);
    expect(delivered()).toEqual(['first', 'soon', 'late']);
    faults.add(/^DELIVER one T$/, { kind: 'duplicate' });
    await send('twice');
    await until(() => grid.pending() === 0);
    expect(delivered().slice(3)).toEqual(['twice', 'twice']);
  });

  test('whose answer is lost comes again', async () => {
    const faults = new Faults();
    await start({}, { faults, retryScale: 0.001 });
    faults.add(/^DELIVER/, { kind: 'drop', when: 'after' });
    await send('a');
    await until(() => grid.pending() === 0);
    expect(delivered()).toEqual(['a', 'a']);
  });
});
