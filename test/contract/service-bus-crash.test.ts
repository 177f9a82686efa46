// The broker is killed in the middle of its work, many times. What it acknowledged must be there; what it did not
// acknowledge may be there once for each time it was sent.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ServiceBusClient } from '@azure/service-bus';
import { connectionString, receive, until } from '../local/service-bus/support.ts';

let directory: string;
let broker: ChildProcess | undefined;
const clients: ServiceBusClient[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tideway-sb-crash-'));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  broker?.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

async function start(port: number): Promise<number> {
  const program = join(import.meta.dirname, '../local/service-bus/broker-process.ts');
  const child = spawn(process.execPath, [program, join(directory, 'bus.db'), String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  broker = child;
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(line.toString());
}

async function kill(): Promise<void> {
  const child = broker!;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function client(port: number): ServiceBusClient {
  const retryOptions = { timeoutInMs: 700, maxRetries: 100, retryDelayInMs: 20, maxRetryDelayInMs: 100 };
  const made = new ServiceBusClient(connectionString(port), { retryOptions });
  clients.push(made);
  return made;
}

test('five kills while messages are sent and completed: nothing acknowledged is missing, or comes back', async () => {
  const port = await start(0);
  const accepted = new Set<string>();
  const handled = new Map<string, number>();
  const completed = new Set<string>();
  // Told by number: a body may be sent twice, a number is given once.
  const cameBack: string[] = [];
  let sending = true;

  const send = async (lane: number): Promise<void> => {
    const sender = client(port).createSender('plain');
    for (let n = 0; sending; n++) {
      const body = `${lane}-${n}`;
      await sender.sendMessages({ body });
      accepted.add(body);
    }
    await sender.close();
  };
  const receiver = client(port).createReceiver('plain');
  receiver.subscribe(
    {
      async processMessage(message) {
        const body = message.body as string;
        const number = message.sequenceNumber!.toString();
        if (completed.has(number)) cameBack.push(body);
        handled.set(body, (handled.get(body) ?? 0) + 1);
        await receiver.completeMessage(message);
        completed.add(number);
      },
      processError: () => Promise.resolve(),
    },
    { autoCompleteMessages: false, maxConcurrentCalls: 20 },
  );
  const lanes = [0, 1, 2, 3].map(send);
  for (let round = 0; round < 5; round++) {
    const goal = accepted.size + 60;
    await until('messages are accepted', () => accepted.size >= goal, 15_000);
    await kill();
    await start(port);
  }
  sending = false;
  await Promise.all(lanes);
  await until('everything accepted was handled', () => [...accepted].every((body) => handled.has(body)), 15_000);
  await receiver.close();

  expect(cameBack).toEqual([]);
  // A message comes more than once only if its sending or its completion was cut off: with 24 clients' worth of work in
  // flight at each of 5 kills there can be no more than these.
  const doubled = [...handled.values()].filter((times) => times > 1).length;
  expect(doubled).toBeLessThanOrEqual(5 * 24);
  expect(accepted.size).toBeGreaterThanOrEqual(300);
}, 60_000);

test('a completed message does not come back after a kill, and one that was only received does', async () => {
  const port = await start(0);
  const before = client(port);
  const sender = before.createSender('plain');
  await sender.sendMessages(Array.from({ length: 40 }, (_, body) => ({ body })));
  const receiver = before.createReceiver('plain');
  const messages = await receive(receiver, 40);
  await Promise.all(messages.slice(0, 20).map((message) => receiver.completeMessage(message)));
  await kill();
  await start(port);
  const after = client(port).createReceiver('plain', { receiveMode: 'receiveAndDelete' });
  const rest = await receive(after, 20);
  expect(rest.map(({ body }) => body as number)).toEqual(Array.from({ length: 20 }, (_, i) => 20 + i));
  expect(await after.receiveMessages(1, { maxWaitTimeInMs: 50 })).toEqual([]);
}, 20_000);
