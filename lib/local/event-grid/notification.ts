// What an endpoint gets: one event a request, or a batch, in the schema that its subscription asked for.
// Source: Event Grid event schema, CloudEvents schema and HTTP headers of deliveries, Microsoft Learn.
import { valueOf } from './advanced-filter.ts';
import { isBatching } from './batch.ts';
import type { Delivery } from './store.ts';
import type { Subscription } from './subscription.ts';

export interface Notification {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `batch` has at least one event; more than one only where the subscription asks for batches. */
export function notificationOf(batch: readonly Delivery[], subscription: Subscription): Notification {
  const isCloud = (delivery: Delivery): boolean =>
    // An event that came as a CloudEvent cannot be told in the older schema: it goes as it came.
    delivery.schema === 'CloudEventSchemaV1_0' || subscription.deliverySchema === 'CloudEventSchemaV1_0';
  const common = {
    'aeg-event-type': 'Notification',
    'aeg-subscription-name': subscription.name.toUpperCase(),
    'aeg-delivery-count': String(Math.max(...batch.map(({ attempts }) => attempts))),
    ...attributesOf(batch, subscription),
  };
  if (batch.some(isCloud)) {
    const bodies = batch.map(({ schema, body }) => (schema === 'CloudEventSchemaV1_0' ? body : asCloudEvent(body)));
    const batched = isBatching(subscription);
    const type = batched ? 'application/cloudevents-batch+json' : 'application/cloudevents+json';
    return {
      headers: { ...common, 'content-type': `${type}; charset=utf-8` },
      body: batched ? `[${bodies.join(',')}]` : (bodies[0] ?? ''),
    };
  }
  return {
    headers: { ...common, 'content-type': 'application/json; charset=utf-8', ...versionsOf(batch) },
    body: `[${batch.map(({ body }) => body).join(',')}]`,
  };
}

/** Of an event alone: those of several may differ. */
function versionsOf([only, ...more]: readonly Delivery[]): Record<string, string> {
  if (only === undefined || more.length > 0) return {};
  const { dataVersion = '', metadataVersion = '' } = JSON.parse(only.body) as Record<string, string>;
  return { 'aeg-data-version': dataVersion, 'aeg-metadata-version': metadataVersion };
}

/** Headers of the subscription's own; those taken from the event are those of the first of a batch. */
function attributesOf([first]: readonly Delivery[], subscription: Subscription): Record<string, string> {
  const { deliveryAttributeMappings = [] } = subscription;
  if (first === undefined || deliveryAttributeMappings.length === 0) return {};
  const event = JSON.parse(first.body) as Record<string, unknown>;
  return Object.fromEntries(
    deliveryAttributeMappings.flatMap(({ name, type, properties }) => {
      const value = type === 'Static' ? properties.value : valueOf(event, properties.sourceField ?? '');
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[name.toLowerCase(), String(value)]]
        : [];
    }),
  );
}

/** An event of the Event Grid schema, as JSON. */
function asCloudEvent(body: string): string {
  const { id, topic, subject, eventType, eventTime, data } = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify({ specversion: '1.0', id, source: topic, subject, type: eventType, time: eventTime, data });
}
