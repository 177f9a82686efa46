// C60-C62: an operation that brings the committer down every time is rejected after five times alone, whether it happens
// before its intent is written or after, and nothing else is lost by it.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomInt, seededRandom } from '../../lib/base/random.ts';
import { CloudWorld, type Committer } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';
import type { Blow, Fate } from '../support/life.ts';

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

/** Delivers until somebody comes through; answers how many were brought down. */
async function deliverTo(fate: Fate, message: unknown, most = 50): Promise<number> {
  for (let delivery = 1; delivery < most; delivery++) {
    const committer: Committer = world.committer(fate);
    try {
      await committer.commit(message, delivery);
      return delivery - 1;
    } catch {
      continue;
    }
  }
  throw new Error('nobody comes through');
}

const on =
  (method: string, word: string): Fate =>
  (call) =>
    call.method === method && JSON.stringify(call.args).includes(word) ? 'kill-before' : undefined;

test('C60 before the intent: what it is decided on brings the committer down', async () => {
  await world.commit(paris, paris.create('root', 'old', 'one'));
  const bad = paris.edit({ ...world.node('old'), id: 'nobody-1-bad' }, 'two');
  const message = paris.seal([paris.create('root', 'a', 'one'), bad, paris.create('root', 'b', 'two')]);
  const downs = await deliverTo(on('get', 'id|nobody-1-bad'), message);
  expect(world.rows(2).map(({ n, outcome, code }) => [n, code ?? outcome])).toEqual([
    [2, 'applied'],
    [3, 'poison'],
    [4, 'applied'],
  ]);
  expect(downs).toBeGreaterThanOrEqual(5);
  expect(downs).toBeLessThanOrEqual(7);
});

test('C61 after the intent: what it does on the share brings the committer down', async () => {
  const bad = paris.create('root', 'bad', 'two');
  const message = paris.seal([paris.create('root', 'a', 'one'), bad, paris.create('root', 'b', 'two')]);
  const downs = await deliverTo(on('rename', '"bad"'), message);
  expect(world.rows().map(({ n, outcome, code }) => [n, code ?? outcome])).toEqual([
    [1, 'applied'],
    [2, 'poison'],
    [3, 'applied'],
  ]);
  expect(world.visible()).toEqual({ a: 'one', b: 'two' });
  expect(downs).toBeLessThanOrEqual(8);
});

test('C61 what it had moved aside gets its name back', async () => {
  await world.commit(paris, paris.create('root', 'a', 'one'));
  const before = world.node('a');
  const message = paris.seal([paris.edit(before, 'two', { at: 5 })]);
  await deliverTo(on('rename', '.tideway/staging'), message);
  expect(paris.outcome()).toMatchObject({ outcome: 'rejected', code: 'poison' });
  expect(world.visible()).toEqual({ a: 'one' });
  expect(world.node('a')).toMatchObject({ id: before.id, version: before.version, hash: before.hash });
});

test('C62 when even the way back brings it down, the rest goes on and nothing is lost', async () => {
  await world.commit(paris, paris.create('root', 'a', 'one'));
  const message = paris.seal([paris.edit(world.node('a'), 'two', { at: 5 }), paris.create('root', 'b', 'three')]);
  const fate: Fate = (call) =>
    call.method === 'rename' && /staging.*"a"|trash\/2-2"/.test(JSON.stringify(call.args)) && call.args[0] !== 'a'
      ? 'kill-before'
      : undefined;
  const downs = await deliverTo(fate, message);
  expect(downs).toBeLessThanOrEqual(15);
  expect(paris.outcome(2)).toMatchObject({ outcome: 'rejected', code: 'poison' });
  expect(paris.outcome(3)).toMatchObject({ outcome: 'applied' });
  await world.detect();
  expect(world.share.find('.tideway/trash/2-2')?.content.toString()).toBe('one');
});

/** The share is away for so long, whatever is asked of it. */
function storm(ms: number): Fate {
  const until = world.clock.now() + ms;
  return (call) => (call.service === 'share' && world.clock.now() < until ? 'throttle' : undefined);
}

test.each([
  ['before its intent', 'get', 'id|nobody-1-bad'],
  ['after its intent', 'rename', '"bad"'],
])(
  'C60 far behind in a large message, %s: it is found before the message is a dead letter',
  async (_, method, word) => {
    await world.commit(paris, paris.create('root', 'old', 'one'));
    const bad =
      method === 'get'
        ? paris.edit({ ...world.node('old'), id: 'nobody-1-bad' }, 'two')
        : paris.create('root', 'bad', 'two');
    const make = (word_: string, count: number) =>
      Array.from({ length: count }, (_each, n) => paris.create('root', `${word_}-${n}`, `${n}`));
    const message = paris.seal([...make('before', 300), bad, ...make('after', 100)]);
    const downs = await deliverTo(on(method, word), message, 10);
    expect(downs).toBeLessThanOrEqual(8);
    const rows = world.rows(2).map(({ n, outcome, code }) => [n, code ?? outcome]);
    expect(rows).toEqual(Array.from({ length: 401 }, (_each, n) => [n + 2, n === 300 ? 'poison' : 'applied']));
  },
);

