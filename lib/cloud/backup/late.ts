import type { BackupSettings, BackupState } from './rows.ts';
import { nextRunAt } from './settings.ts';

/**
 * For how long (ms) a scheduled snapshot has been owed: it was due and not begun, is being made for so long, or the last try
 * failed. 0 where all is well, or nothing is scheduled.
 */
export function lateMs(settings: BackupSettings | undefined, state: BackupState | undefined, now: number): number {
  const next = nextRunAt(settings, state, now);
  if (next === undefined) return 0;
  const { running, last } = state ?? {};
  const failed = last?.snapshot === undefined && (last?.problems.length ?? 0) > 0 ? last?.endedAt : undefined;
  return Math.max(0, ...[next, running?.since, failed].map((since) => (since === undefined ? 0 : now - since)));
}
