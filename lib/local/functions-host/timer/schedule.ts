import { parseTimeSpan } from '../time-span.ts';
import { nextOccurrence, parseCrontab } from '../../../core/crontab.ts';

export interface Schedule {
  /** The first time (ms since 1970) after `after`. */
  next(after: number): number;
  /** What `Schedule.AdjustForDST` of the timer says: false for a constant interval. */
  readonly adjustForDst: boolean;
}

const never = 8.64e15;

/** A cron expression of six or five fields, or a time span. Errors: an Error naming the expression. */
export function parseSchedule(text: string): Schedule {
  const interval = parseTimeSpan(text);
  if (interval !== undefined) {
    if (interval <= 0) throw new Error(`The interval '${text}' of the timer is not positive.`);
    return { adjustForDst: false, next: (after) => after + interval };
  }
  const cron = parseCrontab(text);
  return { adjustForDst: true, next: (after) => nextOccurrence(cron, after) ?? never };
}

/** Timers that fire more often than once a minute keep no status: nobody would miss one of their ticks. */
export function isMonitored(schedule: Schedule, now: number): boolean {
  let at = schedule.next(now);
  for (let n = 0; n < 5; n++) {
    const next = schedule.next(at);
    if (next - at < 60_000) return false;
    at = next;
  }
  return true;
}
