// What publishers send, in either schema, read into one shape.

export type EventSchema = 'EventGridSchema' | 'CloudEventSchemaV1_0';

export interface PublishedEvent {
  readonly schema: EventSchema;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** As it is delivered: what the publisher wrote, and in the Event Grid schema the topic's own fields. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** Answered with 400: nothing of the request is published. */
export class InvalidEvent extends Error {}

/**
 * Reads a request's body: an array in the Event Grid schema, or CloudEvents 1.0 as a batch or alone.
 * Errors: InvalidEvent.
 */
export function parseEvents(body: string, contentType: string, topicId: string): PublishedEvent[] {
  const parsed = parseJson(body);
  const type = contentType.toLowerCase();
  if (type.startsWith('application/cloudevents+json')) return [cloudEvent(parsed)];
  if (!Array.isArray(parsed)) throw new InvalidEvent('This resource is configured to receive an array of events.');
  if (type.startsWith('application/cloudevents-batch+json')) return parsed.map(cloudEvent);
  return parsed.map((one) => eventGridEvent(one, topicId));
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new InvalidEvent('The request body is not JSON.');
  }
}

function cloudEvent(value: unknown): PublishedEvent {
  const event = objectOf(value);
  if (event['specversion'] !== '1.0') throw new InvalidEvent("The 'specversion' of a CloudEvent must be 1.0.");
  const [id, type] = [text(event, 'id'), text(event, 'type')];
  text(event, 'source');
  const subject = typeof event['subject'] === 'string' ? event['subject'] : '';
  return { schema: 'CloudEventSchemaV1_0', id, type, subject, value: event };
}

function eventGridEvent(value: unknown, topicId: string): PublishedEvent {
  const event = objectOf(value);
  const [id, type, subject] = [text(event, 'id'), text(event, 'eventType'), text(event, 'subject')];
  text(event, 'eventTime');
  text(event, 'dataVersion');
  const topic = typeof event['topic'] === 'string' && event['topic'] !== '' ? event['topic'] : topicId;
  return { schema: 'EventGridSchema', id, type, subject, value: { ...event, topic, metadataVersion: '1' } };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidEvent('An event must be an object.');
  return value as Record<string, unknown>;
}

function text(event: Readonly<Record<string, unknown>>, key: string): string {
  const value = event[key];
  if (typeof value !== 'string' || value === '') throw new InvalidEvent(`The event has no '${key}'.`);
  return value;
}
