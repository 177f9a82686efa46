import { connect } from 'node:net';
import rhea from 'rhea';
import { describe, expect, test } from '@jest/globals';
import type { ServiceBusClient } from '@azure/service-bus';
import { sasToken } from '../../lib/local/service-bus/sas.ts';
import { connectionString, one, tokenConnectionString, until } from '../local/service-bus/support.ts';
import { listenKey, rootKey, sendKey } from '../local/service-bus/fixture.ts';
import { embeddedServiceBus, serviceBusContract } from './service-bus/contract.ts';

const quick = { retryOptions: { maxRetries: 0, timeoutInMs: 3000 } };
const refused = { code: 'UnauthorizedAccess' };
const inAnHour = (): number => Date.now() + 3_600_000;

/** The connection string of one who holds a token for one entity alone, signed with the key of another. */
function narrowed(text: string, entity: string, expiresAt: number): string {
  const value = (field: string): string => new RegExp(`(?:^|;)${field}=([^;]*)`).exec(text)?.[1] ?? '';
  const key = { name: value('SharedAccessKeyName'), key: value('SharedAccessKey') };
  const token = sasToken(`${value('Endpoint').replace(/\/$/, '')}/${entity}`, key, expiresAt);
  return text
    .replace(/SharedAccessKeyName=[^;]*;?/, '')
    .replace(/SharedAccessKey=[^;]*/, `SharedAccessSignature=${token}`);
}

