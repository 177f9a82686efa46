import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startBench, until } from '../local/service-bus/support.ts';
import type { Bench } from '../local/service-bus/support.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.stop());

describe('send and receive', () => {
  test('one message', async () => {
    const client = bench.client();
    const sender = client.createSender('plain');
    await sender.sendMessages({ body: { a: 1 }, messageId: 'm1', applicationProperties: { n: 1 } });
    const receiver = client.createReceiver('plain');
    const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 2000 });
    expect(message).toMatchObject({
      body: { a: 1 },
      messageId: 'm1',
      applicationProperties: { n: 1 },
      deliveryCount: 0,
    });
    await receiver.completeMessage(message!);
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 50 })).toEqual([]);
    await until('nothing', () => true);
  });
});
