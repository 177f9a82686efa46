// Rates and latency of the embedded Service Bus, through the official client: node bench/services/service-bus.ts
import { ServiceBusClient } from '@azure/service-bus';
import { floor, key, percentiles, rate, say, serve } from './served.ts';

const service = await serve('service-bus');
const text = `Endpoint=sb://localhost:${service.address};SharedAccessKeyName=root;SharedAccessKey=${key};UseDevelopmentEmulator=true`;
const client = new ServiceBusClient(text);
const body = 'x'.repeat(450);
const hundred = Array.from({ length: 100 }, () => ({ body }));

/** From before a message is sent until its handler has it; `pause` ms of rest before the next, so that all is on disk. */
async function latency(pause: number, count: number): Promise<void> {
  const sessionId = `measured-${pause}`;
  const session = await client.acceptSession('sessions', sessionId);
  let arrived = Promise.withResolvers<number>();
  session.subscribe({
    processMessage: () => Promise.resolve(arrived.resolve(performance.now())),
    processError: ({ error }) => Promise.reject(error),
  });
  const sending = new ServiceBusClient(text);
  const sender = sending.createSender('sessions');
  const samples: number[] = [];
  for (let i = -300; i < count; i++) {
    arrived = Promise.withResolvers();
    const sent = performance.now();
    await sender.sendMessages({ body, sessionId });
    const at = await arrived.promise;
    if (i >= 0) samples.push(at - sent);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  say(`send to handler, ${pause} ms apart: p50/p95/p99/worst`, `${percentiles(samples)} ms`);
  await session.close();
  await sending.close();
}

await floor(1000);
await latency(0, 1500);
await floor(1000);
await latency(4, 1000);
await latency(50, 100);
await floor(1000);
const sender = client.createSender('plain');
await rate(service, 'send, one after the other', 1000, async () => {
  for (let i = 0; i < 1000; i++) await sender.sendMessages({ body });
});
await rate(service, 'send, 64 at a time', 12_800, () =>
  Promise.all(
    Array.from({ length: 64 }, async () => {
      for (let i = 0; i < 200; i++) await sender.sendMessages({ body });
    }),
  ),
);
await rate(service, 'send, arrays of 100', 10_000, async () => {
  for (let i = 0; i < 100; i++) await sender.sendMessages(hundred);
});
const receiver = client.createReceiver('plain');
await rate(service, 'receive 100 and complete them', 12_000, async () => {
  for (let left = 12_000; left > 0;) {
    const messages = await receiver.receiveMessages(100, { maxWaitTimeInMs: 5000 });
    await Promise.all(messages.map((message) => receiver.completeMessage(message)));
    left -= messages.length;
  }
});
await rate(service, 'subscribe, 32 at a time', 11_800, async () => {
  let left = 11_800;
  const done = Promise.withResolvers<void>();
  const handlers = {
    processMessage: () => Promise.resolve(--left === 0 ? done.resolve() : undefined),
    processError: () => Promise.resolve(),
  };
  receiver.subscribe(handlers, { maxConcurrentCalls: 32 });
  await done.promise;
});
await client.close();
await service.stop();