serviceBusContract((bench) => {
  const clientOf = (text: string): ServiceBusClient => bench.clientOf(text, quick);
  const withToken = (entity: string, expiresAt = inAnHour()): ServiceBusClient =>
    clientOf(narrowed(bench.connectionString, entity, expiresAt));

  test('a wrong key, and a name that is not known, are refused', async () => {
    const forged = clientOf(
      bench.connectionString.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=bm90IHRoZSBrZXk='),
    );
    await expect(forged.createSender('plain').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
    const stranger = clientOf(
      bench.connectionString.replace(/SharedAccessKeyName=[^;]*/, 'SharedAccessKeyName=somebody'),
    );
    await expect(stranger.createReceiver('plain').receiveMessages(1)).rejects.toMatchObject(refused);
  });

  test('a token for one queue opens that queue alone', async () => {
    const holder = withToken('plain');
    await holder.createSender('plain').sendMessages({ body: 1 });
    expect((await one(holder.createReceiver('plain', { receiveMode: 'receiveAndDelete' }))).body).toBe(1);
    await expect(holder.createSender('sites').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
  });

  test('a token that is past its time, or changed, is refused', async () => {
    const late = withToken('plain', Date.now() - 5000);
    await expect(late.createSender('plain').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
    const text = narrowed(bench.connectionString, 'plain', inAnHour());
    const longer = clientOf(text.replace(/se=\d+/, `se=${Math.floor(Date.now() / 1000) + 99_999}`));
    await expect(longer.createSender('plain').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
    const wider = clientOf(text.replace('%2Fplain', '%2F'));
    await expect(wider.createSender('plain').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
  });
});

embeddedServiceBus((bench) => {
  const clientOf = (text: string): ServiceBusClient => bench.clientOf(text, quick);
  const withToken = (entity: string, key = rootKey, expiresAt = inAnHour()): ServiceBusClient =>
    clientOf(tokenConnectionString(bench.service.port, entity, key, expiresAt));

  describe('keys', () => {
    test('a key that may only send, and one that may only listen', async () => {
      const { port } = bench.service;
      const sending = clientOf(connectionString(port, sendKey));
      const listening = clientOf(connectionString(port, listenKey));
      await sending.createSender('plain').sendMessages({ body: 1 });
      await expect(sending.createReceiver('plain').receiveMessages(1)).rejects.toMatchObject(refused);
      await expect(sending.createReceiver('plain').peekMessages(1)).rejects.toMatchObject(refused);
      await expect(listening.createSender('plain').sendMessages({ body: 2 })).rejects.toMatchObject(refused);
      await expect(listening.createSender('plain').scheduleMessages({ body: 2 }, new Date())).rejects.toMatchObject(
        refused,
      );
      const receiver = listening.createReceiver('plain', { receiveMode: 'receiveAndDelete' });
      expect((await one(receiver)).body).toBe(1);
    });
  });

  describe('tokens', () => {
    test('for one queue open that queue alone', async () => {
      const holder = withToken('plain', sendKey);
      await holder.createSender('plain').sendMessages({ body: 1 });
      await expect(holder.createReceiver('plain').receiveMessages(1)).rejects.toMatchObject(refused);
      await expect(withToken('plain').createSender('sites').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
      // A name that only starts alike lies outside.
      await expect(withToken('pla').createSender('plain').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
    });

    test('for one subscription open it and its management node, not its neighbour and not the topic', async () => {
      const root = clientOf(connectionString(bench.service.port));
      await root.createSender('sites').sendMessages([
        { body: 'mine', to: 'site-003' },
        { body: 'other', to: 'site-001' },
      ]);
      const holder = withToken('sites/Subscriptions/site-003', listenKey);
      const receiver = holder.createReceiver('sites', 'site-003');
      expect((await receiver.peekMessages(1))[0]!.body).toBe('mine');
      const message = await one(receiver);
      await receiver.renewMessageLock(message);
      await receiver.completeMessage(message);
      await expect(holder.createReceiver('sites', 'site-001').receiveMessages(1)).rejects.toMatchObject(refused);
      await expect(holder.createSender('sites').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
    });

    test('to listen are enough for the rules of a subscription, those to send are not', async () => {
      const listener = withToken('news/Subscriptions/red', listenKey).createRuleManager('news', 'red');
      await listener.createRule('more', { sqlExpression: '1=1' });
      await listener.deleteRule('more');
      const neighbour = withToken('news/Subscriptions/red', listenKey).createRuleManager('news', 'all');
      await expect(neighbour.deleteRule('$Default')).rejects.toMatchObject(refused);
      const sender = withToken('news', sendKey).createRuleManager('news', 'red');
      await expect(sender.createRule('more', { sqlExpression: '1=1' })).rejects.toMatchObject(refused);
    });

    test('end the links that they opened', async () => {
      const holder = withToken('plain', listenKey, Date.now() + 1500);
      const errors: unknown[] = [];
      holder.createReceiver('plain').subscribe({
        processMessage: () => Promise.resolve(),
        processError: ({ error }) => {
          errors.push('code' in error ? error.code : error);
          return Promise.resolve();
        },
      });
      await until('refused after the end of the token', () => errors.includes('UnauthorizedAccess'));
    });
  });

  describe('nonsense on the wire', () => {
    const header = Buffer.from('AMQP\x00\x01\x00\x00', 'latin1');
    const open = Buffer.from('0000001a02000000005310c00d02a10378797aa10568656c6c6f', 'hex');
    const frames: [string, Buffer][] = [
      ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['AMQP 0-9-1', Buffer.from('AMQP\x00\x00\x09\x01', 'latin1')],
      ['a frame without end', Buffer.concat([header, Buffer.from('ffffffff0200000000', 'hex'), Buffer.alloc(70_000)])],
      ['a frame that is too short', Buffer.concat([header, Buffer.from('0000000102000000', 'hex')])],
      ['an unknown performative', Buffer.concat([header, Buffer.from('0000000c02000000005399450000', 'hex')])],
      [
        'a transfer before any session',
        Buffer.concat([header, open, Buffer.from('0000000c020000000053144500', 'hex')]),
      ],
      [
        'noise behind a header',
        Buffer.concat([header, Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 73) & 255))]),
      ],
      [
        'an array of four thousand million nulls',
        Buffer.concat([header, Buffer.from('0000001802000000005310c00b01f000000005ffffffff40', 'hex')]),
      ],
    ];

    test.each(frames)('%s ends that connection alone', async (_, bytes) => {
      const client = clientOf(connectionString(bench.service.port));
      const sender = client.createSender('plain');
      await sender.sendMessages({ body: 'before' });
      await new Promise<void>((resolve) => {
        const socket = connect(bench.service.port, '127.0.0.1', () => socket.write(bytes));
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.resume();
      });
      await sender.sendMessages({ body: 'after' });
      const receiver = client.createReceiver('plain');
      expect((await receiver.peekMessages(5)).map(({ body }) => body as unknown)).toEqual(['before', 'after']);
    });
  });

  test('a coordinator of transactions is refused, and says what it is', async () => {
    const errors: unknown[] = [];
    const connection = rhea.create_container({ id: 'transacting' }).connect({
      port: bench.service.port,
      host: '127.0.0.1',
      reconnect: false,
      username: 'anonymous',
    });
    connection.on('sender_error', ({ sender }: { sender: { error: unknown } }) => errors.push(sender.error));
    connection.open_sender({ target: rhea.types.described(rhea.types.wrap_ulong(0x30), rhea.types.wrap_list([])) });
    await until('it is refused', () => errors.length > 0);
    expect(errors[0]).toMatchObject({ condition: 'amqp:not-implemented' });
    const closed = new Promise((resolve) => connection.on('connection_close', resolve));
    connection.close();
    await closed;
  });
});
