// Source: Event Grid message delivery and retry, Microsoft Learn. Delays in ms.
import { nameOf } from './outcome.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const delays = [
  10 * second,
  30 * second,
  minute,
  5 * minute,
  10 * minute,
  30 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
] as const;

/** Answers that no repetition will mend. */
const final = new Set([400, 401, 403, 413]);

/** Answers after which Event Grid waits longer than its schedule says. */
const leastDelay: ReadonlyMap<number, number> = new Map([
  [404, 5 * minute],
  [408, 2 * minute],
  [503, 30 * second],
]);

/** After how much an event is given up. */
export interface Limits {
  readonly attempts: number;
  readonly lifeMs: number;
}

export function limitsOf({ maxDeliveryAttempts = 30, eventTimeToLiveInMinutes = 1440 }: RetryPolicy): Limits {
  return { attempts: maxDeliveryAttempts, lifeMs: eventTimeToLiveInMinutes * minute };
}

/** Azure's bounds are its defaults: 30 attempts, a day. */
export interface RetryPolicy {
  readonly maxDeliveryAttempts?: number | undefined;
  readonly eventTimeToLiveInMinutes?: number | undefined;
}

export interface Failure {
  /** How many have failed, this one included. */
  readonly attempts: number;
  /** undefined where no answer came. */
  readonly status: number | undefined;
  /** Since publishing. */
  readonly ageMs: number;
}

export type Verdict =
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'dead'; readonly reason: string };

/** What follows a failed attempt. `scale` shortens all times alike, for tests. */
export function afterFailure({ attempts, status, ageMs }: Failure, limits: Limits, scale: number): Verdict {
  if (status !== undefined && final.has(status))
    return { kind: 'dead', reason: `UndeliverableDueToHttp${nameOf(status)}` };
  if (attempts >= limits.attempts) return { kind: 'dead', reason: 'MaxDeliveryAttemptsExceeded' };
  const planned = delays[Math.min(attempts, delays.length) - 1] ?? delays[0];
  const afterMs = Math.max(planned, leastDelay.get(status ?? 0) ?? 0) * scale;
  if (ageMs + afterMs > limits.lifeMs * scale) return { kind: 'dead', reason: 'TimeToLiveExceeded' };
  return { kind: 'retry', afterMs };
}
