// The broker without a network, under a clock that the test moves: expiry, sweeps and their bounds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { silent } from '../../../lib/base/log.ts';
import { seededRandom } from '../../../lib/base/random.ts';
import { Bodies } from '../../../lib/local/service-bus/bodies.ts';
import { Broker } from '../../../lib/local/service-bus/broker.ts';
import type { Consumer } from '../../../lib/local/service-bus/consumer.ts';
import type { Lock } from '../../../lib/local/service-bus/locks.ts';
import { parseSubmission } from '../../../lib/local/service-bus/message.ts';
import { Store } from '../../../lib/local/service-bus/store.ts';
import { encodeMessage, types } from '../../../lib/local/service-bus/amqp/rhea.ts';
import { topology } from './fixture.ts';

const random = seededRandom(2);
let directory: string;
let store: Store;
let broker: Broker;
let now: number;
let woken: number;

function open(entities = topology): void {
  const counters = { messagesIn: 0, delivered: 0, settled: 0, commits: 0 };
  store = new Store(join(directory, 'bus.db'), counters);
  broker = new Broker(entities, {
    store,
    // Little room, so that most bodies are read from disk.
    bodies: new Bodies(store, 1000),
    clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
    random,
    log: silent,
    counters,
    wake: (at) => {
      woken = Math.min(woken, at);
    },
  });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tideway-sb-unit-'));
  now = 1_700_000_000_000;
  woken = Number.POSITIVE_INFINITY;
  open();
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

class Taker implements Consumer {
  readonly deletes = false;
  readonly got: { body: string; lock: Lock }[] = [];
  room = 1000;
  capacity(): number {
    return this.room - this.got.length;
  }
  reserve(): void {}
  unreserve(): void {}
  deliver(_: unknown, body: Buffer, lock: Lock | undefined): void {
    this.got.push({ body: parseSubmission(body, random).messageId, lock: lock! });
  }
  sessionLost(): void {}
}

const send = (address: string, count: number, fields: object = {}): Promise<void> =>
  broker.publish(
    broker.entities.destination(address),
    Array.from({ length: count }, (_, i) =>
      parseSubmission(encodeMessage({ message_id: String(i), ...fields }), random),
    ),
  );
const left = (address: string): number =>
  store.peek(broker.entities.queue(address).entity, 0, 100_000, undefined).length;
const settled = (): Promise<void> => store.commit(() => {});

test('what nobody reads expires by its time to live, a bounded number at a time', async () => {
  await send('sites', 1200, { to: 'site-001' });
  expect(woken).toBe(now + 300_000);
  expect(left('sites/Subscriptions/site-001')).toBe(1200);
  expect(broker.tick(now + 299_999)).toBeGreaterThan(now + 299_999);
  now += 300_000;
  expect(broker.tick(now)).toBe(now);
  await settled();
  expect(left('sites/Subscriptions/site-001')).toBe(700);
  while (broker.tick(now) === now) await settled();
  await settled();
  expect(left('sites/Subscriptions/site-001')).toBe(0);
});

test('a message that expired is not delivered, even before the sweep has seen it', async () => {
  await send('brief', 2);
  now += 10_000;
  const taker = new Taker();
  broker.entities.queue('brief').attach(taker);
  broker.entities.queue('brief').pump(taker);
  await settled();
  expect([taker.got.length, left('brief')]).toEqual([0, 0]);
});

test('a message that expires while it is locked may still be settled, and does not come back', async () => {
  await send('brief', 2);
  const taker = new Taker();
  const queue = broker.entities.queue('brief');
  queue.attach(taker);
  queue.pump(taker);
  now += 11_000;
  broker.tick(now);
  await queue.complete(taker.got[0]!.lock);
  await queue.abandon(taker.got[1]!.lock, new Map());
  await settled();
  expect([taker.got.length, left('brief')]).toEqual([2, 0]);
});

test('locks expire in time, a bounded number at a time, and are counted on disk', async () => {
  await send('short', 600);
  const taker = new Taker();
  const queue = broker.entities.queue('short');
  queue.attach(taker);
  queue.pump(taker);
  expect(taker.got).toHaveLength(600);
  taker.room = 0;
  now += 5000;
  expect(broker.tick(now)).toBe(now);
  broker.tick(now);
  await settled();
  const counts = store.peek(queue.entity, 0, 1000, undefined).map(({ deliveryCount }) => deliveryCount);
  expect(new Set(counts)).toEqual(new Set([1]));
});

test('a renewal moves a lock to the end', async () => {
  await send('short', 2);
  const taker = new Taker();
  const queue = broker.entities.queue('short');
  queue.attach(taker);
  queue.pump(taker);
  taker.room = 0;
  now += 4000;
  expect(queue.renew(taker.got[0]!.lock.key)).toBe(now + 5000);
  now += 1000;
  broker.tick(now);
  await settled();
  expect(() => queue.lockOf(taker.got[1]!.lock.key)).toThrow('lock supplied is invalid');
  await queue.complete(taker.got[0]!.lock);
  expect(left('short')).toBe(1);
});

test('bodies that are no longer in memory are read from disk', async () => {
  await send('plain', 50, { body: 'x'.repeat(100) });
  const taker = new Taker();
  broker.entities.queue('plain').attach(taker);
  broker.entities.queue('plain').pump(taker);
  expect(taker.got.map(({ body }) => body)).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
});

test('scheduled messages are due in order of time, and survive a restart', async () => {
  const at = (ms: number, id: string): Promise<void> =>
    broker.publish(broker.entities.destination('plain'), [
      parseSubmission(
        encodeMessage({
          message_id: id,
          message_annotations: { 'x-opt-scheduled-enqueue-time': types.wrap_timestamp(now + ms) },
        }),
        random,
      ),
    ]);
  await at(2000, 'second');
  await at(1000, 'first');
  expect(woken).toBe(now + 1000);
  store.close();
  open();
  const taker = new Taker();
  broker.entities.queue('plain').attach(taker);
  const next = broker.tick(now);
  expect(next).toBe(now + 1000);
  now += 1000;
  broker.tick(now);
  await settled();
  now += 1000;
  broker.tick(now);
  await settled();
  expect(taker.got.map(({ body }) => body)).toEqual(['first', 'second']);
});

test('ids of duplicate detection are forgotten in time', async () => {
  await send('once', 1200);
  await send('once', 1200);
  expect(left('once')).toBe(1200);
  now += 60_001;
  const before = store.oldestSeen();
  for (let next = broker.tick(now); next <= now || store.oldestSeen() === before; next = broker.tick(now)) {
    await settled();
    await settled();
    if (store.oldestSeen() === Number.POSITIVE_INFINITY) break;
  }
  expect(store.oldestSeen()).toBe(Number.POSITIVE_INFINITY);
});

test('a message of an entity that left the topology waits for it to come back', async () => {
  await send('plain', 1);
  store.close();
  open({ ...topology, queues: topology.queues.filter(({ name }) => name === 'short') });
  expect(() => broker.entities.queue('plain')).toThrow('could not be found');
  store.close();
  open();
  const taker = new Taker();
  broker.entities.queue('plain').attach(taker);
  broker.entities.queue('plain').pump(taker);
  expect(taker.got).toHaveLength(1);
});

test('a disk that fails refuses the work; the message is given out again and lost to nobody', async () => {
  await send('plain', 1);
  const taker = new Taker();
  const queue = broker.entities.queue('plain');
  queue.attach(taker);
  queue.pump(taker);
  const commit = store.commit.bind(store);
  store.commit = () => Promise.reject(new Error('disk full'));
  await expect(queue.complete(taker.got[0]!.lock)).rejects.toThrow('disk full');
  await expect(send('plain', 1)).rejects.toThrow('disk full');
  store.commit = commit;
  expect(taker.got).toHaveLength(2);
  await queue.complete(taker.got[1]!.lock);
  expect(left('plain')).toBe(0);
});
