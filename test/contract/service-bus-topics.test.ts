import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RuleProperties, ServiceBusClient, ServiceBusMessage, ServiceBusRuleManager } from '@azure/service-bus';
import { empty, one, receive } from '../local/service-bus/support.ts';
import { embeddedServiceBus, serviceBusContract } from './service-bus/contract.ts';

async function listed(rules: ServiceBusRuleManager): Promise<RuleProperties[]> {
  const found: RuleProperties[] = [];
  for await (const rule of rules.listRules()) found.push(rule);
  return found;
}

/** What each subscription of `news` got, by body. */
async function deliveredTo(client: ServiceBusClient, subscription: string, count: number): Promise<unknown[]> {
  const receiver = client.createReceiver('news', subscription, { receiveMode: 'receiveAndDelete' });
  const messages = await receive(receiver, count);
  expect(await empty(receiver)).toBe(true);
  await receiver.close();
  return messages.map(({ body }) => body as unknown);
}

serviceBusContract((bench) => {
  let client: ServiceBusClient;
  beforeEach(() => {
    client = bench.client();
  });
  const delivered = (subscription: string, count: number): Promise<unknown[]> =>
    deliveredTo(client, subscription, count);
  const publish = (...messages: ServiceBusMessage[]): Promise<void> =>
    client.createSender('news').sendMessages(messages);

  describe('routing', () => {
    test('a slot gets what is addressed to it, in any mix and in order', async () => {
      const sender = client.createSender('sites');
      await sender.sendMessages([
        { body: 1, to: 'site-001' },
        { body: 2, to: 'site-003' },
        { body: 3, to: 'site-001' },
        { body: 'nobody', to: 'site-999' },
        { body: 'nobody' },
      ]);
      const slot = client.createReceiver('sites', 'site-001');
      const messages = await receive(slot, 2);
      expect(messages.map(({ body }) => body as unknown)).toEqual([1, 3]);
      // The topic's time to live.
      expect(messages[0]!.timeToLive).toBe(300_000);
      for (const message of messages) await slot.completeMessage(message);
      expect(await empty(slot)).toBe(true);
      const other = client.createReceiver('sites', 'site-003', { receiveMode: 'receiveAndDelete' });
      expect((await one(other)).body).toBe(2);
      expect((await client.createReceiver('sites', 'site-000').peekMessages(1)).length).toBe(0);
      await Promise.all([slot.close(), other.close()]);
    });

    test('every subscription that fits gets a copy of its own', async () => {
      await publish(
        { body: 'r', applicationProperties: { colour: 'red' } },
        { body: 'b', applicationProperties: { colour: 'blue', size: 50 } },
        { body: 'l', subject: 'a', correlationId: 'c' },
        { body: 'half', subject: 'a', correlationId: 'other' },
        { body: 'g', applicationProperties: { colour: 'green', size: 11 } },
      );
      expect(await delivered('all', 5)).toEqual(['r', 'b', 'l', 'half', 'g']);
      expect(await delivered('red', 1)).toEqual(['r']);
      expect(await delivered('labelled', 1)).toEqual(['l']);
      expect(await delivered('large', 1)).toEqual(['g']);
    });

    test('a scheduled message of a topic is routed when its time has come', async () => {
      const seqs = await client
        .createSender('news')
        .scheduleMessages([{ body: 1, applicationProperties: { colour: 'red' } }], new Date(Date.now() + 100));
      expect(seqs).toHaveLength(1);
      expect(await delivered('red', 1)).toEqual([1]);
      expect(await delivered('all', 1)).toEqual([1]);
    });

    test('dead letters of a subscription', async () => {
      await publish({ body: 'x' });
      const receiver = client.createReceiver('news', 'all');
      await receiver.deadLetterMessage(await one(receiver));
      const dead = client.createReceiver('news', 'all', {
        subQueueType: 'deadLetter',
        receiveMode: 'receiveAndDelete',
      });
      expect(await one(dead)).toMatchObject({ body: 'x', deadLetterSource: 'news/Subscriptions/all' });
      await Promise.all([receiver.close(), dead.close()]);
    });

    test('a subscription with sessions gives them out, and buries what has none', async () => {
      await publish({ body: 1, sessionId: 'a' }, { body: 'homeless' }, { body: 2, sessionId: 'b' });
      const first = await client.acceptNextSession('news', 'by-session', { receiveMode: 'receiveAndDelete' });
      expect([first.sessionId, (await one(first)).body]).toEqual(['a', 1]);
      const other = await client.acceptSession('news', 'by-session', 'b', { receiveMode: 'receiveAndDelete' });
      expect((await one(other)).body).toBe(2);
      const dead = client.createReceiver('news', 'by-session', {
        subQueueType: 'deadLetter',
        receiveMode: 'receiveAndDelete',
      });
      expect(await one(dead)).toMatchObject({ body: 'homeless', deadLetterReason: 'Session id is null.' });
      await Promise.all([first.close(), other.close(), dead.close()]);
    });

    test('a queue forwards, over several steps, and nobody can receive from it', async () => {
      await client.createSender('entrance').sendMessages([{ body: 1 }, { body: 2 }]);
      const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
      expect((await receive(receiver, 2)).map(({ body }) => body as unknown)).toEqual([1, 2]);
      const quick = bench.client({ retryOptions: { maxRetries: 0 } });
      await expect(quick.createReceiver('entrance').receiveMessages(1)).rejects.toThrow('forwarded');
      await receiver.close();
    });
  });

  describe('rules', () => {
    test('are listed, added and removed', async () => {
      const rules = client.createRuleManager('news', 'red');
      expect(await listed(rules)).toEqual([
        { name: 'colour', filter: expect.objectContaining({ applicationProperties: { colour: 'red' } }), action: {} },
      ]);
      await rules.createRule('big', { sqlExpression: "size >= 100 OR sys.Label LIKE 'big%'" });
      await rules.createRule('addressed', { to: 'x', applicationProperties: { n: 1 } });
      await rules.deleteRule('colour');
      await expect(rules.createRule('big', { sqlExpression: '1=1' })).rejects.toMatchObject({
        code: 'MessagingEntityAlreadyExists',
      });
      await expect(rules.createRule('bad', { sqlExpression: 'size >=' })).rejects.toMatchObject({
        name: 'ServiceBusError',
      });
      await expect(rules.deleteRule('nothing')).rejects.toMatchObject({ code: 'MessagingEntityNotFound' });
      expect((await listed(rules)).map(({ name }) => name).toSorted()).toEqual(['addressed', 'big']);
      await publish(
        { body: 'old', applicationProperties: { colour: 'red' } },
        { body: 1, applicationProperties: { size: 100 } },
        { body: 2, subject: 'bigger' },
        { body: 3, to: 'x', applicationProperties: { n: 1 } },
        { body: 4, to: 'x', applicationProperties: { n: 2 } },
      );
      expect(await delivered('red', 3)).toEqual([1, 2, 3]);
    });

    test('with an action yield a copy each, changed and marked; those without yield one message together', async () => {
      await publish({
        body: 'b',
        messageId: 'm',
        subject: 's',
        applicationProperties: { colour: 'red', size: 11, weight: 5, other: true },
      });
      const receiver = client.createReceiver('news', 'painted', { receiveMode: 'receiveAndDelete' });
      const [plain, painted] = await receive(receiver, 2);
      expect(await empty(receiver)).toBe(true);
      expect(plain!.applicationProperties).toEqual({ colour: 'red', size: 11, weight: 5, other: true });
      expect(painted).toMatchObject({ body: 'b', messageId: 'm', subject: 's' });
      expect(painted!.applicationProperties).toEqual({
        colour: 'was red',
        size: 22,
        other: true,
        RuleName: 'painter',
      });
      await receiver.close();
    });

    test('have actions that change system properties, and are listed with them', async () => {
      const at = new Date(1_700_000_000_123);
      const action = {
        sqlExpression: "SET sys.Label = sys.To + '!'; SET sys.To = 'elsewhere'; REMOVE sys.CorrelationId",
      };
      const rules = client.createRuleManager('news', 'red');
      await rules.deleteRule('colour');
      await rules.createRule('relabel', { applicationProperties: { at } }, action);
      const [rule] = await listed(rules);
      expect(rule).toMatchObject({ name: 'relabel', filter: { applicationProperties: { at } }, action });
      await publish(
        { body: 1, to: 'a', correlationId: 'c', contentType: 'text/plain', applicationProperties: { at } },
        { body: 2, to: 'a', applicationProperties: { at: new Date(0) } },
      );
      const receiver = client.createReceiver('news', 'red', { receiveMode: 'receiveAndDelete' });
      const message = await one(receiver);
      expect(message).toMatchObject({ body: 1, to: 'elsewhere', subject: 'a!', contentType: 'text/plain' });
      expect(message.correlationId).toBeUndefined();
      expect(message.applicationProperties).toEqual({ at: at.getTime(), RuleName: 'relabel' });
      expect(await empty(receiver)).toBe(true);
      await receiver.close();
    });

    test.each([
      ['a name that is too long', 'n'.repeat(51), '1=1', undefined],
      ['a filter that is too long', 'r', `a = '${'x'.repeat(1020)}'`, undefined],
      ['an action that is too long', 'r', '1=1', `SET a = '${'x'.repeat(1020)}'`],
      ['an action of too many steps', 'r', '1=1', 'REMOVE a;'.repeat(33)],
      ['an action that is none', 'r', '1=1', 'DELETE a'],
      ['an action on what cannot be set', 'r', '1=1', 'SET sys.SequenceNumber = 1'],
      ['a filter that nests too deeply', 'r', `${'('.repeat(200)}TRUE${')'.repeat(200)}`, undefined],
    ])('are refused with %s', async (_, name, sqlExpression, action) => {
      const rules = client.createRuleManager('news', 'red');
      const refused = rules.createRule(
        name,
        { sqlExpression },
        action === undefined ? undefined : { sqlExpression: action },
      );
      await expect(refused).rejects.toMatchObject({ name: 'ServiceBusError' });
      expect((await listed(rules)).map((rule) => rule.name)).toEqual(['colour']);
    });
  });
});

embeddedServiceBus((bench) => {
  test('rules and their actions outlive a restart', async () => {
    const at = new Date(1_700_000_000_123);
    const before = bench.client().createRuleManager('news', 'red');
    await before.createRule('big', { sqlExpression: "size >= 100 OR sys.Label LIKE 'big%'" });
    await before.createRule('dated', { to: 'x', applicationProperties: { at } }, { sqlExpression: 'REMOVE sys.To' });
    await before.deleteRule('colour');
    const rules = await listed(before);
    await bench.restart();
    const client = bench.client();
    expect(await listed(client.createRuleManager('news', 'red'))).toEqual(rules);
    await client.createSender('news').sendMessages([
      { body: 'old', applicationProperties: { colour: 'red' } },
      { body: 1, applicationProperties: { size: 100 } },
      { body: 2, subject: 'bigger' },
      { body: 3, to: 'x', applicationProperties: { at } },
      { body: 4, to: 'x', applicationProperties: { at: new Date(0) } },
    ]);
    expect(await deliveredTo(client, 'red', 3)).toEqual([1, 2, 3]);
  });
});
