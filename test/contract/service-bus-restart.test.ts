import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { empty, one, receive, startBench, until } from '../local/service-bus/support.ts';
import type { Bench } from '../local/service-bus/support.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.stop());

test('everything is there again: order, counts, deferred, dead, scheduled, sessions and their state', async () => {
  const client = bench.client();
  const sender = client.createSender('plain');
  await sender.sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }, { body: 4 }]);
  const receiver = client.createReceiver('plain');
  const [first, second, third] = await receive(receiver, 3);
  await receiver.abandonMessage(first!, { tried: true });
  await receiver.deferMessage(second!);
  await receiver.deadLetterMessage(third!, { deadLetterReason: 'r', deadLetterErrorDescription: 'd' });
  const locked = await one(receiver);
  expect(locked.body).toBe(1);
  await sender.scheduleMessages({ body: 'later' }, new Date(Date.now() + 1000));
  const session = await client.acceptSession('sessions', 'a');
  await session.setSessionState('kept');
  await client.createSender('sessions').sendMessages({ body: 's', sessionId: 'a' });
  await one(session);

  await bench.restart();
  const again = bench.client();
  const after = again.createReceiver('plain');
  // The lock of the first went with the broker, its failed delivery did not.
  const back = await receive(after, 2);
  expect(back.map(({ body, deliveryCount }) => [body as unknown, deliveryCount])).toEqual([
    [1, 1],
    [4, 0],
  ]);
  expect(back[0]!.applicationProperties).toEqual({ tried: true });
  expect((await after.receiveDeferredMessages(second!.sequenceNumber!))[0]!.body).toBe(2);
  const dead = again.createReceiver('plain', { subQueueType: 'deadLetter' });
  expect(await one(dead)).toMatchObject({ body: 3, deadLetterReason: 'r', deadLetterSource: 'plain' });
  expect((await one(after)).body).toBe('later');
  const held = await again.acceptSession('sessions', 'a');
  expect(await held.getSessionState()).toBe('kept');
  expect(await one(held)).toMatchObject({ body: 's', deliveryCount: 0 });
  await sender.close();
});

test('numbers are never given twice', async () => {
  const client = bench.client();
  const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
  await client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }]);
  const [, last] = await receive(receiver, 2);
  await bench.restart();
  const again = bench.client();
  await again.createSender('plain').sendMessages({ body: 3 });
  const next = await one(again.createReceiver('plain', { receiveMode: 'receiveAndDelete' }));
  expect(next.sequenceNumber!.greaterThan(last!.sequenceNumber!)).toBe(true);
});

test('clients come back by themselves, a sender and a subscriber', async () => {
  // A send that was on its way when the connection broke is tried again after its time-out, not before.
  const retryOptions = { retryDelayInMs: 50, maxRetryDelayInMs: 200, timeoutInMs: 1000 };
  const client = bench.client({ retryOptions });
  const seen: unknown[] = [];
  const receiver = client.createReceiver('plain');
  receiver.subscribe({
    processMessage: (message: ServiceBusReceivedMessage) => {
      seen.push(message.body);
      return Promise.resolve();
    },
    processError: () => Promise.resolve(),
  });
  const sender = client.createSender('plain');
  await sender.sendMessages({ body: 1 });
  // A message that is being completed when the broker goes away would come again.
  await until('the first is settled', () => bench.service.counters.settled === 1);
  await bench.restart();
  await sender.sendMessages({ body: 2 });
  await until('the second came', () => seen.includes(2));
  // On a machine that stands still the client may send it twice.
  expect([...new Set(seen)]).toEqual([1, 2]);
  expect(seen.indexOf(1)).toBe(seen.lastIndexOf(1));
  await until('the second is settled', () => bench.service.counters.settled === seen.length - 1);
  await receiver.close();
});

test('a receive that waits when the broker goes away ends with it, and the next one works', async () => {
  const client = bench.client({ retryOptions: { maxRetries: 0 } });
  const receiver = client.createReceiver('plain');
  for (const body of [1, 2]) {
    expect(await empty(receiver)).toBe(true);
    const waiting = receiver.receiveMessages(10, { maxWaitTimeInMs: 60_000 }).then(
      () => 'nothing was noticed',
      () => 'it ended',
    );
    await bench.restart();
    expect(await waiting).toBe('it ended');
    await client.createSender('plain').sendMessages({ body });
    const message = await one(receiver);
    expect(message.body).toBe(body);
    await receiver.completeMessage(message);
  }
});

test('a second broker over the same file is refused', async () => {
  await expect(startBench({ file: bench.file })).rejects.toMatchObject({ code: 'state_locked' });
});

test('a port that is taken is an error, and leaves the state free', async () => {
  const { port } = bench.service;
  await expect(startBench({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
