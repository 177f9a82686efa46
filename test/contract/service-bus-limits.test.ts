// Entities that are full, disabled or only pass on.
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ServiceBusClient, ServiceBusReceiver } from '@azure/service-bus';
import { empty, one, receive } from '../local/service-bus/support.ts';
import { embeddedServiceBus, serviceBusContract } from './service-bus/contract.ts';

const takingFrom = (
  client: ServiceBusClient,
  queue: string,
  subQueueType?: 'deadLetter' | 'transferDeadLetter',
): ServiceBusReceiver =>
  client.createReceiver(queue, { receiveMode: 'receiveAndDelete', ...(subQueueType && { subQueueType }) });

serviceBusContract((bench) => {
  let client: ServiceBusClient;
  beforeEach(() => {
    client = bench.client({ retryOptions: { maxRetries: 0 } });
  });
  const taking = (queue: string, subQueueType?: 'deadLetter' | 'transferDeadLetter'): ServiceBusReceiver =>
    takingFrom(client, queue, subQueueType);

  test('a disabled entity refuses whom its status says', async () => {
    const refused = { code: 'MessagingEntityDisabled' };
    await expect(client.createSender('no-sending').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
    await expect(client.createReceiver('no-receiving').receiveMessages(1)).rejects.toMatchObject(refused);
    expect(await empty(client.createReceiver('no-sending'))).toBe(true);
    await client.createSender('no-receiving').sendMessages({ body: 1 });
  });

  describe('passing on', () => {
    test('dead letters go on to the entity that is named for them, with their reason and source', async () => {
      await client.createSender('mortal').sendMessages([{ body: 1 }, { body: 2, timeToLive: 86_400_000 }]);
      const receiver = client.createReceiver('mortal');
      const [first, second] = await receive(receiver, 2);
      await receiver.deadLetterMessage(first!, { deadLetterReason: 'r', deadLetterErrorDescription: 'd' });
      const grave = taking('graveyard');
      expect(await one(grave)).toMatchObject({ body: 1, deadLetterReason: 'r', deadLetterSource: 'mortal' });
      await receiver.abandonMessage(second!);
      expect(await one(grave)).toMatchObject({ body: 2, deadLetterReason: 'MaxDeliveryCountExceeded' });
      await expect(client.createReceiver('mortal', { subQueueType: 'deadLetter' }).receiveMessages(1)).rejects.toThrow(
        'forwarded',
      );
      await receiver.close();
    });

    test('a message passes on four times and no more', async () => {
      await client.createSender('hop-1').sendMessages({ body: 'four' });
      expect((await one(taking('hop-5'))).body).toBe('four');
      await client.createSender('hop-0').sendMessages({ body: 'five' });
      expect(await one(taking('hop-4', 'deadLetter'))).toMatchObject({
        body: 'five',
        deadLetterReason: 'MaxTransferHopCountExceeded',
      });
    });

    test('an entity that looks for duplicates does so for what is forwarded to it', async () => {
      const [same, other] = [randomUUID(), randomUUID()];
      await client.createSender('to-once').sendMessages({ body: 1, messageId: same });
      const receiver = taking('once');
      expect((await one(receiver)).body).toBe(1);
      await client.createSender('once').sendMessages({ body: 2, messageId: same });
      await client.createSender('to-once').sendMessages({ body: 3, messageId: other });
      expect((await one(receiver)).body).toBe(3);
      await receiver.close();
    });

    test('nothing waits among the dead letters of transfers', async () => {
      expect(await empty(client.createReceiver('plain', { subQueueType: 'transferDeadLetter' }))).toBe(true);
    });
  });

  test('a scheduled message counts for the detection of duplicates', async () => {
    const sender = client.createSender('once');
    const messageId = randomUUID();
    const soon = (): Date => new Date(Date.now() + 50);
    const [kept] = await sender.scheduleMessages({ body: 'kept', messageId }, soon());
    const [dropped] = await sender.scheduleMessages({ body: 'dropped', messageId }, soon());
    expect(dropped!.greaterThan(kept!)).toBe(true);
    await expect(sender.cancelScheduledMessages(dropped!)).rejects.toMatchObject({ code: 'MessageNotFound' });
    await sender.sendMessages({ body: 'dropped', messageId });
    const receiver = taking('once');
    expect((await one(receiver)).body).toBe('kept');
    expect(await empty(receiver)).toBe(true);
    await receiver.close();
  });
});

// In the cloud an entity is full after a gigabyte.
embeddedServiceBus((bench) => {
  let client: ServiceBusClient;
  beforeEach(() => {
    client = bench.client({ retryOptions: { maxRetries: 0 } });
  });
  const taking = (queue: string, subQueueType?: 'deadLetter' | 'transferDeadLetter'): ServiceBusReceiver =>
    takingFrom(client, queue, subQueueType);

  describe('an entity at its quota', () => {
    const body = Buffer.alloc(200_000);
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 6; i++) await client.createSender('small').sendMessages({ body, subject: `${i}` });
    };

    test('refuses messages until there is room again, also after a restart', async () => {
      const sender = client.createSender('small');
      await fill();
      const full = { code: 'QuotaExceeded' };
      await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject(full);
      await expect(sender.scheduleMessages({ body: 1 }, new Date(Date.now() + 60_000))).rejects.toMatchObject(full);
      await bench.restart();
      client = bench.client({ retryOptions: { maxRetries: 0 } });
      const again = client.createSender('small');
      await expect(again.sendMessages({ body: 1 })).rejects.toMatchObject(full);
      const receiver = client.createReceiver('small');
      // What is dead-lettered still counts.
      await receiver.deadLetterMessage(await one(receiver));
      await expect(again.sendMessages({ body: 1 })).rejects.toMatchObject(full);
      await receiver.completeMessage(await one(receiver));
      await again.sendMessages({ body: 'fits' });
      await receiver.close();
      const rest = taking('small');
      const left = await receive(rest, 5);
      expect(left.map(({ subject }) => subject)).toEqual(['2', '3', '4', '5', undefined]);
      await one(taking('small', 'deadLetter'));
      await rest.close();
    });

    test('is not forwarded to: the message becomes a dead letter of the one that forwards', async () => {
      await fill();
      await client.createSender('to-small').sendMessages({ body: 'lost its way' });
      expect(await one(taking('to-small', 'deadLetter'))).toMatchObject({
        body: 'lost its way',
        deadLetterReason: 'ForwardingDestinationFull',
        deadLetterSource: 'to-small',
      });
      await receive(taking('small'), 6);
    });

    test('counts what is scheduled, and no longer what was cancelled', async () => {
      const sender = client.createSender('small');
      const later = new Date(Date.now() + 3_600_000);
      const numbers = [];
      for (let i = 0; i < 6; i++) numbers.push(...(await sender.scheduleMessages({ body }, later)));
      await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'QuotaExceeded' });
      await sender.cancelScheduledMessages(numbers);
      await sender.sendMessages({ body: 'fits' });
      expect((await one(taking('small'))).body).toBe('fits');
    });
  });
});
