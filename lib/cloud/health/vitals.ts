// How well an endpoint and a group are, in seconds that grow while something is wrong: pure, from rows. The names of the
// fields are those that the alerts read (infra/modules/alerts.bicep).
import type { EndpointRow } from '../rows.ts';
import type { HealthRow } from './rows.ts';

export interface EndpointVitals {
  readonly server: string;
  readonly state: string;
  /** Since it was heard. */
  readonly lastSeenSeconds: number;
  /** For how long it has not been in sync: what it said, and the time since then. */
  readonly pendingSeconds: number;
}

/** Undefined before its first report, and after it was revoked: nobody waits for it. */
export function vitalsOf(
  { server, revoked }: EndpointRow,
  health: HealthRow | undefined,
  now: number,
): EndpointVitals | undefined {
  if (health === undefined || revoked === true) return undefined;
  const sinceMs = Math.max(0, now - health.at);
  const { state, behindMs } = health.report;
  return { server, state, lastSeenSeconds: seconds(sinceMs), pendingSeconds: seconds(pendingMs(behindMs, sinceMs)) };
}

/** An endpoint that said that it was in sync, and nothing since, is silent; whether it is behind nobody knows. */
function pendingMs(behindMs: number, sinceMs: number): number {
  return behindMs === 0 ? 0 : behindMs + sinceMs;
}

/** Three reports that did not come: one may be lost, or late. */
export function isSilent(health: HealthRow, reportMs: number, now: number): boolean {
  return now - health.at > 3 * reportMs;
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
