import { randomUUID } from 'node:crypto';
import { entityOf } from './destination.ts';
import type { Poster } from './poster.ts';
import type { Subscription } from './subscription.ts';

const origin = 'eventgrid.azure.net';

/** A function's webhook belongs to whoever holds its key, a queue to whoever can send: Azure asks them for no proof. */
export function needsHandshake(endpoint: string): boolean {
  return entityOf(endpoint) === undefined && !new URL(endpoint).pathname.toLowerCase().startsWith('/runtime/webhooks/');
}

interface Asking {
  readonly subscription: Subscription;
  readonly topicId: string;
  /** Visited, it confirms as well: for an endpoint whose owner cannot make it answer. */
  readonly validationUrl: string;
  readonly now: number;
  readonly poster: Poster;
  readonly timeoutMs: number;
}

/**
 * Asks an endpoint whether it wants these events, so that nobody can aim a topic at a stranger: by the validation event
 * of the Event Grid schema, or as CloudEvents 1.0 webhooks are asked; by both where the subscription names no schema.
 * Errors: the connection's.
 */
export async function handshake(asking: Asking): Promise<boolean> {
  const { deliverySchema } = asking.subscription;
  if (deliverySchema !== 'CloudEventSchemaV1_0' && (await answersEvent(asking))) return true;
  return deliverySchema !== 'EventGridSchema' && allowsOrigin(asking);
}

async function answersEvent({
  subscription,
  topicId,
  validationUrl,
  now,
  poster,
  timeoutMs,
}: Asking): Promise<boolean> {
  const validationCode = randomUUID().toUpperCase();
  const event = {
    id: randomUUID(),
    topic: topicId,
    subject: '',
    data: { validationCode, validationUrl },
    eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    eventTime: new Date(now).toISOString(),
    metadataVersion: '1',
    dataVersion: '2',
  };
  const asked = await poster.send({
    method: 'POST',
    url: subscription.endpoint,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'aeg-event-type': 'SubscriptionValidation',
      'aeg-subscription-name': subscription.name.toUpperCase(),
    },
    body: JSON.stringify([event]),
    timeoutMs,
  });
  return asked.status === 200 && responseCode(asked.body) === validationCode;
}

async function allowsOrigin({ subscription, validationUrl, poster, timeoutMs }: Asking): Promise<boolean> {
  const allowed = await poster.send({
    method: 'OPTIONS',
    url: subscription.endpoint,
    headers: { 'webhook-request-origin': origin, 'webhook-request-callback': validationUrl },
    body: '',
    timeoutMs,
  });
  const answer = allowed.headers['webhook-allowed-origin'];
  return allowed.status === 200 && (answer === '*' || answer === origin);
}

function responseCode(body: string): unknown {
  try {
    return (JSON.parse(body) as { validationResponse?: unknown } | null)?.validationResponse;
  } catch {
    // Not the answer asked for; the other handshake follows.
    return undefined;
  }
}
