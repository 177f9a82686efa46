// What is kept of an event that was given up: the event as it came, with why, and where that is written.
// Source: Event Grid message delivery and retry; Set dead-letter location and retry policy, Microsoft Learn.
import { randomUUID } from 'node:crypto';

export interface Ending {
  readonly reason: string;
  readonly attempts: number;
  readonly lastOutcome: string;
  readonly status: number | undefined;
  /** ms since 1970 */
  readonly publishedAt: number;
  readonly at: number;
}

/** `SUBSCRIPTION/2026/1/31/7/<guid>.json`: upper case, UTC, no zeros in front. */
export function fileOf(subscription: string, at: number): string {
  const time = new Date(at);
  const hour = [time.getUTCFullYear(), time.getUTCMonth() + 1, time.getUTCDate(), time.getUTCHours()].join('/');
  return `${subscription.toUpperCase()}/${hour}/${randomUUID()}.json`;
}

/** `body` is the event as JSON, in either schema. The text of a file: an array of one. */
export function documentOf(body: string, ending: Ending): string {
  const event = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const told = {
    deadLetterReason: ending.reason,
    deliveryAttempts: ending.attempts,
    lastDeliveryOutcome: ending.lastOutcome,
    ...(ending.status === undefined ? {} : { lastHttpStatusCode: ending.status }),
    publishTime: new Date(ending.publishedAt).toISOString(),
    lastDeliveryAttemptTime: new Date(ending.at).toISOString(),
  };
  // Attributes that extend a CloudEvent are in lower case.
  const fields =
    'specversion' in event
      ? Object.fromEntries(Object.entries(told).map(([name, value]) => [name.toLowerCase(), value]))
      : told;
  return JSON.stringify([{ ...event, ...fields }]);
}
