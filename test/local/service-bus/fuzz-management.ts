// Management requests of any shape, from one who may make them.
import rhea from 'rhea';
import type { ServiceBusClient } from '@azure/service-bus';
import { randomInt, seededRandom } from '../../../lib/base/random.ts';
import type { Random } from '../../../lib/base/random.ts';
import { ask } from './management-client.ts';

/** What each operation asks for, mostly: any of it may be missing or be another's. */
const operations: Readonly<Record<string, readonly string[]>> = {
  'renew-lock': ['lock-tokens'],
  'peek-message': ['from-sequence-number', 'message-count', 'session-id', 'omit-message-body'],
  'update-disposition': ['lock-tokens', 'disposition-status', 'deadletter-reason', 'properties-to-modify'],
  'receive-by-sequence-number': ['sequence-numbers', 'receiver-settle-mode', 'session-id'],
  'schedule-message': ['messages'],
  'cancel-scheduled-message': ['sequence-numbers'],
  'renew-session-lock': ['session-id'],
  'get-session-state': ['session-id'],
  'set-session-state': ['session-id', 'session-state'],
  'get-message-sessions': ['last-updated-time', 'skip', 'top'],
  'enumerate-rules': ['skip', 'top'],
  'add-rule': ['rule-name', 'rule-description'],
  'remove-rule': ['rule-name'],
  constructor: ['__proto__'],
  nothing: [],
};
const names = Object.values(operations).flat();
const entities = ['plain', 'sessions', 'news', 'news/Subscriptions/red', 'plain/$DeadLetterQueue'];

/** How the requests were answered: `ok: `, or `code: text`. A time-out means that one was not. */
export async function askNonsense(client: ServiceBusClient, seed: number, count: number): Promise<Map<string, number>> {
  const random = seededRandom(seed);
  const answers = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const [entity, operation] = [pick(entities, random), pick(Object.keys(operations), random)];
    const answer = await ask(client, entity, operation, bodyOf(operations[operation] ?? [], random));
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  return answers;
}

function pick<T>(values: readonly T[], random: Random): T {
  return values[randomInt(random, values.length)] as T;
}

function bodyOf(expected: readonly string[], random: Random): unknown {
  if (randomInt(random, 20) === 0) return valueOf(random, 0);
  const chosen = expected.filter(() => randomInt(random, 5) > 0);
  if (randomInt(random, 3) === 0) chosen.push(pick(names, random));
  return Object.fromEntries(chosen.map((name) => [name, argumentOf(name, random)]));
}

// Mostly of the kind that the name asks for, so that some of it gets past the first look.
function argumentOf(name: string, random: Random): unknown {
  const { types } = rhea;
  const below = (bound: number): number => randomInt(random, bound);
  const numbers = (): Buffer[] => Array.from({ length: below(4) }, () => eightBytes(below(6) - 1));
  const text = (): string => pick(['a', 'b', '', 'completed', 'abandoned', 'defered', 'suspended', '$Default'], random);
  if (below(4) === 0) return valueOf(random, 0);
  switch (name) {
    case 'lock-tokens':
      return types.wrap_array([Buffer.from(random.bytes(16))], 0x98, undefined);
    case 'sequence-numbers':
      return types.wrap_array([eightBytes(1), ...numbers()], 0x81, undefined);
    case 'from-sequence-number':
      return types.wrap_long(eightBytes(below(5) - 1));
    case 'message-count':
    case 'receiver-settle-mode':
    case 'skip':
    case 'top':
      return types.wrap_int(below(2) === 0 ? below(5) - 1 : below(2 ** 31));
    case 'session-state':
      return below(3) === 0 ? null : Buffer.from(random.bytes(below(50)));
    case 'last-updated-time':
      return new Date(pick([0, Date.UTC(2026, 0, 1), 253_402_300_799_999, -62_135_596_800_000], random));
    case 'messages':
      return [{ message: encoded(random), 'message-id': text() }];
    case 'rule-description':
      return {
        'sql-filter': pick(
          [null, undefined, {}, { expression: '1=1' }, { expression: "a LIKE '%' ESCAPE ''" }],
          random,
        ),
        'correlation-filter': pick([undefined, null, { label: 'x', properties: { n: valueOf(random, 3) } }], random),
        'sql-rule-action': pick([undefined, {}, { expression: 'SET a = 1; REMOVE sys.Label' }], random),
      };
    default:
      return text();
  }
}

function eightBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function encoded(random: Random): Buffer {
  const annotation = pick([new Date(253_402_300_799_999), new Date(0), 'soon', null, 4e12], random);
  const message = { message_annotations: { 'x-opt-scheduled-enqueue-time': annotation }, body: 'x' };
  const bytes = Buffer.from(rhea.message.encode(message as Parameters<typeof rhea.message.encode>[0]));
  if (randomInt(random, 3) === 0) bytes.writeUInt8(randomInt(random, 256), randomInt(random, bytes.length));
  return bytes;
}

function valueOf(random: Random, depth: number): unknown {
  const { types } = rhea;
  const below = (bound: number): number => randomInt(random, bound);
  const bytes = (length: number): Buffer => Buffer.from(random.bytes(length));
  const list = (): unknown[] => Array.from({ length: below(5) }, () => valueOf(random, depth + 1));
  switch (below(depth > 3 ? 10 : 13)) {
    case 0:
      return null;
    case 1:
      return below(5) - 2;
    case 2:
      return types.wrap_long(bytes(8));
    case 3:
      return pick(['', 'a', 'completed', 'suspended', 'defered', '1=1', "SET a = '", 'x'.repeat(3000)], random);
    case 4:
      return bytes(below(40));
    case 5:
      return new Date(below(2 ** 31) * 1000);
    case 6:
      return below(2) === 0;
    case 7:
      return types.wrap_array([bytes(16), bytes(16)], 0x98, undefined);
    case 8:
      return types.wrap_array([bytes(8), bytes(8)], 0x81, undefined);
    case 9:
      return types.wrap_double(pick([Number.NaN, Number.POSITIVE_INFINITY, -0, 1e308, 0.5], random));
    case 10:
      return list();
    case 11:
      return { message: bytes(below(60)), expression: valueOf(random, depth + 1), 'sql-filter': { expression: 'a' } };
    default:
      return Object.fromEntries(list().map((value, i) => [pick(names, random) + (i > 2 ? i : ''), value]));
  }
}
