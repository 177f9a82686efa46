import { randomHex } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { badArgument } from './amqp/error.ts';
import { elementsOf, nothing } from './amqp/encoding.ts';
import { checkFields } from './amqp/field-types.ts';
import { dataSections, joinSections, lacksMessageId, splitSections, withMessageId } from './amqp/sections.ts';
import { decodeMessage } from './amqp/rhea.ts';
import type { DecodedMessage } from './amqp/rhea.ts';

/** Where a message is in its life; what a restart keeps is `active`, `deferred` and `scheduled` alone. */
export type MessageState = 'ready' | 'locked' | 'settling' | 'gone';

/** A message of a queue, as memory holds it: the bytes are in the store, and here only while they are young. */
export interface Message {
  readonly seq: number;
  /** Bytes on disk when it came in. */
  readonly size: number;
  /** The sequence number that it was first accepted under; differs after a scheduled or forwarded message moved. */
  readonly origin: number;
  readonly session: string | undefined;
  readonly enqueuedAt: number;
  /** Milliseconds; undefined means for ever. */
  readonly ttl: number | undefined;
  deliveryCount: number;
  deferred: boolean;
  state: MessageState;
  /** The entity that dead-lettered it. */
  readonly source: string | undefined;
  body: Buffer | undefined;
}

export function expiresAt(message: Message): number {
  return message.ttl === undefined ? Number.POSITIVE_INFINITY : message.enqueuedAt + message.ttl;
}

/** A message as a sender gave it, checked, with an id; `bytes` are its sections as received. */
export interface Submission {
  readonly bytes: Buffer;
  readonly messageId: string;
  readonly session: string | undefined;
  readonly ttl: number | undefined;
  readonly scheduledFor: number | undefined;
  /** System properties, and on the first use the application properties too. */
  properties(): DecodedMessage;
}

const batchFormat = 0x80013700;
// "Service Bus quotas".
const longestId = 128;
const mostPropertyBytes = 64 * 1024;

/** The messages of one transfer: one, or those of a batch envelope. Throws `amqp:decode-error` and argument errors. */
export function parseTransfer(bytes: Buffer, format: number, random: Random): Submission[] {
  if (format !== batchFormat) return [parseSubmission(bytes, random)];
  return dataSections(splitSections(bytes).body).map((encoded) => parseSubmission(encoded, random));
}

export function parseSubmission(received: Buffer, random: Random): Submission {
  let sections = splitSections(received);
  checkFields(sections);
  let bytes = received;
  if (lacksMessageId(sections.properties)) {
    // The client library refuses to settle a message without an id, so the broker gives one, as the cloud does.
    const properties = withMessageId(sections.properties, randomHex(random, 16));
    sections = { ...sections, properties };
    bytes = joinSections(sections);
  }
  const empty = Buffer.alloc(0);
  const head = decodeMessage(joinSections({ ...sections, applicationProperties: undefined, body: empty }));
  const session = idIn(head.group_id, 'session id');
  idIn(head.message_annotations?.['x-opt-partition-key'], 'partition key');
  const messageId = idText(head.message_id);
  if (messageId.length > longestId) throw badArgument(`A message id has at most ${longestId} characters.`);
  const told = (sections.properties?.length ?? 0) + (sections.applicationProperties?.length ?? 0);
  if (told > mostPropertyBytes)
    throw badArgument(`The properties of a message have at most ${mostPropertyBytes} bytes.`);
  let properties: DecodedMessage | undefined;
  return {
    bytes,
    messageId,
    session,
    ttl: ttlIn(head.ttl),
    scheduledFor: timeIn(head.message_annotations?.['x-opt-scheduled-enqueue-time']),
    properties: () => (properties ??= decodeMessage(joinSections({ ...sections, body: empty }))),
  };
}

function idIn(value: unknown, what: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.length <= longestId) return value;
  throw badArgument(`A ${what} is a text of at most ${longestId} characters.`);
}

function idText(id: unknown): string {
  if (Buffer.isBuffer(id)) return id.toString('hex');
  if (typeof id !== 'string' && typeof id !== 'number') throw badArgument('A message id is a text, a number or bytes.');
  return String(id);
}

function ttlIn(value: unknown): number | undefined {
  const ttl = wholeIn(value, 'time to live');
  if (ttl !== undefined && ttl < 0) throw badArgument('A time to live is not negative.');
  return ttl;
}

function timeIn(value: unknown): number | undefined {
  return wholeIn(value instanceof Date ? value.getTime() : value, 'time to enqueue');
}

function wholeIn(value: unknown, what: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw badArgument(`A ${what} is a whole number of milliseconds.`);
}

/** The first two fields of a header as they came: durable and priority. */
export function headerFields(header: Buffer | undefined): { durable: Buffer; priority: Buffer } {
  const [durable, priority] = header === undefined ? [] : elementsOf(header);
  return { durable: durable ?? nothing, priority: priority ?? nothing };
}
