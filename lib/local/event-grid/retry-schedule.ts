// Source: Event Grid message delivery and retry, Microsoft Learn. Delays in ms.

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

const mostAttempts = 30;
const timeToLive = 24 * hour;

export type Verdict =
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'dead'; readonly reason: string };

/**
 * What follows the failed attempt number `attempts` (1 is the first). `status` is undefined where no answer came;
 * `ageMs` is the time since publishing. `scale` shortens all times alike, for tests.
 */
export function afterFailure(attempts: number, status: number | undefined, ageMs: number, scale: number): Verdict {
  if (status !== undefined && final.has(status)) return { kind: 'dead', reason: `UndeliverableDueToHttp${status}` };
  if (attempts >= mostAttempts) return { kind: 'dead', reason: 'MaxDeliveryAttemptsExceeded' };
  const planned = delays[Math.min(attempts, delays.length) - 1] ?? delays[0];
  const afterMs = Math.max(planned, leastDelay.get(status ?? 0) ?? 0) * scale;
  if (ageMs + afterMs > timeToLive * scale) return { kind: 'dead', reason: 'TimeToLiveExceeded' };
  return { kind: 'retry', afterMs };
}
