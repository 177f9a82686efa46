// What becomes of a message that is on its way while the token of its link ends: clocks jump, a machine was asleep.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { busClient } from '../../lib/azure/bus.ts';
import { sitesOf } from '../../lib/azure/messages.ts';
import { changeSender, hintReceiver } from '../../lib/azure/site.ts';
import { startServiceBus } from '../../lib/local/service-bus/start.ts';
import { rootKey, topology } from '../local/service-bus/fixture.ts';
import type { Hint } from '../../lib/protocol/hint.ts';
import { Faults } from '../../lib/local/faults.ts';
import { FakeClock } from '../local/functions-host/fake-clock.ts';
import { connectionString, receive, startBench, until, type Bench } from '../local/service-bus/support.ts';
import { shiftDate } from '../support/shift-date.ts';

const hour = 3_600_000;
let ahead = 0;
let clock: FakeClock;
let faults: Faults;
let bus: Bench;
const closing: { close(): Promise<void> }[] = [];

shiftDate(() => ahead);
beforeEach(async () => {
  ahead = 0;
  clock = new FakeClock(Date.now());
  faults = new Faults();
  bus = await startBench({ clock, faults });
});
afterEach(async () => {
  for (const each of closing.splice(0)) await each.close();
  await bus.stop();
});

/** Both clocks, as those of one machine. */
async function jump(ms: number): Promise<void> {
  ahead += ms;
  await clock.advance(ms);
}

function sender(timeoutInMs?: number) {
  const key = { name: '', key: '' };
  const [endpoint, emulator, identity] = ['', true, undefined];
  const client = busClient(
    { connectionString: connectionString(bus.service.port), endpoint, emulator, identity, send: key, listen: key },
    timeoutInMs,
  );
  return { ...sitesOf(client), close: () => client.close() };
}

const hintOf = (seq: number) => [{ to: 'site-001', hint: { group: 'g', epoch: 'e', seq } as unknown as Hint }];

async function sent(count: number): Promise<unknown[]> {
  const receiver = bus.client().createReceiver('sites', 'site-001', { receiveMode: 'receiveAndDelete' });
  return (await receive(receiver, count)).map(({ body }) => (body as { seq: number }).seq);
}

test('between two messages: the next one brings a new token', async () => {
  const sites = sender();
  await sites.send(hintOf(1));
  await jump(2 * hour);
  await sites.send(hintOf(2));
  await sites.close();
});

test('the line of hints is there again soon after the service is', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'tideway-hints-')), 'bus.db');
  const start = (port?: number) => startServiceBus({ file, port, topology, keys: [rootKey] });
  const service = await start();
  const connection = connectionString(service.port);
  const seen: unknown[] = [];
  const errors: unknown[] = [];
  const line = hintReceiver(
    { connection, topic: 'sites', subscription: 'site-001' },
    (body) => seen.push((body as { seq: number }).seq),
    (error) => errors.push(error),
  );
  closing.push(line);
  const client = new ServiceBusClient(connection, { retryOptions: { retryDelayInMs: 50, timeoutInMs: 5000 } });
  closing.push(client);
  await client.createSender('sites').sendMessages({ to: 'site-001', body: { seq: 1 } });
  await until('the first hint', () => seen.includes(1));
  await service.stop();
  await until('nobody is there', () => errors.length > 0);
  const again = await start(service.port);
  closing.push({ close: () => again.stop() });
  await client.createSender('sites').sendMessages({ to: 'site-001', body: { seq: 2 } });
  await until('the second hint', () => seen.includes(2));
});

test('what an agent sends by can be closed when the service came back and is gone again', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'tideway-hints-')), 'bus.db');
  const start = (port?: number) => startServiceBus({ file, port, topology, keys: [rootKey] });
  const service = await start();
  const changes = changeSender({ connection: connectionString(service.port), queue: 'sessions' }, 1000);
  await changes.send('g', {});
  await service.stop();
  const again = await start(service.port);
  await until('it sends again', () =>
    changes.send('g', {}).then(
      () => true,
      () => false,
    ),
  );
  await again.stop();
  await changes.close();
});

test('on its way: it is sent again when the time for an answer is over, and not a minute later', async () => {
  const sites = sender(500);
  await sites.send(hintOf(1));
  faults.add(/^send sites$/, { kind: 'delay', ms: hour });
  const sending = sites.send(hintOf(2));
  await until('it is on its way', () => faults.struck === 1);
  await jump(2 * hour);
  await sending;
  expect((await sent(1)).slice(-1)).toEqual([2]);
  await sites.close();
});