test('C60 a message that comes a second time, for no fault of its own, is as quick as any behind its first operations', async () => {
  const message = paris.seal(Array.from({ length: 480 }, (_, n) => paris.create('root', `f-${n}`, `${n}`)));
  const committer = world.committer();
  await committer.commit(message, 2);
  expect(world.rows()).toHaveLength(480);
  const transactions = committer.life.calls.filter(({ method }) => method === 'transact').length;
  // Three for each of the first: how often it was tried, its intent, its finish; then two a chunk of 32.
  expect(transactions).toBeLessThanOrEqual(3 * 48 + 2 * Math.ceil(432 / 32));
});

test('fault 12, C63 503 for half an hour: nothing is poison, the order is kept, no message is delivered ten times', async () => {
  const message = paris.seal([paris.create('root', 'a', 'one'), paris.create('root', 'b', 'two')]);
  const downs = await deliverTo(storm(30 * 60_000), message);
  expect(world.rows().map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  expect(downs).toBeLessThan(10);
});

test('C63 503 that begins after the intent was written is no poison either', async () => {
  const message = paris.seal([paris.create('root', 'a', 'one'), paris.create('root', 'b', 'two')]);
  let until = 0;
  const downs = await deliverTo((call) => {
    if (call.service !== 'share' || call.method === 'list') return undefined;
    until ||= world.clock.now() + 30 * 60_000;
    return world.clock.now() < until ? 'throttle' : undefined;
  }, message);
  expect(world.rows().map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  expect(downs).toBeLessThan(10);
});

test.each<Blow>(['throttle', 'time-out', 'late'])(
  'C63 a share that answers most calls, and one for minutes not (%s), makes nothing poison',
  async (blow) => {
    await world.commit(paris, paris.create('root', 'old', 'one'));
    const edit = paris.edit(world.node('old'), 'two', { at: 5 });
    const message = paris.seal([paris.create('root', 'a', 'one'), edit, paris.create('root', 'b', 'two')]);
    const until = world.clock.now() + 2 * 60_000;
    const downs = await deliverTo(
      (call) => (on('rename', 'old')(call, 0) !== undefined && world.clock.now() < until ? blow : undefined),
      message,
      1000,
    );
    expect(downs).toBeGreaterThan(5);
    expect(world.rows(2).map(({ n, outcome }) => [n, outcome])).toEqual([
      [2, 'applied'],
      [3, 'applied'],
      [4, 'applied'],
    ]);
    expect(world.visible()).toEqual({ a: 'one', b: 'two', old: 'two' });
  },
);

test('C63 what the share fails at each time, and at nothing else, is poison in the end', async () => {
  const message = paris.seal([paris.create('root', 'a', 'one'), paris.create('root', 'bad', 'two')]);
  const fate: Fate = (call) => (on('rename', '"bad"')(call, 0) === undefined ? undefined : 'throttle');
  const downs = await deliverTo(fate, message, 1000);
  expect(downs).toBeGreaterThan(20);
  expect(world.rows().map(({ outcome, code }) => code ?? outcome)).toEqual(['applied', 'poison']);
  expect(world.visible()).toEqual({ a: 'one' });
});

test.each([1, 2, 3, 4, 5, 6])(
  'C64 a table that throttles one of six calls makes nothing poison (seed %d)',
  async (seed) => {
    const random = seededRandom(seed);
    const fate: Fate = (call) => (call.service === 'table' && randomInt(random, 6) === 0 ? 'throttle' : undefined);
    await world.commit(paris, paris.create('root', 'a', 'one'));
    for (let n = 0; n < 8; n++) {
      const edit = paris.edit(world.node('a'), `edit ${n}`, { at: n + 1 });
      await deliverTo(fate, paris.seal([edit, paris.create('root', `b${n}`, 'two')]));
    }
    expect(world.rows().filter(({ outcome }) => outcome !== 'applied')).toEqual([]);
  },
);

test('C64 a table that nobody can ask for half an hour makes nothing poison', async () => {
  const message = paris.seal([paris.create('root', 'a', 'one'), paris.create('root', 'b', 'two')]);
  let until = 0;
  const downs = await deliverTo((call) => {
    if (call.service !== 'table' || call.method !== 'transact') return undefined;
    until ||= world.clock.now() + 30 * 60_000;
    return world.clock.now() < until ? 'throttle' : undefined;
  }, message);
  expect(world.rows().map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  expect(downs).toBeLessThan(10);
});
