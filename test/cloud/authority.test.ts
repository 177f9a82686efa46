// I26: a server changes only groups it belongs to, under its own name; a forged or replayed message changes nothing and
// holds nobody up.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { endpointKey, endpointRow } from '../../lib/cloud/rows.ts';
import { makeSigningKeys, seal, signText, type Envelope, type Payload } from '../../lib/protocol/message.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

let world: CloudWorld;
let paris: Endpoint;
let tokyo: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  tokyo = await world.endpoint('tokyo');
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

function batch(change: object = {}): Payload {
  const operations = [paris.create('root', 'a', 'one')];
  return { v: 1, group, endpoint: paris.id, incarnation: 1, from: 1, operations, ...change };
}

const forged: Readonly<Record<string, () => unknown>> = {
  'no message at all': () => 'hello',
  'no JSON': () => '{"v":1,',
  nothing: () => undefined,
  'an envelope of another version': () => ({ ...seal(batch(), paris.id, paris.keys.privateKey), v: 2 }),
  'a signer nobody knows': () => seal(batch(), 'nobody', paris.keys.privateKey),
  'the key of another endpoint': () => seal(batch(), paris.id, tokyo.keys.privateKey),
  'the name of another endpoint inside': () => seal(batch({ endpoint: tokyo.id }), paris.id, paris.keys.privateKey),
  'another group inside': () => seal(batch({ group: 'other' }), paris.id, paris.keys.privateKey),
  'a signature that is none': () => ({ ...seal(batch(), paris.id, paris.keys.privateKey), signature: 'AAAA' }),
  'one byte changed': () => {
    const sealed = seal(batch(), paris.id, paris.keys.privateKey);
    return { ...sealed, payload: sealed.payload.replace('"name":"a"', '"name":"b"') };
  },
  'a payload that is none': () => signed('[]'),
  'a number below 1': () => seal(batch({ from: 0 }), paris.id, paris.keys.privateKey),
  'an operation of no kind': () => signed(JSON.stringify(batch({ operations: [{ kind: 'format' }] }))),
  'a finding, which only the backend may send': () =>
    seal({ v: 1, group, findings: [{ kind: 'examine', path: 'a' }] }, paris.id, paris.keys.privateKey),
  'a nudge, which only the backend may send': () =>
    seal({ v: 1, group, nudge: 'retry' }, paris.id, paris.keys.privateKey),
  'the backend as signer, with another key': () =>
    seal({ v: 1, group, nudge: 'retry' }, 'cloud', makeSigningKeys().privateKey),
};

function signed(payload: string): Envelope {
  return { v: 1, signer: paris.id, payload, signature: signText(payload, paris.keys.privateKey) };
}

test.each(Object.keys(forged))('faults 6 and 7, C7 %s changes nothing', async (name) => {
  const before = world.table.all(group);
  await world.committer().commit(forged[name]?.());
  expect(world.table.all(group)).toEqual(before);
  expect(world.visible()).toEqual({});
  await world.commit(paris, paris.create('root', 'a', 'one'));
  expect(world.visible()).toEqual({ a: 'one' });
});

test('C7 a revoked server is not heard, what it had sent before included', async () => {
  const message = paris.seal([paris.create('root', 'a', 'one')]);
  const row = world.table.get(group, endpointKey(paris.id));
  const revoked = { ...endpointRow.parse(row?.value), revoked: true };
  world.table.transact(group, [{ do: 'put', key: endpointKey(paris.id), value: revoked }]);
  await world.deliver(message);
  expect(world.rows()).toEqual([]);
});

test('C7 a group nobody made is refused', async () => {
  const { cloud, life } = world.committer();
  const { commit } = await import('../../lib/cloud/commit/commit.ts');
  await life.run(() => commit(cloud, 'other', paris.seal([paris.create('root', 'a', 'one')]), 1));
  expect(world.table.all('other')).toEqual([]);
  paris.n = 0;
});

test('C7 a forged message still makes the committer recover', async () => {
  const message = paris.seal([paris.create('root', 'a', 'one')]);
  const dying = world.committer((call) => (call.method === 'rename' ? 'kill-before' : undefined));
  await dying.commit(message).catch(() => {});
  await world.committer().commit('hello');
  expect(world.visible()).toEqual({ a: 'one' });
});
