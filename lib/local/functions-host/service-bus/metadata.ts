// What the Service Bus extension puts beside a message: keys and encodings as functions-host observed them on Microsoft's
// host, nulls left out, the odd lines included.
import { jsonTime, zonelessTime } from '../dotnet-time.ts';
import { type Metadata, withPayload } from '../payload-metadata.ts';
import type { Int64, TypedData } from '../rpc.ts';
import type { Message } from './receiver.ts';

function bodyBytes(message: Message): Uint8Array {
  const body = message.body as unknown;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));
}

function bodyText(message: Message): string {
  const bytes = bodyBytes(message);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });

/** Objects of .NET that a function can do nothing with; they are there, serialised. */
function clientObjects(session: boolean): Record<string, TypedData> {
  const empty = json({});
  return {
    MessageReceiver: empty,
    MessageActions: empty,
    ReceiveActions: empty,
    Client: empty,
    ...(session ? { MessageSession: empty, SessionActions: empty } : {}),
  };
}

type TextKey = (typeof textKeys)[number][0];
const textKeys = [
  ['DeadLetterSource', (m: Message) => m.deadLetterSource],
  ['LockToken', (m: Message) => m.lockToken],
  ['MessageId', (m: Message) => m.messageId],
  ['ContentType', (m: Message) => m.contentType],
  ['ReplyTo', (m: Message) => m.replyTo],
  ['To', (m: Message) => m.to],
  ['Subject', (m: Message) => m.subject],
  ['Label', (m: Message) => m.subject],
  ['CorrelationId', (m: Message) => m.correlationId],
  ['SessionId', (m: Message) => m.sessionId],
  ['ReplyToSessionId', (m: Message) => m.replyToSessionId],
  ['PartitionKey', (m: Message) => m.partitionKey],
] as const;

function texts(message: Message): [TextKey, string][] {
  return textKeys.flatMap(([key, read]) => {
    const value = read(message);
    return value === undefined || value === null ? [] : [[key, String(value)] satisfies [TextKey, string]];
  });
}

/** .NET counts deliveries from 1; the client tells how many failed before. */
function deliveryCount(message: Message): number {
  return (message.deliveryCount ?? 0) + 1;
}

const endOfTime = new Date('9999-12-31T23:59:59.999Z');
const expires = (message: Message): Date => message.expiresAtUtc ?? endOfTime;
const enqueued = (message: Message): Date => message.enqueuedTimeUtc ?? new Date(0);

export function oneMetadata(message: Message): Metadata {
  const properties = json(message.applicationProperties ?? {});
  const metadata: Record<string, TypedData> = {
    ...Object.fromEntries(texts(message).map(([key, value]) => [key, { string: value }])),
    DeliveryCount: json(deliveryCount(message)),
    // A number: above 2^53 it loses precision, there as here.
    SequenceNumber: json(message.sequenceNumber?.toNumber() ?? 0),
    ExpiresAtUtc: json(zonelessTime(expires(message))),
    ExpiresAt: json(jsonTime(expires(message))),
    EnqueuedTimeUtc: json(zonelessTime(enqueued(message))),
    EnqueuedTime: json(jsonTime(enqueued(message))),
    ApplicationProperties: properties,
    UserProperties: properties,
    ...clientObjects(message.sessionId !== undefined),
  };
  return withPayload(metadata, bodyText(message));
}

/** Texts come without their gaps, so that their indexes do not line up with the messages. */
export function manyMetadata(messages: readonly Message[]): Metadata {
  const collected = new Map<string, string[]>(textKeys.map(([key]) => [key, []]));
  for (const message of messages) for (const [key, value] of texts(message)) collected.get(key)?.push(value);
  const textArrays = [...collected].filter(([, values]) => values.length > 0);
  const properties = json(messages.map((message) => message.applicationProperties ?? {}));
  return {
    ...Object.fromEntries(
      textArrays.map(([key, values]) => [
        `${key}Array`,
        { collectionString: { string: values.filter((v) => v !== '') } },
      ]),
    ),
    DeliveryCountArray: json(messages.map(deliveryCount)),
    SequenceNumberArray: { collectionSint64: { sint64: messages.map(sequence) } },
    ExpiresAtUtcArray: json(messages.map((message) => zonelessTime(expires(message)))),
    ExpiresAtArray: json(messages.map((message) => jsonTime(expires(message)))),
    EnqueuedTimeUtcArray: json(messages.map((message) => zonelessTime(enqueued(message)))),
    EnqueuedTimeArray: json(messages.map((message) => jsonTime(enqueued(message)))),
    ApplicationPropertiesArray: properties,
    UserPropertiesArray: properties,
    ...clientObjects(messages.some(({ sessionId }) => sessionId !== undefined)),
  };
}

function sequence(message: Message): Int64 {
  const { low, high, unsigned } = message.sequenceNumber ?? { low: 0, high: 0, unsigned: false };
  return { low, high, unsigned };
}

/** The trigger's data for one message. */
export function oneInput(message: Message, dataType: string | undefined): TypedData {
  return isBinary(dataType) ? { bytes: bodyBytes(message) } : { string: bodyText(message) };
}

/**
 * The trigger's data for a batch. Without a data type every body is parsed as JSON.
 * Errors: a SyntaxError for one body that is none, which fails the batch before the function sees it.
 */
export function manyInput(messages: readonly Message[], dataType: string | undefined): TypedData {
  if (isBinary(dataType)) return { collectionBytes: { bytes: messages.map(bodyBytes) } };
  const bodies = messages.map(bodyText);
  if (dataType?.toLowerCase() === 'string')
    return { collectionString: { string: bodies.filter((body) => body !== '') } };
  return { json: JSON.stringify(bodies.map((body) => JSON.parse(body) as unknown)) };
}

function isBinary(dataType: string | undefined): boolean {
  return dataType?.toLowerCase() === 'binary';
}
