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
import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
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
  // Each attempt to send is the test's own, so that it can be counted; a subscription comes back by itself.
  const retryOptions = { timeoutInMs: 800, maxRetries: 0, retryDelayInMs: 20, maxRetryDelayInMs: 100 };
  const made = new ServiceBusClient(connectionString(port), { retryOptions });
  clients.push(made);
  return made;
}

test('five kills while messages are sent and completed: nothing acknowledged is missing, or comes back', async () => {
  const port = await start(0);
  const accepted = new Set<string>();
  const attempts = new Map<string, number>();
  // Told by number: a body may be sent twice, a number is given once.
  const handled = new Map<string, Set<string>>();
  const completed = new Set<string>();
  const cameBack: string[] = [];
  let sending = true;

  const send = async (lane: number): Promise<void> => {
    const sender = client(port).createSender('plain');
    for (let n = 0; sending;) {
      const body = `${lane}-${n}`;
      attempts.set(body, (attempts.get(body) ?? 0) + 1);
      try {
        await sender.sendMessages({ body });
        accepted.add(body);
        n++;
      } catch {
        // Nobody knows whether it arrived: it is sent again, for as long as the broker is away.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
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
        handled.set(body, (handled.get(body) ?? new Set()).add(number));
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
    await until('messages are accepted', () => accepted.size >= goal, 60_000);
    await kill();
    await start(port);
  }
  sending = false;
  await Promise.all(lanes);
  await until('everything accepted was handled', () => [...accepted].every((body) => handled.has(body)), 60_000);
  await receiver.close();

  expect(cameBack).toEqual([]);
  const invented = [...handled].filter(([body, numbers]) => numbers.size > (attempts.get(body) ?? 0));
  expect(invented).toEqual([]);
  expect(accepted.size).toBeGreaterThanOrEqual(300);
}, 180_000);

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

test('kills among all that receivers and holders of sessions do: each thing that was acknowledged is as it was left', async () => {
  const port = await start(0);
  const expected = {
    deferred: new Map<string, NonNullable<ServiceBusReceivedMessage['sequenceNumber']>>(),
    dead: new Set<string>(),
    copies: new Set<string>(),
  };
  const scheduled = new Set<string>();
  for (let round = 0; round < 2; round++) {
    let state = -1;
    const one = client(port);
    const failed = new AbortController();
    const lane = async (work: (n: number) => Promise<void>): Promise<void> => {
      for (let n = 0; !failed.signal.aborted; n++) await work(n);
    };
    const plain = one.createSender('plain');
    const receiver = one.createReceiver('plain');
    const session = await one.acceptSession('sessions', `holder-${round}`);
    const [news, later] = [one.createSender('news'), one.createSender('graveyard')];
    let acted = 0;
    const lanes = [
      lane(async (n) => {
        const name = `${round}-${n}`;
        await plain.sendMessages({ body: name });
        const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 60_000 });
        const { body, sequenceNumber } = message!;
        if (n % 2 === 0) {
          await receiver.deferMessage(message!);
          expected.deferred.set(body as string, sequenceNumber!);
        } else {
          await receiver.deadLetterMessage(message!);
          expected.dead.add(body as string);
        }
        acted++;
      }),
      lane(async (n) => {
        await session.setSessionState(n);
        state = n;
      }),
      lane(async (n) => {
        const body = `${round}-${n}`;
        await news.sendMessages({ body, applicationProperties: { colour: 'red' } });
        expected.copies.add(body);
      }),
      lane(async (n) => {
        const body = `${round}-${n}`;
        await later.scheduleMessages({ body }, new Date(Date.now() + 100));
        scheduled.add(body);
      }),
    ].map((running) => running.catch(() => {}));
    await until('enough was done', () => acted >= 20 && expected.copies.size >= 20 * (round + 1), 60_000);
    failed.abort();
    await kill();
    await Promise.race([Promise.all(lanes), new Promise((resolve) => setTimeout(resolve, 500))]);
    void one.close();
    clients.splice(clients.indexOf(one), 1);
    await start(port);
    const holder = await client(port).acceptSession('sessions', `holder-${round}`);
    // What was on its way may be there already.
    expect([state, state + 1]).toContain((await holder.getSessionState()) ?? -1);
  }
  const last = client(port);
  const reading = { receiveMode: 'receiveAndDelete' } as const;
  const all = async (receiver: ServiceBusReceiver): Promise<Map<string, number>> => {
    const found = new Map<string, number>();
    for (;;) {
      const messages = await receiver.receiveMessages(500, { maxWaitTimeInMs: 300 });
      if (messages.length === 0) return found;
      for (const { body } of messages) found.set(body as string, (found.get(body as string) ?? 0) + 1);
    }
  };
  const dead = await all(last.createReceiver('plain', { ...reading, subQueueType: 'deadLetter' }));
  expect([...expected.dead].filter((name) => !dead.has(name))).toEqual([]);
  const numbers = [...expected.deferred.values()];
  const deferred = await last.createReceiver('plain').receiveDeferredMessages(numbers);
  expect(deferred.map(({ body }) => body as string).toSorted()).toEqual([...expected.deferred.keys()].toSorted());
  // Each subscription got each message that was accepted, and as often as the other.
  const [red, everything] = [
    await all(last.createReceiver('news', 'red', reading)),
    await all(last.createReceiver('news', 'all', reading)),
  ];
  expect([...expected.copies].filter((name) => !red.has(name))).toEqual([]);
  expect([...red]).toEqual([...everything]);
  const arrived = new Map<string, number>();
  const grave = last.createReceiver('graveyard', reading);
  await until('what was scheduled arrived', async () => {
    for (const [name, times] of await all(grave)) arrived.set(name, (arrived.get(name) ?? 0) + times);
    return [...scheduled].every((name) => arrived.has(name));
  });
}, 180_000);
