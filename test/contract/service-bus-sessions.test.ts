import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ServiceBusClient } from '@azure/service-bus';
import { connectionString, empty, one, receive, startProxy } from '../local/service-bus/support.ts';
import { embeddedServiceBus, serviceBusContract } from './service-bus/contract.ts';

interface Lister {
  listMessageSessions(skip: number, top: number, updatedSince?: Date): Promise<string[]>;
}

const sendTo = (client: ServiceBusClient, sessionId: string, ...bodies: unknown[]): Promise<void> =>
  client.createSender('sessions').sendMessages(bodies.map((body) => ({ body, sessionId })));
const bodies = (messages: readonly { body: unknown }[]): unknown[] => messages.map(({ body }) => body);

serviceBusContract((bench) => {
  let client: ServiceBusClient;
  beforeEach(() => {
    client = bench.client();
  });
  const send = (sessionId: string, ...bodies: unknown[]): Promise<void> => sendTo(client, sessionId, ...bodies);

  describe('accepting', () => {
    test('a session by its id gets its own messages alone, in order', async () => {
      await send('a', 1, 2);
      await send('b', 'other');
      await send('a', 3);
      const session = await client.acceptSession('sessions', 'a');
      expect(session.sessionId).toBe('a');
      expect(session.sessionLockedUntilUtc.getTime()).toBeGreaterThan(Date.now() + 25_000);
      const messages = await receive(session, 3);
      expect(bodies(messages)).toEqual([1, 2, 3]);
      expect(messages[0]).toMatchObject({ sessionId: 'a', deliveryCount: 0 });
      for (const message of messages) await session.completeMessage(message);
      expect(await empty(session)).toBe(true);
      await session.close();
    });

    test('a session that is held is refused to others', async () => {
      const session = await client.acceptSession('sessions', 'a');
      await expect(bench.client().acceptSession('sessions', 'a')).rejects.toMatchObject({
        code: 'SessionCannotBeLocked',
      });
      await session.close();
      const again = await client.acceptSession('sessions', 'a');
      await again.close();
    });

    test('the next session is the one that waits longest, and each goes to one alone', async () => {
      await send('first', 1);
      await send('second', 2);
      const one_ = await client.acceptNextSession('sessions');
      const two = await client.acceptNextSession('sessions');
      expect([one_.sessionId, two.sessionId]).toEqual(['first', 'second']);
      await Promise.all([one_.close(), two.close()]);
    });

    test('whoever asks for the next session waits until there is one', async () => {
      const waiting = client.acceptNextSession('sessions');
      // Held back: the link is not there yet, and a second one that waits gets the second session.
      const second = client.acceptNextSession('sessions');
      await new Promise((resolve) => setTimeout(resolve, 50));
      await send('late', 'x');
      const session = await waiting;
      expect(session.sessionId).toBe('late');
      await session.completeMessage(await one(session));
      await send('later', 'y');
      expect((await second).sessionId).toBe('later');
      await Promise.all([session.close(), (await second).close()]);
    });
  });

  describe('holding', () => {
    test('messages in hand go back uncounted when the session is closed', async () => {
      await send('a', 1, 2);
      const session = await client.acceptSession('sessions', 'a');
      await receive(session, 2);
      await session.close();
      const again = await client.acceptSession('sessions', 'a');
      const messages = await receive(again, 2);
      expect(messages.map(({ body, deliveryCount }) => [body as unknown, deliveryCount])).toEqual([
        [1, 0],
        [2, 0],
      ]);
      await again.close();
    });

    test('an abandoned message comes again before those behind it', async () => {
      await send('a', 1, 2);
      const session = await client.acceptSession('sessions', 'a');
      await session.abandonMessage(await one(session));
      const messages = await receive(session, 2);
      expect(messages.map(({ body, deliveryCount }) => [body as unknown, deliveryCount])).toEqual([
        [1, 1],
        [2, 0],
      ]);
      await session.close();
    });

    test('the state of a session outlives its holder', async () => {
      const id = randomUUID();
      const session = await client.acceptSession('sessions', id);
      expect(await session.getSessionState()).toBeNull();
      await session.setSessionState({ step: 3 });
      await session.close();
      const again = await client.acceptSession('sessions', id);
      expect(await again.getSessionState()).toEqual({ step: 3 });
      await again.setSessionState(null);
      expect(await again.getSessionState()).toBeNull();
      await again.close();
    });

    test('deferred messages of a session are found by number, within it', async () => {
      await send('a', 'later');
      const session = await client.acceptSession('sessions', 'a');
      const message = await one(session);
      await session.deferMessage(message);
      const [deferred] = await session.receiveDeferredMessages(message.sequenceNumber!);
      expect(deferred!.body).toBe('later');
      await session.completeMessage(deferred!);
      const other = await client.acceptSession('sessions', 'b');
      await expect(other.receiveDeferredMessages(message.sequenceNumber!)).rejects.toMatchObject({
        code: 'MessageNotFound',
      });
      await Promise.all([session.close(), other.close()]);
    });

    test('peek stays within the session', async () => {
      await send('a', 1);
      await send('b', 2);
      const session = await client.acceptSession('sessions', 'b');
      expect(bodies(await session.peekMessages(5))).toEqual([2]);
      await session.close();
    });

    test('sessions are listed: those with a state, and those with messages', async () => {
      // A state that was once set is never gone: the client writes `null` as text. So the names are this run's own.
      const [withMessages, withState] = [String(randomUUID()), String(randomUUID())];
      await send(withMessages, 1);
      const session = await client.acceptSession('sessions', withState);
      await session.setSessionState('s');
      // The client library has the operation, but no public method for it.
      const context = (client as unknown as { _connectionContext: { getManagementClient(of: string): Lister } })
        ._connectionContext;
      const lister = context.getManagementClient('sessions');
      const states = await lister.listMessageSessions(0, 1000);
      expect(states.filter((id) => [withMessages, withState].includes(id))).toEqual([withState]);
      const always = new Date(253_402_300_799_999);
      expect(await lister.listMessageSessions(0, 10, always)).toEqual([withMessages]);
      expect(await lister.listMessageSessions(1, 10, always)).toEqual([]);
      await session.close();
    });

    test('dead letters of sessions are read without a session', async () => {
      await send('a', 'dead');
      const session = await client.acceptSession('sessions', 'a');
      await session.deadLetterMessage(await one(session));
      const dead = client.createReceiver('sessions', { subQueueType: 'deadLetter', receiveMode: 'receiveAndDelete' });
      expect(await one(dead)).toMatchObject({ body: 'dead', sessionId: 'a' });
      await Promise.all([session.close(), dead.close()]);
    });
  });

  test('1,000 messages over 20 sessions and 5 receivers: each once, each session in order', async () => {
    const sender = client.createSender('sessions');
    const [sessions, each] = [20, 50];
    for (let n = 0; n < each; n += 5)
      for (let s = 0; s < sessions; s++)
        await sender.sendMessages(Array.from({ length: 5 }, (_, i) => ({ body: n + i, sessionId: `s${s}` })));
    const seen = new Map<string, number[]>();
    let left = sessions;
    const work = async (): Promise<void> => {
      const mine = bench.client({ retryOptions: { timeoutInMs: 2000, maxRetries: 0 } });
      while (left > 0) {
        left--;
        const session = await mine.acceptNextSession('sessions');
        const messages = await receive(session, each);
        seen.set(
          session.sessionId,
          messages.map(({ body }) => body as number),
        );
        await Promise.all(messages.map((message) => session.completeMessage(message)));
        await session.close();
      }
    };
    await Promise.all(Array.from({ length: 5 }, work));
    expect(seen.size).toBe(sessions);
    for (const numbers of seen.values()) expect(numbers).toEqual(Array.from({ length: each }, (_, i) => i));
  });
});

