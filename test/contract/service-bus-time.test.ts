// What comes with time, under a clock that moves when the test says: locks, time to live, schedules, windows.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ServiceBusClient } from '@azure/service-bus';
import { FakeClock } from '../local/functions-host/fake-clock.ts';
import { empty, one, receive, startBench, until } from '../local/service-bus/support.ts';
import type { Bench } from '../local/service-bus/support.ts';

let clock: FakeClock;
let bench: Bench;
let client: ServiceBusClient;
beforeEach(async () => {
  // Clients have the machine's time, and sign their tokens with it.
  clock = new FakeClock(Date.now());
  bench = await startBench({ clock });
  client = bench.client({ retryOptions: { maxRetries: 0 } });
});
afterEach(() => bench.stop());

const lost = { code: 'MessageLockLost' };

describe('the lock of a message', () => {
  test('expires: the message is given to the next one, and the old lock is lost', async () => {
    await client.createSender('short').sendMessages({ body: 'slow' });
    const receiver = client.createReceiver('short', { maxAutoLockRenewalDurationInMs: 0 });
    const first = await one(receiver);
    await clock.advance(4999);
    expect(await empty(receiver)).toBe(true);
    await clock.advance(1);
    const second = await one(receiver);
    expect(second.deliveryCount).toBe(1);
    await expect(receiver.completeMessage(first)).rejects.toMatchObject(lost);
    await receiver.completeMessage(second);
    await expect(receiver.renewMessageLock(second)).rejects.toMatchObject(lost);
  });

  test('holds while it is renewed', async () => {
    await client.createSender('short').sendMessages({ body: 'kept' });
    const receiver = client.createReceiver('short', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await one(receiver);
    for (let i = 0; i < 4; i++) {
      await clock.advance(4000);
      expect((await receiver.renewMessageLock(message)).getTime()).toBe(clock.now() + 5000);
    }
    await receiver.completeMessage(message);
    expect(await empty(receiver)).toBe(true);
  });

  test('is renewed by the client by itself, as long as it is told to', async () => {
    await client.createSender('short').sendMessages({ body: 'long work' });
    const began = clock.now();
    const renewing = client.createReceiver('short', { maxAutoLockRenewalDurationInMs: 60_000 });
    const message = await one(renewing);
    // The client asks before its own clock has come to the end of the lock.
    await clock.advance(1000);
    await until('the lock is renewed', () => message.lockedUntilUtc!.getTime() > began + 5000);
    await clock.advance(4500);
    await renewing.completeMessage(message);
  });
});

describe('the lock of a session', () => {
  test('holds while the client renews it', async () => {
    await client.createSender('short-sessions').sendMessages({ body: 1, sessionId: 'a' });
    const session = await client.acceptSession('short-sessions', 'a', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await one(session);
    for (let i = 0; i < 4; i++) {
      await clock.advance(4000);
      const until_ = await session.renewSessionLock();
      expect([until_.getTime(), session.sessionLockedUntilUtc.getTime()]).toEqual(Array(2).fill(clock.now() + 5000));
    }
    await session.completeMessage(message);
    await session.close();
  });

  test('is lost when it expires: the messages are counted, and the session goes to the next one', async () => {
    await client.createSender('short-sessions').sendMessages({ body: 1, sessionId: 'a' });
    const session = await client.acceptSession('short-sessions', 'a', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await one(session);
    const waiting = bench.client().acceptNextSession('short-sessions');
    await clock.advance(5000);
    const next = await waiting;
    expect(next.sessionId).toBe('a');
    expect((await one(next)).deliveryCount).toBe(1);
    await expect(session.completeMessage(message)).rejects.toMatchObject({ code: 'SessionLockLost' });
    await until('the first link is closed', () => session.isClosed);
    await next.close();
  });
});

test('a message that expired is gone; with dead-lettering it says so', async () => {
  await client.createSender('brief').sendMessages([{ body: 'short life' }, { body: 'shorter', timeToLive: 1000 }]);
  await client.createSender('mourned').sendMessages({ body: 'short life', timeToLive: 60_000 });
  const receiver = client.createReceiver('brief', { receiveMode: 'receiveAndDelete' });
  await clock.advance(1000);
  const dead = client.createReceiver('mourned', { subQueueType: 'deadLetter', receiveMode: 'receiveAndDelete' });
  expect(await empty(dead)).toBe(true);
  expect((await receiver.peekMessages(5)).map(({ body }) => body as unknown)).toEqual(['short life']);
  await clock.advance(9000);
  expect(await one(dead)).toMatchObject({ body: 'short life', deadLetterReason: 'TTLExpiredException' });
  expect(await empty(receiver)).toBe(true);
});

describe('a scheduled message', () => {
  test('comes at its time, under a new number', async () => {
    const sender = client.createSender('plain');
    const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
    const at = new Date(clock.now() + 3000);
    const [number] = await sender.scheduleMessages({ body: 'by operation' }, at);
    await sender.sendMessages({ body: 'by property', scheduledEnqueueTimeUtc: at });
    expect((await receiver.peekMessages(5)).map(({ state }) => state)).toEqual(['scheduled', 'scheduled']);
    await clock.advance(2999);
    expect(await empty(receiver)).toBe(true);
    await clock.advance(1);
    const messages = await receive(receiver, 2);
    expect(messages.map(({ body }) => body as unknown)).toEqual(['by operation', 'by property']);
    expect(messages[0]!.sequenceNumber!.greaterThan(number!)).toBe(true);
    expect(messages[0]!.enqueuedTimeUtc).toEqual(at);
  });

  test('that was cancelled never comes', async () => {
    const sender = client.createSender('plain');
    const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }], new Date(clock.now() + 2000));
    await sender.cancelScheduledMessages(numbers[0]!);
    await clock.advance(2000);
    const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
    expect((await one(receiver)).body).toBe(2);
    await expect(sender.cancelScheduledMessages(numbers)).rejects.toMatchObject({ code: 'MessageNotFound' });
  });
});

test('a message whose id was there within the window is accepted and dropped', async () => {
  const sender = client.createSender('once');
  await sender.sendMessages({ body: 1, messageId: 'a' });
  await sender.sendMessages([
    { body: 2, messageId: 'a' },
    { body: 3, messageId: 'b' },
    { body: 4, messageId: 'b' },
  ]);
  await clock.advance(60_000);
  await sender.sendMessages({ body: 5, messageId: 'a' });
  const receiver = client.createReceiver('once', { receiveMode: 'receiveAndDelete' });
  expect((await receive(receiver, 3)).map(({ body }) => body as unknown)).toEqual([1, 3, 5]);
  expect(await empty(receiver)).toBe(true);
});
