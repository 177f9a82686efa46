// C100-C103, I14: who is told of a commit, and that a lost event costs nothing but time.
import { beforeEach, expect, test } from '@jest/globals';
import { fanOut } from '../../lib/cloud/fan-out.ts';
import { endpointKey, pubKey } from '../../lib/cloud/rows.ts';
import type { Envelope } from '../../lib/protocol/message.ts';
import { tickAndStep } from '../support/tick.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { at } from '../support/life.ts';

let world: CloudWorld;
let paris: Endpoint;
let tokyo: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  tokyo = await world.endpoint('tokyo');
});

const published = () => world.table.get(group, pubKey)?.value;

test('C100 an event after the commit names what is new', async () => {
  await world.commit(paris, paris.create('root', 'a', 'one'), paris.create('root', 'b', 'two'));
  expect(world.events).toEqual([{ group, from: 1, to: 2 }]);
});

test('C100 a commit stands when the event cannot be sent', async () => {
  await world
    .committer((call) => (call.service === 'events' ? 'throttle' : undefined))
    .commit(paris.seal([paris.create('root', 'a', 'one')]));
  expect(world.rows()).toHaveLength(1);
});

test('C100 a flood of messages is told of at its start, then at most every 200 ms, and at the end of each', async () => {
  const caches = new Map();
  const many = (word: string): Envelope =>
    paris.seal(Array.from({ length: 96 }, (_, n) => paris.mkdir('root', `${word}-${n}`)));
  const events = async (message: Envelope): Promise<number> => {
    const before = world.events.length;
    await world.committer(undefined, caches).commit(message);
    return world.events.length - before;
  };
  expect(await events(many('first'))).toBe(2);
  expect(await events(many('second'))).toBe(1);
  world.clock.advance(200);
  expect(await events(many('third'))).toBe(2);
  expect(world.events.at(-1)?.to).toBe(world.head);
});

test('C101 each server gets one hint to its own slot, with the rows while they are small', async () => {
  await world.commit(paris, paris.create('root', 'a', 'one'));
  await fanOut(world.committer().cloud, group);
  const hint = { kind: 'committed', group, from: 1, to: 1, rows: world.rows() };
  expect(world.hints).toEqual(
    [
      { to: paris.slot, hint },
      { to: tokyo.slot, hint },
    ].toSorted((a, b) => (endpointOf(a.to) < endpointOf(b.to) ? -1 : 1)),
  );
  expect(published()).toEqual({ v: 1, publishedSeq: 1 });
  await fanOut(world.committer().cloud, group);
  expect(world.hints).toHaveLength(2);
});

function endpointOf(slot: string): string {
  return slot === paris.slot ? paris.id : tokyo.id;
}

test('C101 many rows do not ride along', async () => {
  for (let round = 0; round < 3; round++)
    await world.commit(paris, ...Array.from({ length: 30 }, (_, n) => paris.mkdir('root', `d${round}-${n}`)));
  await fanOut(world.committer().cloud, group);
  expect(world.hints.map(({ hint }) => hint)).toEqual([
    { kind: 'committed', group, from: 1, to: 90 },
    { kind: 'committed', group, from: 1, to: 90 },
  ]);
});

test('C101 a revoked server is not told', async () => {
  const row = world.table.get(group, endpointKey(tokyo.id));
  world.table.transact(group, [
    { do: 'put', key: endpointKey(tokyo.id), value: { ...(row?.value as object), revoked: true } },
  ]);
  await world.commit(paris, paris.create('root', 'a', 'one'));
  await fanOut(world.committer().cloud, group);
  expect(world.hints.map(({ to }) => to)).toEqual([paris.slot]);
});

test('C102 published moves only after the topic took the messages', async () => {
  await world.commit(paris, paris.create('root', 'a', 'one'));
  const sending = world.committer((call) => (call.service === 'sites' ? 'throttle' : undefined));
  await expect(fanOut(sending.cloud, group)).rejects.toThrow('ServerBusy');
  expect(published()).toEqual({ v: 1, publishedSeq: 0 });
});

test('C103 tick sends what was committed and not fanned out, once', async () => {
  await world.committer(at(1000, 'throttle')).commit(paris.seal([paris.create('root', 'a', 'one')]));
  world.events.length = 0; // lost
  await tickAndStep(world.committer().cloud);
  expect(world.hints).toHaveLength(2);
  await tickAndStep(world.committer().cloud);
  expect(world.hints).toHaveLength(2);
});

test('fault 24, C103 what a topic that is full does not take only comes later', async () => {
  await world.commit(paris, paris.create('root', 'a', 'one'));
  for (let minutes = 0; minutes < 60; minutes += 10) {
    const full = world.committer((call) => (call.service === 'sites' ? 'throttle' : undefined));
    await full.life.run(() => tickAndStep(full.cloud)).catch(() => {});
    world.clock.advance(600_000);
  }
  expect([world.hints, published()]).toEqual([[], { v: 1, publishedSeq: 0 }]);
  await world.commit(tokyo, tokyo.create('root', 'b', 'two'));
  await tickAndStep(world.committer().cloud);
  const told = world.hints.map(({ to, hint }) => ({ to, from: hint.kind === 'committed' ? hint.from : undefined }));
  expect(told.toSorted((a, b) => (a.to < b.to ? -1 : 1))).toEqual([
    { to: paris.slot, from: 1 },
    { to: tokyo.slot, from: 1 },
  ]);
  expect(published()).toEqual({ v: 1, publishedSeq: 2 });
});

test('C103 tick calls a committer where an intent is older than a minute', async () => {
  const message = paris.seal([paris.create('root', 'a', 'one')]);
  await world
    .committer((call) => (call.method === 'rename' ? 'kill-before' : undefined))
    .commit(message)
    .catch(() => {});
  world.clock.advance(59_000);
  await tickAndStep(world.committer().cloud);
  expect(world.queue).toEqual([]);
  world.clock.advance(2_000);
  await tickAndStep(world.committer().cloud);
  await world.drain();
  expect(world.visible()).toEqual({ a: 'one' });
});

test('C103 what goes wrong in one group does not stop the others', async () => {
  const { createGroup } = await import('../../lib/cloud/registry.ts');
  await createGroup(world.committer().cloud, 'a-first', 'another-share');
  world.table.transact('a-first', [{ do: 'put', key: 'head', value: { broken: true } }]);
  await world.commit(paris, paris.create('root', 'a', 'one'));
  await tickAndStep(world.committer().cloud);
  expect(published()).toEqual({ v: 1, publishedSeq: 1 });
});