embeddedServiceBus((bench) => {
  let client: ServiceBusClient;
  beforeEach(() => {
    client = bench.client();
  });
  const send = (sessionId: string, ...bodies: unknown[]): Promise<void> => sendTo(client, sessionId, ...bodies);

  // Less time than a network takes to answer.
  describe('waiting for the next session', () => {
    test('when none comes in time the wait ends with a time-out, and leaves nothing behind', async () => {
      const impatient = bench.client({ retryOptions: { timeoutInMs: 300, maxRetries: 0 } });
      await expect(impatient.acceptNextSession('sessions')).rejects.toMatchObject({ code: 'ServiceTimeout' });
      await send('a', 1);
      const session = await client.acceptNextSession('sessions');
      expect(session.sessionId).toBe('a');
      await session.close();
    });

    test('a session without messages is not offered, one with only locked or deferred ones neither', async () => {
      await send('a', 1);
      const session = await client.acceptNextSession('sessions');
      await session.deferMessage(await one(session));
      await session.close();
      const impatient = bench.client({ retryOptions: { timeoutInMs: 200, maxRetries: 0 } });
      await expect(impatient.acceptNextSession('sessions')).rejects.toMatchObject({ code: 'ServiceTimeout' });
    });
  });

  describe('dying', () => {
    test('a receiver that dies gives its session up at once, and its message counts as a failed delivery', async () => {
      await send('a', 1);
      const proxy = await startProxy(bench.service.port);
      const session = await bench.clientOf(connectionString(proxy.port)).acceptSession('sessions', 'a');
      await one(session);
      proxy.cut();
      const next = await client.acceptNextSession('sessions');
      expect(await one(next)).toMatchObject({ body: 1, deliveryCount: 1 });
      await next.close();
      await proxy.stop();
    });
  });
});
