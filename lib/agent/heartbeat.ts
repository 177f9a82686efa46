import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Report, ReportAnswer } from '../protocol/report.ts';
import type { Agent } from './agent.ts';
import type { AgentStatus } from './status.ts';

export interface HeartbeatOptions {
  readonly agent: Pick<Agent, 'status'>;
  readonly send: (report: Report) => Promise<ReportAnswer>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Until the backend has said how often it wants to hear. */
const firstMs = 60_000;

/**
 * Tells the backend that this endpoint is there, as seldom as it wants to hear, and within a fifth of that when the state has
 * become another. It is beside the sync: nothing waits for it, and what fails is told the next time.
 */
export async function heartbeat({ agent, send, clock, log, signal }: HeartbeatOptions): Promise<void> {
  const began = clock.now();
  let everyMs = firstMs;
  let failing = false;
  while (!signal.aborted) {
    const status = agent.status();
    try {
      ({ everyMs } = await send(reportOf(status, began, clock.now())));
      failing = false;
    } catch (error) {
      if (!failing) log.warn('report_failed', { error: messageOf(error) });
      failing = true;
    }
    if (signal.aborted) return;
    for (let waited = 0; waited < everyMs; waited += everyMs / 5) {
      await clock.sleep(everyMs / 5, signal).catch(() => {}); // ends by the signal only, which is asked next
      if (signal.aborted) return;
      if (!failing && agent.status().state !== status.state) break;
    }
  }
}

/** An endpoint that was never in sync has been behind since it began. */
export function reportOf(status: AgentStatus, began: number, now: number): Report {
  const { state, cursor, pending, problems, files, halt, inSyncAsOf } = status;
  const behindMs = state === 'idle' ? 0 : Math.max(1, Math.round(now - Math.max(inSyncAsOf, began)));
  const told = { state, cursor, pending, problems: problems.length, files, behindMs };
  return halt === undefined ? told : { ...told, halt: halt.code };
}
