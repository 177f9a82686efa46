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
export function parseEvents(
  body: string,
  contentType: string,
  topicId: string,
  inputSchema?: EventSchema,
): PublishedEvent[] {
  const parsed = parseJson(body);
  const type = contentType.toLowerCase();
  const isCloud = type.startsWith('application/cloudevents');
  if (inputSchema !== undefined && isCloud !== (inputSchema === 'CloudEventSchemaV1_0'))
    throw new InvalidEvent(`This resource is configured to receive events in the '${inputSchema}' schema.`);
  if (type.startsWith('application/cloudevents+json')) return [cloudEvent(parsed)];
  if (!Array.isArray(parsed)) throw new InvalidEvent('This resource is configured to receive an array of events.');
  if (isCloud) return parsed.map(cloudEvent);
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
  time(event, 'time');
  if ('data' in event && 'data_base64' in event)
    throw new InvalidEvent("A CloudEvent has either 'data' or 'data_base64'.");
  const subject = typeof event['subject'] === 'string' ? event['subject'] : '';
  return { schema: 'CloudEventSchemaV1_0', id, type, subject, value: event };
}

function eventGridEvent(value: unknown, topicId: string): PublishedEvent {
  const event = objectOf(value);
  const [id, type, subject] = [text(event, 'id'), text(event, 'eventType'), text(event, 'subject')];
  text(event, 'eventTime');
  time(event, 'eventTime');
  const { topic = topicId, metadataVersion = '1', dataVersion = '' } = event;
  // Publishers need not name them; what they name has to be true.
  if (topic !== '' && String(topic).toLowerCase() !== topicId.toLowerCase())
    throw new InvalidEvent("The 'topic' of an event is that of this resource, or is left out.");
  if (metadataVersion !== '1') throw new InvalidEvent("The 'metadataVersion' of an event is 1, or is left out.");
  const whole = { ...event, topic: topicId, metadataVersion, dataVersion };
  return { schema: 'EventGridSchema', id, type, subject, value: whole };
}

function time(event: Readonly<Record<string, unknown>>, key: string): void {
  const value = event[key];
  if (value !== undefined && !(typeof value === 'string' && Number.isFinite(Date.parse(value))))
    throw new InvalidEvent(`The '${key}' of an event is a time.`);
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
