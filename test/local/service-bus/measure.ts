// Latency and throughput of the persistent broker, each side in a process of its own: node test/local/service-bus/measure.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { connectionString, until } from './support.ts';

const directory = mkdtempSync(join(tmpdir(), 'tideway-sb-measure-'));
const broker = spawn(process.execPath, [join(import.meta.dirname, 'broker-process.ts'), join(directory, 'bus.db')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = (await once(broker.stdout, 'data')) as [Buffer];
const text = connectionString(Number(line.toString()));
const client = new ServiceBusClient(text);
const body = 'x'.repeat(450);
const say = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(42)} ${value}\n`);

/** `pause` lets the completion of one message reach the disk before the next is sent. */
async function latency(pause: number): Promise<void> {
  const id = `measured-${pause}`;
  const session = await client.acceptSession('sessions', id);
  const arrived = new Map<string, number>();
  session.subscribe({
    processMessage: (message) => {
      arrived.set(String(message.messageId), performance.now());
      return Promise.resolve();
    },
    processError: () => Promise.resolve(),
  });
  const sender = new ServiceBusClient(text).createSender('sessions');
  const samples: number[] = [];
  for (let i = 0; i < 1500; i++) {
    const sent = performance.now();
    await sender.sendMessages({ body, messageId: String(i), sessionId: id });
    const at = await until('it arrives', () => arrived.get(String(i)));
    if (i >= 500) samples.push(at - sent);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  samples.sort((a, b) => a - b);
  const at = (part: number): string => (samples[Math.floor(samples.length * part)] ?? 0).toFixed(2);
  say(`send -> handler, ${pause} ms apart: p50/p95/p99 ms`, `${at(0.5)} / ${at(0.95)} / ${at(0.99)}`);
  await session.close();
  await sender.close();
}

async function rate(name: string, total: number, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  say(name, `${Math.round((total * 1000) / (performance.now() - start))} messages/s`);
}

await latency(0);
await latency(4);
const sender = client.createSender('plain');
await rate('send one after the other', 1000, async () => {
  for (let i = 0; i < 1000; i++) await sender.sendMessages({ body });
});
await rate('send 64 in parallel', 6400, () =>
  Promise.all(
    Array.from({ length: 64 }, async () => {
      for (let i = 0; i < 100; i++) await sender.sendMessages({ body });
    }),
  ),
);
const hundred = Array.from({ length: 100 }, () => ({ body }));
await rate('send arrays of 100', 5000, async () => {
  for (let i = 0; i < 50; i++) await sender.sendMessages(hundred);
});
const receiver = client.createReceiver('plain');
await rate('receive 100 and complete them', 12_000, async () => {
  for (let left = 12_000; left > 0;) {
    const messages = await receiver.receiveMessages(100, { maxWaitTimeInMs: 2000 });
    await Promise.all(messages.map((message) => receiver.completeMessage(message)));
    left -= messages.length;
  }
});
await client.close();
broker.kill('SIGKILL');
rmSync(directory, { recursive: true });
process.exit();
