// Options and calls of the client that the other suites have no occasion for.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type {
  RuleProperties,
  ServiceBusClient,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
} from '@azure/service-bus';
import { empty, one, receive, until } from '../local/service-bus/support.ts';
import { serviceBusContract } from './service-bus/contract.ts';

serviceBusContract((bench) => {
  let client: ServiceBusClient;
  beforeEach(() => {
    client = bench.client();
  });

  const numbers = (count: number): { body: number; sessionId: string }[] =>
    Array.from({ length: count }, (_, body) => ({ body, sessionId: 'a' }));
  const bodies = (messages: readonly ServiceBusReceivedMessage[]): unknown[] =>
    messages.map(({ body }) => body as unknown);

  describe('sending', () => {
    test('a batch tells its size, and takes no more than its limit', async () => {
      const sender = client.createSender('plain', { identifier: 'sender-1' });
      expect([sender.identifier, sender.entityPath]).toEqual(['sender-1', 'plain']);
      const batch = await sender.createMessageBatch({ maxSizeInBytes: 2000 });
      const body = 'x'.repeat(400);
      const taken = [1, 2, 3, 4, 5, 6].map(() => batch.tryAddMessage({ body }));
      expect([batch.maxSizeInBytes, batch.count]).toEqual([2000, taken.filter(Boolean).length]);
      expect(batch.count).toBeLessThan(5);
      expect(batch.sizeInBytes).toBeGreaterThan(batch.count * 400);
      await sender.sendMessages(batch);
      await receive(client.createReceiver('plain', { receiveMode: 'receiveAndDelete' }), batch.count);
      await expect(sender.createMessageBatch({ maxSizeInBytes: 300_000 })).rejects.toThrow(
        'greater than maximum message size (262144 bytes)',
      );
    });

    test('a sender that is closed says so', async () => {
      const sender = client.createSender('plain');
      expect(sender.isClosed).toBe(false);
      await sender.close();
      expect(sender.isClosed).toBe(true);
      await expect(sender.sendMessages({ body: 1 })).rejects.toThrow('closed');
    });

    test('a message in the form of AMQP keeps its sections', async () => {
      const sent = {
        body: [1, 'two', [3]],
        bodyType: 'sequence' as const,
        header: { priority: 7, durable: true },
        properties: { messageId: 'm', groupId: 'g', subject: 's', contentEncoding: 'utf-8' },
        applicationProperties: { a: 1 },
        messageAnnotations: { 'x-own': 'kept' },
        footer: { f: 'kept' },
      };
      await client.createSender('plain').sendMessages([sent, { body: { v: 1 }, bodyType: 'value' }]);
      const [first, second] = await receive(client.createReceiver('plain', { receiveMode: 'receiveAndDelete' }), 2);
      // The client gives a sequence back in the shape of its AMQP library.
      expect(first!._rawAmqpMessage).toMatchObject({ ...sent, body: { content: sent.body } });
      expect(second!._rawAmqpMessage).toMatchObject({ body: { v: 1 }, bodyType: 'value' });
    });

    test('ids may be numbers and bytes', async () => {
      const id = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');
      await client.createSender('plain').sendMessages([
        { body: 1, messageId: 7, correlationId: 8 },
        { body: 2, messageId: id, correlationId: id },
      ]);
      const [first, second] = await receive(client.createReceiver('plain', { receiveMode: 'receiveAndDelete' }), 2);
      expect(first).toMatchObject({ messageId: 7, correlationId: 8 });
      expect(second).toMatchObject({ messageId: id, correlationId: id });
    });
  });

  describe('receiving', () => {
    test('bodies and dates stay as they are where the client is told so', async () => {
      const at = new Date(1_700_000_000_123);
      await client.createSender('plain').sendMessages({ body: { v: 1 }, applicationProperties: { at } });
      const receiver = client.createReceiver('plain', {
        receiveMode: 'receiveAndDelete',
        skipParsingBodyAsJson: true,
        skipConvertingDate: true,
        identifier: 'receiver-1',
      });
      expect([receiver.identifier, receiver.entityPath, receiver.receiveMode]).toEqual([
        'receiver-1',
        'plain',
        'receiveAndDelete',
      ]);
      const message = await one(receiver);
      expect(Buffer.from(message.body as Uint8Array).toString()).toBe('{"v":1}');
      expect(message.applicationProperties).toEqual({ at });
    });

    test('an iterator gives one message after the other', async () => {
      await client.createSender('plain').sendMessages(numbers(3));
      const receiver = client.createReceiver('plain');
      const seen: unknown[] = [];
      for await (const message of receiver.getMessageIterator()) {
        seen.push(message.body);
        await receiver.completeMessage(message);
        if (seen.length === 3) break;
      }
      expect(seen).toEqual([0, 1, 2]);
      await receiver.close();
      expect(receiver.isClosed).toBe(true);
    });

    test('a subscriber handles as many at a time as it said, and settles by itself only if it is to', async () => {
      await client.createSender('plain').sendMessages(numbers(12));
      const receiver = client.createReceiver('plain');
      const open = new Map<unknown, () => void>();
      let most = 0;
      const subscription = receiver.subscribe(
        {
          processMessage: async ({ body }) => {
            await new Promise<void>((resolve) => {
              open.set(body, resolve);
              most = Math.max(most, open.size);
            });
          },
          processError: () => Promise.resolve(),
        },
        { autoCompleteMessages: false, maxConcurrentCalls: 3 },
      );
      for (let left = 12; left > 0; left--) {
        await until('somebody is at work', () => open.size === Math.min(3, left));
        const [body, end] = [...open][0]!;
        open.delete(body);
        end();
      }
      expect(most).toBe(3);
      await subscription.close();
      await receiver.close();
      expect(await client.createReceiver('plain').peekMessages(20)).toHaveLength(12);
    });

    test('a subscriber that fails gives its message back, and hears of it', async () => {
      await client.createSender('plain').sendMessages({ body: 'bad luck' });
      const receiver = client.createReceiver('plain');
      const errors: string[] = [];
      let handled = 0;
      receiver.subscribe({
        processMessage: () => (handled++ === 0 ? Promise.reject(new Error('not today')) : Promise.resolve()),
        processError: ({ error, errorSource }) => Promise.resolve(void errors.push(`${errorSource}: ${error.message}`)),
      });
      await until('it was handled again', () => handled === 2);
      expect(errors).toEqual(['processMessageCallback: not today']);
      await receiver.close();
    });

    test('deferring and abandoning may set properties', async () => {
      await client.createSender('plain').sendMessages({ body: 1, applicationProperties: { kept: 1 } });
      const receiver = client.createReceiver('plain');
      const message = await one(receiver);
      await receiver.deferMessage(message, { why: 'later', at: new Date(5), none: null });
      const [deferred] = await receiver.receiveDeferredMessages([message.sequenceNumber!]);
      expect(deferred!.state).toBe('deferred');
      expect(deferred!.applicationProperties).toEqual({ kept: 1, why: 'later', at: 5, none: null });
      await receiver.abandonMessage(deferred!, { why: 'again' });
      const [again] = await receiver.receiveDeferredMessages(message.sequenceNumber!);
      expect(again!.applicationProperties).toMatchObject({ kept: 1, why: 'again' });
      await receiver.deadLetterMessage(again!, { deadLetterReason: 'r', deadLetterErrorDescription: 'd', own: true });
      const dead = client.createReceiver('plain', { subQueueType: 'deadLetter', receiveMode: 'receiveAndDelete' });
      expect(await one(dead)).toMatchObject({ deadLetterReason: 'r', deadLetterErrorDescription: 'd' });
    });
  });

  describe('a session', () => {
    test('is read by a subscriber, and by an iterator', async () => {
      await client.createSender('sessions').sendMessages(numbers(4));
      const session = await client.acceptSession('sessions', 'a', { identifier: 'session-1' });
      expect([session.identifier, session.entityPath, session.isClosed]).toEqual(['session-1', 'sessions', false]);
      const seen: unknown[] = [];
      for await (const message of session.getMessageIterator()) {
        seen.push(message.body);
        await session.completeMessage(message);
        if (seen.length === 2) break;
      }
      const subscription = session.subscribe({
        processMessage: ({ body }) => Promise.resolve(void seen.push(body)),
        processError: () => Promise.resolve(),
      });
      await until('all are seen', () => seen.length === 4);
      expect(seen).toEqual([0, 1, 2, 3]);
      await subscription.close();
      await session.close();
      expect(session.isClosed).toBe(true);
      const again = await client.acceptSession('sessions', 'a');
      expect(await again.peekMessages(5)).toEqual([]);
    });

    test('settles its messages in every way', async () => {
      await client.createSender('sessions').sendMessages(numbers(3));
      const session = await client.acceptSession('sessions', 'a', { receiveMode: 'peekLock' });
      const [first, second, third] = await receive(session, 3);
      await session.abandonMessage(first!, { tried: true });
      await session.deferMessage(second!);
      await session.deadLetterMessage(third!, { deadLetterReason: 'r', deadLetterErrorDescription: 'd' });
      expect(await one(session)).toMatchObject({ body: 0, deliveryCount: 1, applicationProperties: { tried: true } });
      const [deferred] = await session.receiveDeferredMessages([second!.sequenceNumber!]);
      await session.completeMessage(deferred!);
      await expect(session.renewMessageLock(first!)).rejects.toThrow('session');
      const dead = client.createReceiver('sessions', { subQueueType: 'deadLetter', receiveMode: 'receiveAndDelete' });
      expect(bodies(await receive(dead, 1))).toEqual([2]);
      expect(await empty(dead)).toBe(true);
    });

    test('is received and deleted', async () => {
      await client.createSender('sessions').sendMessages(numbers(2));
      const options = {
        receiveMode: 'receiveAndDelete',
        skipParsingBodyAsJson: true,
        skipConvertingDate: true,
      } as const;
      const session = await client.acceptNextSession('sessions', options);
      expect((await receive(session, 2)).map(({ body }) => String(body))).toEqual(['0', '1']);
      await session.close();
    });
  });

  describe('rules', () => {
    test('compare every property that a correlation filter has', async () => {
      const filter = {
        correlationId: 'c',
        messageId: 'm',
        to: 't',
        replyTo: 'r',
        subject: 's',
        sessionId: 'g',
        replyToSessionId: 'rg',
        contentType: 'text/plain',
      };
      const applicationProperties = { text: 'a', whole: 1, part: 0.5, yes: true };
      const rules = client.createRuleManager('news', 'red');
      await rules.deleteRule('colour');
      await rules.createRule('all of it', { ...filter, applicationProperties });
      const found: RuleProperties[] = [];
      for await (const page of rules.listRules().byPage({ maxPageSize: 1 })) found.push(...page);
      expect(found).toEqual([{ name: 'all of it', filter: { ...filter, applicationProperties }, action: {} }]);
      const sender = client.createSender('news');
      const changes = [...Object.keys(filter).map((name) => ({ [name]: 'other' })), {}];
      for (const [body, change] of changes.entries())
        await sender.sendMessages({ body, ...filter, applicationProperties, ...change });
      for (const name of Object.keys(applicationProperties))
        await sender.sendMessages({
          body: name,
          ...filter,
          applicationProperties: { ...applicationProperties, [name]: 'other' },
        });
      const receiver = client.createReceiver('news', 'red', { receiveMode: 'receiveAndDelete' });
      expect((await one(receiver)).body).toBe(changes.length - 1);
      expect(await empty(receiver)).toBe(true);
    });
  });

  test('a client that is closed takes its senders and receivers with it', async () => {
    const own = bench.client({ identifier: 'client-1' });
    expect(own.identifier).toBe('client-1');
    expect(bench.connectionString).toContain(own.fullyQualifiedNamespace);
    const sender = own.createSender('plain');
    await sender.sendMessages({ body: 1 });
    const receiver: ServiceBusReceiver = own.createReceiver('plain');
    await one(receiver);
    await own.close();
    await expect(sender.sendMessages({ body: 2 })).rejects.toThrow('closed');
    await expect(receiver.receiveMessages(1)).rejects.toThrow('closed');
  });
});
