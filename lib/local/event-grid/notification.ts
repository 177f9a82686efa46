// What an endpoint gets: one event a request, in the schema that its subscription asked for.
// Source: Event Grid event schema, CloudEvents schema and HTTP headers of deliveries, Microsoft Learn.
import type { Delivery } from './store.ts';
import type { Subscription } from './subscription.ts';

export interface Notification {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function notificationOf(delivery: Delivery, subscription: Subscription): Notification {
  const wanted = subscription.deliverySchema ?? delivery.schema;
  const common = {
    'aeg-event-type': 'Notification',
    'aeg-subscription-name': subscription.name.toUpperCase(),
    'aeg-delivery-count': String(delivery.attempts),
  };
  // An event that came as a CloudEvent cannot be told in the older schema: it goes as it came.
  if (wanted === 'CloudEventSchemaV1_0' || delivery.schema === 'CloudEventSchemaV1_0')
    return {
      headers: { ...common, 'content-type': 'application/cloudevents+json; charset=utf-8' },
      body: delivery.schema === 'CloudEventSchemaV1_0' ? delivery.body : asCloudEvent(delivery.body),
    };
  const { dataVersion = '', metadataVersion = '' } = JSON.parse(delivery.body) as Record<string, string>;
  return {
    headers: {
      ...common,
      'content-type': 'application/json; charset=utf-8',
      'aeg-data-version': dataVersion,
      'aeg-metadata-version': metadataVersion,
    },
    body: `[${delivery.body}]`,
  };
}

/** An event of the Event Grid schema, as JSON. */
function asCloudEvent(body: string): string {
  const { id, topic, subject, eventType, eventTime, data } = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify({ specversion: '1.0', id, source: topic, subject, type: eventType, time: eventTime, data });
}
