// Deliveries to Service Bus, received by its official client.
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EventGridService, startEventGrid } from '../../lib/local/event-grid/service.ts';
import type { Subscription } from '../../lib/local/event-grid/subscription.ts';
import { type ServiceBusService, startServiceBus } from '../../lib/local/service-bus/start.ts';
import { connectionString } from '../local/service-bus/support.ts';
import { rootKey, topology } from '../local/service-bus/fixture.ts';

const key = Buffer.from('a key of the topic, of 32 bytes.').toString('base64');
let folder: string;
let bus: ServiceBusService;
let client: ServiceBusClient;
let grid: EventGridService | undefined;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'event-grid-queues-'));
  bus = await startServiceBus({ file: path.join(folder, 'bus.db'), topology, keys: [rootKey] });
  client = new ServiceBusClient(connectionString(bus.port));
});
afterEach(async () => {
  await client.close();
  await grid?.stop();
  grid = undefined;
  await bus.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(subscription: Partial<Subscription>): Promise<EventGridService> {
  grid = await startEventGrid({
    file: path.join(folder, 'events.db'),
    topic: { name: 'tideway', key },
    subscriptions: [{ name: 'one', endpoint: 'servicebus:plain', ...subscription }],
    serviceBus: connectionString(bus.port),
    retryScale: 0.0001,
  });
  return grid;
}

async function send(service: EventGridService, ...ids: readonly string[]): Promise<void> {
  const plain = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
  const publisher = new EventGridPublisherClient(service.url, 'EventGrid', new AzureKeyCredential(key), plain);
  await publisher.send(ids.map((id) => ({ id, eventType: 'T', subject: `s/${id}`, dataVersion: '1', data: { id } })));
}

const receive = (count: number): Promise<ServiceBusReceivedMessage[]> =>
  client
    .createReceiver('plain', { receiveMode: 'receiveAndDelete' })
    .receiveMessages(count, { maxWaitTimeInMs: 20_000 });

describe('a subscription of a queue', () => {
  test('gets a message an event, with what HTTP has as headers', async () => {
    await send(await start({}), 'a');
    const [message] = await receive(1);
    expect(message?.body).toMatchObject({ id: 'a', eventType: 'T', data: { id: 'a' } });
    expect(message?.applicationProperties).toEqual({
      'aeg-event-type': 'Notification',
      'aeg-subscription-name': 'ONE',
      'aeg-delivery-count': '0',
      'aeg-data-version': '1',
      'aeg-metadata-version': '1',
      'aeg-output-event-id': message?.messageId,
    });
  });

  test('of CloudEvents gets them as such, properties of its own beside them', async () => {
    const deliveryAttributeMappings = [
      { name: 'Tenant', type: 'Dynamic', properties: { sourceField: 'data.id' } },
    ] as const;
    await send(await start({ deliverySchema: 'CloudEventSchemaV1_0', deliveryAttributeMappings }), 'a');
    const [message] = await receive(1);
    expect(message?.body).toMatchObject({ specversion: '1.0', id: 'a' });
    expect(message?.contentType).toBe('application/cloudevents+json; charset=utf-8');
    expect(message?.applicationProperties).toMatchObject({ tenant: 'a' });
  });

  test('of sessions names the session', async () => {
    const deliveryAttributeMappings = [
      { name: 'SessionId', type: 'Dynamic', properties: { sourceField: 'subject' } },
    ] as const;
    await send(await start({ endpoint: 'servicebus:sessions', deliveryAttributeMappings }), 'a');
    const session = await client.acceptSession('sessions', 's/a');
    const [message] = await session.receiveMessages(1, { maxWaitTimeInMs: 20_000 });
    expect(message?.body).toMatchObject({ id: 'a' });
  });

  test('that is not there is tried again, and then its events are dead-lettered', async () => {
    const service = await start({ endpoint: 'servicebus:nowhere', maxDeliveryAttempts: 2 });
    await send(service, 'a');
    while (service.deadLetters().length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(service.deadLetters()).toMatchObject([{ attempts: 2, status: 404, lastOutcome: 'NotFound' }]);
  });

  test('gets its events when the broker is back', async () => {
    const service = await start({});
    const { port } = bus;
    await bus.stop();
    await send(service, 'a');
    while (service.counters.failed === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    bus = await startServiceBus({ file: path.join(folder, 'bus.db'), port, topology, keys: [rootKey] });
    const [message] = await receive(1);
    expect(message?.body).toMatchObject({ id: 'a' });
  });

  test('needs a namespace', async () => {
    const subscriptions = [{ name: 'one', endpoint: 'servicebus:plain' }];
    const options = { file: ':memory:', topic: { name: 't', key }, subscriptions };
    await expect(startEventGrid(options)).rejects.toMatchObject({ code: 'subscription_invalid' });
  });
});
