// What a receiver sees of a stored message: the sender's bytes behind a header and annotations of our own.
import { elementsOf, int, list, long, map, nothing, symbol, text, textOf, timestamp, uint } from './amqp/encoding.ts';
import { joinSections, splitSections } from './amqp/sections.ts';
import { headerFields } from './message.ts';

const keys = {
  sequence: symbol('x-opt-sequence-number'),
  enqueued: symbol('x-opt-enqueued-time'),
  locked: symbol('x-opt-locked-until'),
  origin: symbol('x-opt-enqueue-sequence-number'),
  state: symbol('x-opt-message-state'),
  source: symbol('x-opt-deadletter-source'),
};
const ours = new Set(Object.values(keys).map((key) => textOf(key)));

// x-opt-message-state, as the client libraries number it.
const stateCodes = { active: 0, deferred: 1, scheduled: 2 };

export type PeekState = keyof typeof stateCodes;

/** What annotations and header tell; memory and disk both have it. */
export interface Shown {
  readonly seq: number;
  readonly origin: number;
  readonly enqueuedAt: number;
  readonly ttl?: number | undefined;
  readonly deliveryCount: number;
  readonly source?: string | undefined;
}

/** The bytes to send; `lockedUntil` in ms since 1970 where the delivery is locked. */
export function deliveredBytes(
  message: Shown,
  stored: Buffer,
  state: PeekState,
  lockedUntil: number | undefined,
  withBody = true,
): Buffer {
  const sections = splitSections(stored);
  const { durable, priority } = headerFields(sections.header);
  const ttl = message.ttl === undefined || message.ttl > 0xffffffff ? nothing : uint(message.ttl);
  const header = list([durable, priority, ttl, nothing, uint(message.deliveryCount)]);
  const annotations = [
    ...foreignAnnotations(sections.annotations),
    keys.sequence,
    long(message.seq),
    keys.origin,
    long(message.origin),
    keys.enqueued,
    timestamp(message.enqueuedAt),
    keys.state,
    int(stateCodes[state]),
  ];
  if (lockedUntil !== undefined) annotations.push(keys.locked, timestamp(lockedUntil));
  if (message.source !== undefined) annotations.push(keys.source, text(message.source));
  const body = withBody ? sections.body : Buffer.alloc(0);
  return joinSections({ ...sections, header, annotations: map(annotations), body });
}

// A message that was received and sent on carries the annotations of its former life, which are no longer true.
function foreignAnnotations(annotations: Buffer | undefined): Buffer[] {
  const elements = annotations === undefined ? [] : elementsOf(annotations);
  const kept: Buffer[] = [];
  for (let i = 0; i + 1 < elements.length; i += 2) {
    const [key, value] = [elements[i], elements[i + 1]];
    if (key !== undefined && value !== undefined && !ours.has(textOf(key))) kept.push(key, value);
  }
  return kept;
}
