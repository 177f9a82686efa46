import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ServiceBusClient } from '@azure/service-bus';
import { Faults } from '../../lib/local/faults.ts';
import { empty, one, receive, startBench, until } from '../local/service-bus/support.ts';
import type { Bench } from '../local/service-bus/support.ts';

const faults = new Faults();
let bench: Bench;
let client: ServiceBusClient;
beforeEach(async () => {
  faults.clear();
  bench = await startBench({ faults });
  client = bench.client({ retryOptions: { timeoutInMs: 500, maxRetries: 5, retryDelayInMs: 20 } });
});
afterEach(() => bench.stop());

describe('planted', () => {
  test('a delay', async () => {
    const sender = client.createSender('plain');
    await sender.sendMessages({ body: 1 });
    faults.add(/^send plain$/, { kind: 'delay', ms: 150 });
    const start = performance.now();
    await sender.sendMessages({ body: 2 });
    expect(performance.now() - start).toBeGreaterThanOrEqual(149);
  });

  test('a connection that breaks before or after a message is stored: the client sends again', async () => {
    const sender = client.createSender('plain');
    await sender.sendMessages({ body: 'first' });
    faults.add(/^send plain$/, { kind: 'drop', when: 'before' });
    await sender.sendMessages({ body: 'lost on the way' });
    faults.add(/^send plain$/, { kind: 'drop', when: 'after' });
    await sender.sendMessages({ body: 'answer lost' });
    const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
    const bodies = (await receive(receiver, 4)).map(({ body }) => body as unknown);
    // On a machine that stands still the client may send any of them once more.
    expect([...new Set(bodies)]).toEqual(['first', 'lost on the way', 'answer lost']);
    expect(bodies.filter((body) => body === 'answer lost').length).toBeGreaterThanOrEqual(2);
  });

  test('a refusal, and an error after the work was done', async () => {
    const sender = client.createSender('plain');
    faults.add(/^send plain$/, { kind: 'status', status: 0, code: 'com.microsoft:server-busy', when: 'before' });
    await sender.sendMessages({ body: 'again' });
    const receiver = client.createReceiver('plain');
    const message = await one(receiver);
    faults.add(/^settle complete plain$/, { kind: 'status', status: 0, code: 'amqp:not-allowed', when: 'after' });
    await expect(receiver.completeMessage(message)).rejects.toThrow('planted fault');
    expect(await empty(receiver)).toBe(true);
    await receiver.close();
  });

  test('on management and tokens', async () => {
    faults.add(/^token /, { kind: 'status', status: 0, code: 'amqp:unauthorized-access', when: 'before' });
    await expect(
      bench
        .client({ retryOptions: { maxRetries: 0 } })
        .createSender('plain')
        .sendMessages({ body: 1 }),
    ).rejects.toMatchObject({ code: 'UnauthorizedAccess' });
    const receiver = client.createReceiver('plain');
    faults.add(/^manage peek-message plain$/, { kind: 'status', status: 0, code: 'amqp:not-allowed', when: 'before' });
    await expect(receiver.peekMessages(1)).rejects.toThrow('planted fault');
    expect(await receiver.peekMessages(1)).toEqual([]);
    await receiver.close();
  });
});

describe('switches', () => {
  test('a pause holds deliveries back', async () => {
    const queue = bench.service.faultsOf('plain');
    queue.pause(true);
    await client.createSender('plain').sendMessages({ body: 1 });
    const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 100 })).toEqual([]);
    const waiting = one(receiver);
    queue.pause(false);
    expect((await waiting).body).toBe(1);
    await receiver.close();
  });

  test('lost locks give the message to the next one', async () => {
    await client.createSender('plain').sendMessages({ body: 1 });
    const receiver = client.createReceiver('plain');
    const message = await one(receiver);
    bench.service.faultsOf('plain').loseLocks();
    await expect(receiver.completeMessage(message)).rejects.toMatchObject({ code: 'MessageLockLost' });
    expect((await one(receiver)).deliveryCount).toBe(1);
    await receiver.close();
  });

  test('a lost session ends its link, and its messages come first for the next owner', async () => {
    await client.createSender('sessions').sendMessages([1, 2, 3].map((body) => ({ body, sessionId: 'a' })));
    const session = await client.acceptSession('sessions', 'a');
    await receive(session, 2);
    const next = bench.client().acceptNextSession('sessions');
    bench.service.faultsOf('sessions').loseLocks();
    await until('the link is closed', () => session.isClosed);
    const messages = await receive(await next, 3);
    expect(messages.map(({ body, deliveryCount }) => [body as unknown, deliveryCount])).toEqual([
      [1, 1],
      [2, 1],
      [3, 0],
    ]);
    await (await next).close();
  });

  test('a delivery comes twice', async () => {
    bench.service.faultsOf('plain').duplicate(1);
    await client.createSender('plain').sendMessages({ body: 1 });
    const receiver = client.createReceiver('plain');
    const [first, second] = await receive(receiver, 2);
    expect(first!.sequenceNumber!.equals(second!.sequenceNumber!)).toBe(true);
    await receiver.completeMessage(second!);
    await expect(receiver.completeMessage(first!)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await receiver.close();
  });

  test('an entity that is not there', () => {
    expect(() => bench.service.faultsOf('nowhere')).toThrow('could not be found');
  });
});

test('counters tell what was done', async () => {
  await client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }]);
  const receiver = client.createReceiver('plain');
  const messages = await receive(receiver, 2);
  for (const message of messages) await receiver.completeMessage(message);
  const { messagesIn, delivered, settled, commits } = bench.service.counters;
  expect({ messagesIn, delivered, settled }).toEqual({ messagesIn: 2, delivered: 2, settled: 2 });
  expect(commits).toBeGreaterThanOrEqual(3);
  await receiver.close();
});
