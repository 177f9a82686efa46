import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ServiceBusClient, ServiceBusReceiver } from '@azure/service-bus';
import { empty, one, receive, until } from '../local/service-bus/support.ts';
import { serviceBusContract } from './service-bus/contract.ts';

serviceBusContract((bench) => {
  let client: ServiceBusClient;
  beforeEach(() => {
    client = bench.client();
  });

  describe('send and receive', () => {
    test('a message keeps its body and all its properties', async () => {
      const receiver = client.createReceiver('plain');
      const sent = {
        body: { text: 'Grüße', list: [1, 2.5, null] },
        messageId: randomUUID(),
        contentType: 'application/json',
        correlationId: 'c',
        subject: 's',
        to: 't',
        replyTo: 'r',
        replyToSessionId: 'rs',
        partitionKey: 'p',
        timeToLive: 60_000,
        applicationProperties: { text: 'a', whole: 42, part: 0.5, yes: true, at: new Date(1_700_000_000_123) },
      };
      const before = Date.now();
      await client.createSender('plain').sendMessages(sent);
      const message = await one(receiver);
      // The client turns dates among the properties into numbers.
      const applicationProperties = { ...sent.applicationProperties, at: 1_700_000_000_123 };
      expect(message).toMatchObject({ ...sent, applicationProperties, deliveryCount: 0, state: 'active' });
      expect(message.enqueuedTimeUtc!.getTime()).toBeGreaterThanOrEqual(before - 1);
      expect(message.expiresAtUtc!.getTime() - message.enqueuedTimeUtc!.getTime()).toBe(60_000);
      expect(message.lockedUntilUtc!.getTime()).toBeGreaterThan(before + 29_000);
      await receiver.completeMessage(message);
      expect(await empty(receiver)).toBe(true);
      await receiver.close();
    });

    test.each([
      ['text', 'a line of text'],
      ['bytes', Buffer.from([0, 1, 2, 255])],
      ['nothing', null],
      ['a number', 9_007_199_254_740_991],
      ['60,000 bytes, more than one frame', 'x'.repeat(60_000)],
      ['200,000 bytes', 'y'.repeat(200_000)],
    ])('a body of %s', async (_, body) => {
      const receiver = client.createReceiver('plain');
      await client.createSender('plain').sendMessages({ body });
      const message = await one(receiver);
      expect(message.body).toEqual(body);
      // The client cannot settle a message without an id, so the broker gives one.
      expect(message.messageId).toMatch(/^[0-9a-f]{32}$/);
      await receiver.completeMessage(message);
      await receiver.close();
    });

    test('an array, a batch and single messages come in the order they were sent', async () => {
      const sender = client.createSender('plain');
      await sender.sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
      const batch = await sender.createMessageBatch();
      expect(batch.maxSizeInBytes).toBe(256 * 1024);
      expect([batch.tryAddMessage({ body: 4 }), batch.tryAddMessage({ body: 5 })]).toEqual([true, true]);
      await sender.sendMessages(batch);
      await sender.sendMessages({ body: 6 });
      const receiver = client.createReceiver('plain');
      const messages = await receive(receiver, 6);
      expect(messages.map(({ body }) => body as unknown)).toEqual([1, 2, 3, 4, 5, 6]);
      const seqs = messages.map(({ sequenceNumber }) => sequenceNumber!.toNumber());
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      await Promise.all(messages.map((message) => receiver.completeMessage(message)));
      await receiver.close();
    });

    test('more messages than any window holds, settled in any order', async () => {
      const sender = client.createSender('plain');
      const total = 5000;
      for (let i = 0; i < total; i += 500)
        await sender.sendMessages(Array.from({ length: 500 }, (_, j) => ({ body: i + j })));
      const receiver = client.createReceiver('plain');
      const seen: number[] = [];
      while (seen.length < total) {
        const messages = await receiver.receiveMessages(700, { maxWaitTimeInMs: 3000 });
        seen.push(...messages.map(({ body }) => body as number));
        await Promise.all(messages.reverse().map((message) => receiver.completeMessage(message)));
      }
      expect(seen).toEqual(Array.from({ length: total }, (_, i) => i));
      expect(await empty(receiver)).toBe(true);
      await receiver.close();
    });

    test('an empty receive drains the link, which then works on', async () => {
      const receiver = client.createReceiver('plain');
      const start = performance.now();
      expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 50 })).toEqual([]);
      expect(performance.now() - start).toBeLessThan(5000);
      await client.createSender('plain').sendMessages({ body: 'later' });
      await receiver.completeMessage(await one(receiver));
      await receiver.close();
    });

    test('subscribe settles by itself, and messages are shared between receivers', async () => {
      const total = 60;
      const counts = [0, 0];
      const seen = new Set<unknown>();
      const receivers = [client.createReceiver('plain'), bench.client().createReceiver('plain')];
      receivers.forEach((receiver, index) =>
        receiver.subscribe({
          processMessage: (message) => {
            counts[index]!++;
            seen.add(message.body);
            return Promise.resolve();
          },
          processError: () => Promise.resolve(),
        }),
      );
      const sender = client.createSender('plain');
      for (let i = 0; i < total; i++) await sender.sendMessages({ body: i });
      await until('all seen', () => seen.size === total);
      expect(Math.min(...counts)).toBeGreaterThan(0);
      await Promise.all(receivers.map((receiver) => receiver.close()));
      const peeker = client.createReceiver('plain');
      expect(await peeker.peekMessages(10)).toEqual([]);
      await peeker.close();
    });

    test('receive and delete', async () => {
      await client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }]);
      const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
      expect((await receive(receiver, 2)).map(({ body }) => body as unknown)).toEqual([1, 2]);
      expect(await empty(receiver)).toBe(true);
      await receiver.close();
    });
  });

  describe('peek-lock', () => {
    let receiver: ServiceBusReceiver;
    const send = (queue: string, body: unknown): Promise<void> => client.createSender(queue).sendMessages({ body });

    test('an abandoned message comes again, counted, with the properties that were set', async () => {
      receiver = client.createReceiver('plain');
      await client.createSender('plain').sendMessages({ body: 'a', applicationProperties: { kept: 'k', changed: 1 } });
      await receiver.abandonMessage(await one(receiver), { changed: 2, added: 'x' });
      const again = await one(receiver);
      expect(again).toMatchObject({ deliveryCount: 1, applicationProperties: { kept: 'k', changed: 2, added: 'x' } });
      await receiver.completeMessage(again);
      await receiver.close();
    });

    test('a message is dead-lettered with reason, description and properties', async () => {
      receiver = client.createReceiver('plain');
      await send('plain', 'dead');
      const message = await one(receiver);
      await receiver.deadLetterMessage(message, {
        deadLetterReason: 'because',
        deadLetterErrorDescription: 'of this',
        more: 'told',
      });
      const dead = client.createReceiver('plain', { subQueueType: 'deadLetter' });
      const found = await one(dead);
      expect(found).toMatchObject({
        body: 'dead',
        deadLetterReason: 'because',
        deadLetterErrorDescription: 'of this',
        deadLetterSource: 'plain',
        applicationProperties: { more: 'told' },
      });
      expect(found.sequenceNumber!.equals(message.sequenceNumber!)).toBe(true);
      await expect(dead.deadLetterMessage(found)).rejects.toThrow('cannot be dead-lettered again');
      await dead.completeMessage(await one(dead));
      await Promise.all([receiver.close(), dead.close()]);
    });

    test('the last delivery that is allowed sends a message to the dead-letter queue', async () => {
      receiver = client.createReceiver('plain');
      await send('plain', 'poison');
      for (let count = 0; count < 3; count++) {
        const message = await one(receiver);
        expect(message.deliveryCount).toBe(count);
        await receiver.abandonMessage(message);
      }
      expect(await empty(receiver)).toBe(true);
      const dead = client.createReceiver('plain', { subQueueType: 'deadLetter', receiveMode: 'receiveAndDelete' });
      expect(await one(dead)).toMatchObject({ deadLetterReason: 'MaxDeliveryCountExceeded', deliveryCount: 3 });
      await Promise.all([receiver.close(), dead.close()]);
    });

    test('a deferred message is found by its number alone', async () => {
      receiver = client.createReceiver('plain');
      await send('plain', 'later');
      const message = await one(receiver);
      await receiver.deferMessage(message, { why: 'busy' });
      expect(await empty(receiver)).toBe(true);
      expect((await receiver.peekMessages(1))[0]).toMatchObject({ state: 'deferred' });
      const [deferred] = await receiver.receiveDeferredMessages(message.sequenceNumber!);
      expect(deferred).toMatchObject({ body: 'later', applicationProperties: { why: 'busy' }, state: 'deferred' });
      await receiver.abandonMessage(deferred!);
      const [again] = await receiver.receiveDeferredMessages(message.sequenceNumber!);
      expect(again!.deliveryCount).toBe(1);
      await receiver.completeMessage(again!);
      await expect(receiver.receiveDeferredMessages(message.sequenceNumber!)).rejects.toMatchObject({
        code: 'MessageNotFound',
      });
      await receiver.close();
    });

    test('a lock outlives the link: it is settled through the management node', async () => {
      receiver = client.createReceiver('plain');
      await send('plain', 'orphan');
      const message = await one(receiver);
      await receiver.close();
      const other = client.createReceiver('plain');
      expect(await empty(other)).toBe(true);
      await other.completeMessage(message);
      expect(await other.peekMessages(1)).toEqual([]);
      await other.close();
    });

    test('peek shows what is there, locked or not, and changes nothing', async () => {
      receiver = client.createReceiver('plain');
      await client.createSender('plain').sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }]);
      const message = await one(receiver);
      expect((await receiver.peekMessages(2)).map(({ body }) => body as unknown)).toEqual([1, 2]);
      expect((await receiver.peekMessages(2)).map(({ body }) => body as unknown)).toEqual([3]);
      const [again] = await receiver.peekMessages(1, { fromSequenceNumber: message.sequenceNumber! });
      expect(again).toMatchObject({ body: 1, deliveryCount: 0, lockToken: undefined });
      await receiver.completeMessage(message);
      for (const rest of await receive(receiver, 2)) await receiver.completeMessage(rest);
      await receiver.close();
    });
  });

  describe('refusals', () => {
    const quick = { retryOptions: { maxRetries: 0, timeoutInMs: 3000 } };

    test('an entity that is not there', async () => {
      const quickClient = bench.client(quick);
      const missing = { code: 'MessagingEntityNotFound' };
      await expect(quickClient.createSender('nowhere').sendMessages({ body: 1 })).rejects.toMatchObject(missing);
      await expect(quickClient.createReceiver('nowhere').receiveMessages(1)).rejects.toMatchObject(missing);
      await expect(quickClient.createReceiver('sites', 'nobody').peekMessages(1)).rejects.toMatchObject(missing);
    });

    test('sessions where there are none, and none where they are needed', async () => {
      const quickClient = bench.client(quick);
      await expect(quickClient.createSender('sessions').sendMessages({ body: 1 })).rejects.toMatchObject({
        message: expect.stringContaining('SessionId was not set'),
      });
      await expect(quickClient.createReceiver('sessions').receiveMessages(1)).rejects.toMatchObject({
        message: expect.stringContaining('requires sessions'),
      });
      await expect(quickClient.acceptSession('plain', 'a')).rejects.toThrow('may be locked by another');
    });

    test('one message of a pair is refused, the other is accepted, though both are answered at once', async () => {
      const sender = client.createSender('sessions');
      const outcomes = await Promise.allSettled([
        sender.sendMessages({ body: 'good', sessionId: 'pair' }),
        sender.sendMessages({ body: 'bad' }),
        sender.sendMessages({ body: 'good', sessionId: 'pair' }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      const session = await client.acceptSession('sessions', 'pair', { receiveMode: 'receiveAndDelete' });
      expect((await session.receiveMessages(5, { maxWaitTimeInMs: 100 })).map(({ body }) => body as unknown)).toEqual([
        'good',
        'good',
      ]);
      await session.close();
    });

    test('a batch with one bad message is refused whole', async () => {
      const sender = client.createSender('sessions');
      await expect(sender.sendMessages([{ body: 1, sessionId: 'whole' }, { body: 2 }])).rejects.toThrow('SessionId');
      const receiver = await client.acceptSession('sessions', 'whole');
      expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 50 })).toEqual([]);
      await receiver.close();
    });

    test('a state, a scheduled message and a request that are too large: the connection goes on', async () => {
      const holder = bench.client(quick);
      const session = await holder.acceptSession('sessions', 'a');
      await session.setSessionState('x'.repeat(250_000));
      await expect(session.setSessionState('x'.repeat(270_000))).rejects.toMatchObject({ code: 'MessageSizeExceeded' });
      const sender = holder.createSender('plain');
      const later = new Date(Date.now() + 3_600_000);
      const body = 'x'.repeat(100_000);
      const [number] = await sender.scheduleMessages([{ body }, { body }, { body }, { body }], later);
      await sender.cancelScheduledMessages(number!);
      const large = sender.scheduleMessages({ body: 'x'.repeat(270_000) }, later);
      await expect(large).rejects.toMatchObject({ code: 'MessageSizeExceeded' });
      const huge = sender.scheduleMessages(Array(12).fill({ body }), later);
      await expect(huge).rejects.toMatchObject({ name: expect.stringMatching(/Error/) });
      // The session is still held: its connection was not broken.
      expect(await session.getSessionState()).toBe('x'.repeat(250_000));
      await session.setSessionState(null);
      await session.close();
    });

    test.each([
      ['a session id', { sessionId: 's'.repeat(129) }],
      ['a partition key', { partitionKey: 'p'.repeat(129) }],
      ['properties', { applicationProperties: { p: 'x'.repeat(66_000) } }],
    ])('%s beyond the limit', async (_, fields) => {
      const sender = bench.client(quick).createSender('plain');
      await expect(sender.sendMessages({ body: 1, ...fields })).rejects.toMatchObject({ name: expect.anything() });
      expect(await empty(client.createReceiver('plain'))).toBe(true);
    });

    test('a message beyond the limit of the link', async () => {
      const sender = bench.client(quick).createSender('plain');
      await expect(sender.sendMessages({ body: 'z'.repeat(300_000) })).rejects.toMatchObject({
        code: 'MessageSizeExceeded',
      });
      await sender.sendMessages({ body: 'small' });
      const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
      expect((await one(receiver)).body).toBe('small');
      await receiver.close();
    });
  });
});
