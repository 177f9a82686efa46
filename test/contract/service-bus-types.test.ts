// A peer may put any type of AMQP in any place. Whatever it is, it is taken or refused with a word; nothing that was taken
// stands in the way of others afterwards.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import rhea from 'rhea';
import type { ServiceBusClient } from '@azure/service-bus';
import { amqpValues } from '../local/service-bus/amqp-values.ts';
import { ask, isUnprepared } from '../local/service-bus/management-client.ts';
import { receive, startBench } from '../local/service-bus/support.ts';
import type { Bench } from '../local/service-bus/support.ts';

const { types } = rhea;
const names = Object.keys(amqpValues());
const red = 'news/Subscriptions/red';
const far = new Date(Date.UTC(9000, 0, 1));
const tokens = types.wrap_array([Buffer.alloc(16, 7)], 0x98, undefined);
const numbers = types.wrap_array([1], 0x81, undefined);

type Body = Readonly<Record<string, unknown>>;

/** A sound request of each operation. */
const requests: readonly (readonly [string, string, Body])[] = [
  ['plain', 'renew-lock', { 'lock-tokens': tokens }],
  [
    'plain',
    'peek-message',
    { 'from-sequence-number': 0, 'message-count': 1, 'session-id': 'a', 'omit-message-body': true },
  ],
  [
    'plain',
    'update-disposition',
    {
      'lock-tokens': tokens,
      'disposition-status': 'suspended',
      'deadletter-reason': 'a',
      'deadletter-description': 'b',
      'properties-to-modify': { a: 1 },
      'session-id': 'a',
    },
  ],
  [
    'plain',
    'receive-by-sequence-number',
    { 'sequence-numbers': numbers, 'receiver-settle-mode': 1, 'session-id': null },
  ],
  [
    'plain',
    'schedule-message',
    { messages: [{ 'message-id': 'a', 'session-id': 'b', 'partition-key': 'c', message: scheduled() }] },
  ],
  ['plain', 'cancel-scheduled-message', { 'sequence-numbers': numbers }],
  ['sessions', 'renew-session-lock', { 'session-id': 'a' }],
  ['sessions', 'get-session-state', { 'session-id': 'a' }],
  ['sessions', 'set-session-state', { 'session-id': 'a', 'session-state': Buffer.from('x') }],
  ['sessions', 'get-message-sessions', { 'last-updated-time': new Date(0), skip: 0, top: 10 }],
  [red, 'enumerate-rules', { skip: 0, top: 10 }],
  [
    red,
    'add-rule',
    {
      'rule-name': 'x',
      'rule-description': {
        'correlation-filter': { label: 'x', properties: { n: 1 } },
        'sql-rule-action': { expression: 'SET a = 1' },
      },
    },
  ],
  [red, 'add-rule', { 'rule-name': 'x', 'rule-description': { 'sql-filter': { expression: '1=1' } } }],
  [red, 'remove-rule', { 'rule-name': 'x' }],
];

function scheduled(): Buffer {
  const message = { message_annotations: { 'x-opt-scheduled-enqueue-time': far }, body: 'x' };
  return Buffer.from(rhea.message.encode(message as Parameters<typeof rhea.message.encode>[0]));
}

let bench: Bench;
let client: ServiceBusClient;
beforeAll(async () => {
  bench = await startBench();
  client = bench.client({ retryOptions: { maxRetries: 0 } });
});
afterAll(() => bench.stop());

/** The place of every value in a body, however deep; the body itself first. */
function* places(body: unknown, at: readonly string[] = []): Generator<readonly string[]> {
  yield at;
  if (typeof body !== 'object' || body === null || Buffer.isBuffer(body) || body instanceof Date || 'type' in body)
    return;
  for (const [key, value] of Object.entries(body)) yield* places(value, [...at, key]);
}

function put(body: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value;
  const copy: Record<string, unknown> = { ...(body as Body) };
  copy[first] = put(copy[first], rest, value);
  return Array.isArray(body) ? Object.values(copy) : copy;
}

test('every type in every place of every management request', async () => {
  await client.acceptSession('sessions', 'a');
  const wrong: string[] = [];
  for (const [entity, operation, body] of requests)
    for (const place of places(body)) {
      const told = await Promise.all(
        names.map(async (name, i) => {
          // Rules of the same name would be refused for that alone.
          const sound = operation === 'add-rule' ? { ...body, 'rule-name': `${place.join()} ${i}`.slice(-50) } : body;
          const answer = await ask(client, entity, operation, put(sound, place, amqpValues()[name]));
          return isUnprepared(answer) ? [`${operation} ${place.join('.')}: ${name}: ${answer}`] : [];
        }),
      );
      wrong.push(...told.flat());
    }
  expect(wrong).toEqual([]);
  // The rules that were taken can be told, and a restart keeps them as they are.
  const told = async (asked: ServiceBusClient): Promise<unknown[]> => {
    const list: unknown[] = [];
    for await (const rule of asked.createRuleManager('news', 'red').listRules()) list.push(rule);
    return list;
  };
  const rules = await told(client);
  expect(rules.length).toBeGreaterThan(names.length);
  await bench.restart();
  const inOrder = (list: unknown[]): unknown[] => list.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  expect(inOrder(await told(bench.client()))).toEqual(inOrder(rules));
}, 120_000);

const nameOf = (rule: unknown): string => (rule as { readonly name: string }).name;

test('every type as a property that a receiver sets', async () => {
  const mine = bench.client({ retryOptions: { maxRetries: 0 } });
  await mine.createSender('graveyard').sendMessages(names.map((name) => ({ body: name })));
  const receiver = mine.createReceiver('graveyard');
  const refused: string[] = [];
  for (const message of await receive(receiver, names.length)) {
    const value = amqpValues()[String(message.body)] as unknown as string;
    const answer = await receiver.abandonMessage(message, { a: value }).then(
      () => 'ok: ',
      (error: Error) => error.message,
    );
    if (answer === 'ok: ') continue;
    expect(answer).toContain('must be of a simple type');
    refused.push(String(message.body));
    // It is locked as before, and can be settled in another way.
    const token = Buffer.from((message.lockToken ?? '').replaceAll('-', ''), 'hex');
    const completed = {
      'lock-tokens': types.wrap_array([token], 0x98, undefined),
      'disposition-status': 'completed',
    };
    expect(await ask(mine, 'graveyard', 'update-disposition', completed)).toBe('ok: ');
  }
  expect(refused).toEqual(expect.arrayContaining(['list', 'map', 'array of longs', 'described map']));
  const again = await receive(receiver, names.length - refused.length);
  expect(again.map(({ body }) => String(body)).toSorted()).toEqual(
    names.filter((name) => !refused.includes(name)).toSorted(),
  );
  const double = again.find(({ body }) => body === 'double');
  expect(double?.applicationProperties).toEqual({ a: 1e308 });
});

test('a deferred message that is asked for twice in one request comes once', async () => {
  const mine = bench.client();
  await mine.createSender('hop-5').sendMessages([{ body: 1 }, { body: 2 }]);
  const receiver = mine.createReceiver('hop-5');
  const [first] = await receive(receiver, 2);
  await receiver.deferMessage(first!);
  const number = first!.sequenceNumber!;
  const taker = mine.createReceiver('hop-5', { receiveMode: 'receiveAndDelete' });
  expect((await taker.receiveDeferredMessages([number, number])).map(({ body }) => body as unknown)).toEqual([1]);
});
