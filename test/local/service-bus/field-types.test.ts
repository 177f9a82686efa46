// A message with any type of AMQP in any place is refused, or every client can read it and every rule can look at it.
import { expect, test } from '@jest/globals';
import rhea from 'rhea';
import type { Typed } from 'rhea';
import { seededRandom } from '../../../lib/base/random.ts';
import { AmqpError } from '../../../lib/local/service-bus/amqp/error.ts';
import { createContainer, decodeMessage } from '../../../lib/local/service-bus/amqp/rhea.ts';
import { deliveredBytes } from '../../../lib/local/service-bus/delivered.ts';
import { parseSubmission } from '../../../lib/local/service-bus/message.ts';
import type { Submission } from '../../../lib/local/service-bus/message.ts';
import { edited } from '../../../lib/local/service-bus/modification.ts';
import { compileAction } from '../../../lib/local/service-bus/sql-action.ts';
import { compileSql } from '../../../lib/local/service-bus/sql-filter.ts';
import { amqpValues } from './amqp-values.ts';

/** Of the library, what its types do not tell. */
interface Shapes {
  List32(elements: readonly Typed[]): Typed;
  Map32(elements: readonly Typed[]): Typed;
  readonly Writer: new () => { write(value: object): void; toBuffer(): Buffer };
}

const { types } = rhea;
const shapes = types as unknown as Shapes;
const random = seededRandom(1);
const names = Object.keys(amqpValues());

const annotations = 0x72;
const application = 0x74;
const body = 0x77;

/** The elements of the sections, by the code of their descriptor (AMQP 1.0 part 3.2). */
function sections(): Map<number, Typed[]> {
  const list = (length: number): Typed[] => Array.from({ length }, () => types.wrap(null));
  const map = (entries: object): Typed[] => types.wrap_map(entries).value as Typed[];
  return new Map([
    [0x70, list(5)],
    [annotations, map({ 'x-opt-scheduled-enqueue-time': new Date(0), 'x-opt-partition-key': 'p', own: 1 })],
    [0x73, list(13)],
    [application, map({ size: 1, colour: 'red' })],
    [body, [types.wrap('x')]],
  ]);
}

function messageOf(content: ReadonlyMap<number, readonly Typed[]>): Buffer {
  const writer = new shapes.Writer();
  for (const [code, elements] of content) {
    const [only] = elements;
    const isMap = code === annotations || code === application;
    const section = code === body ? only : isMap ? shapes.Map32(elements) : shapes.List32(elements);
    // A body that is described itself keeps that inside.
    const descriptor = types.wrap_ulong(code);
    if (code === body && section !== undefined && 'descriptor' in section) continue;
    writer.write(types.described(descriptor, section) as object);
  }
  return Buffer.from(writer.toBuffer());
}

/** What client libraries rely on: they call methods of what they find there. */
const kinds: Readonly<Record<string, string>> = {
  priority: 'number',
  ttl: 'number',
  delivery_count: 'number',
  to: 'string',
  subject: 'string',
  reply_to: 'string',
  content_type: 'string',
  content_encoding: 'string',
  absolute_expiry_time: 'date',
  creation_time: 'date',
  group_id: 'string',
  group_sequence: 'number',
  reply_to_group_id: 'string',
};

function checkKinds(name: string, message: object): void {
  for (const [field, value] of Object.entries(message)) {
    if (kinds[field] === undefined) continue;
    expect([name, field, value instanceof Date ? 'date' : typeof value]).toEqual([name, field, kinds[field]]);
  }
}

function parsed(bytes: Buffer): Submission | undefined {
  try {
    return parseSubmission(bytes, random);
  } catch (error) {
    expect(error).toBeInstanceOf(AmqpError);
    return undefined;
  }
}

/** How many of all types are taken in that place; fails for one that is taken and does harm. */
function taken(code: number, index: number): number {
  const matches = compileSql('size > 10 OR EXISTS(colour) AND sys.Label LIKE 1', () => '');
  const act = compileAction(
    "SET size = size * 1e300; SET colour = 'a' + colour; SET sys.To = own; REMOVE own",
    () => '',
  );
  let count = 0;
  for (const name of names) {
    const content = sections();
    content.get(code)![index] = amqpValues()[name]!;
    const message = parsed(messageOf(content));
    if (message === undefined) continue;
    count++;
    for (const number of [message.ttl ?? 0, message.scheduledFor ?? 0])
      expect([name, Number.isSafeInteger(number)]).toEqual([name, true]);
    matches(message.properties());
    const acted = parseSubmission(edited(message.bytes, act(message.properties())), random);
    for (const { bytes, ttl } of [message, acted]) {
      const shown = { seq: 1, origin: 1, enqueuedAt: 0, deliveryCount: 0, ttl };
      checkKinds(name, decodeMessage(deliveredBytes(shown, bytes, 'active', undefined)));
    }
  }
  return count;
}

const places = [...sections()].flatMap(([code, elements]) => elements.map((_, index) => [code, index] as const));

test.each(places)('section %i, element %i', (code, index) => {
  // As the service does it, once for the process.
  createContainer({});
  const count = taken(code, index);
  expect(count).toBeGreaterThan(0);
  if (code !== body && code !== annotations) expect(count).toBeLessThan(names.length - 20);
});
