// When a group is backed up and what stays: nothing is, until somebody has set it.
import { TidewayError, messageOf } from '../../base/errors.ts';
import { timeZone } from '../../base/time-zone.ts';
import { parseCrontab, type Crontab } from '../../core/crontab.ts';
import type { RetentionPolicy } from '../../core/retention.ts';
import { lastDue, nextDue } from '../../core/schedule.ts';
import type { Cloud } from '../group.ts';
import { RowConflict } from '../ports.ts';
import { groupKey } from '../rows.ts';
import { settingsKey, settingsRow, type BackupSettings, type BackupState } from './rows.ts';

/** Of the 200 snapshots that a share may have, so many are left to others and to what comes between two runs. */
export const maxSnapshots = 200;
export const reserve = 10;

export const defaultRetention: RetentionPolicy = { last: 0, daily: 30, weekly: 12, monthly: 24, yearly: 10 };

export interface BackupWish {
  /** NCRONTAB of five or six fields; null ends it. */
  readonly schedule?: string | null | undefined;
  /** IANA name of the time zone whose clocks the schedule, days and weeks go by. */
  readonly zone?: string | undefined;
  readonly retention?: { readonly [K in keyof RetentionPolicy]?: number | undefined } | undefined;
}

/** What is not named stays as it is. Rejects with `group_unknown`, `schedule_invalid`, `time_zone_unknown`, `retention_too_long`. */
export async function setBackup(cloud: Cloud, group: string, wish: BackupWish): Promise<BackupSettings> {
  for (;;) {
    const [known, row] = await Promise.all([cloud.table.get(group, groupKey), cloud.table.get(group, settingsKey)]);
    if (known === undefined) throw new TidewayError('group_unknown', `there is no group ${group}`, { path: group });
    const before = row === undefined ? undefined : settingsRow.parse(row.value);
    const value = changed(before, wish, cloud.clock.now());
    try {
      await cloud.table.transact(group, [
        row === undefined
          ? { do: 'insert', key: settingsKey, value }
          : { do: 'replace', key: settingsKey, value, etag: row.etag },
      ]);
      return value;
    } catch (error) {
      if (!(error instanceof RowConflict)) throw error; // somebody else set something meanwhile: look again
    }
  }
}

function changed(before: BackupSettings | undefined, wish: BackupWish, now: number): BackupSettings {
  const zone = wish.zone ?? before?.zone ?? 'UTC';
  const schedule = wish.schedule === undefined ? before?.schedule : (wish.schedule ?? undefined);
  const given = Object.entries(wish.retention ?? {}).filter(([, count]) => count !== undefined);
  const retention: RetentionPolicy = { ...defaultRetention, ...before?.retention, ...Object.fromEntries(given) };
  timeZone(zone);
  if (schedule !== undefined) refuseNever(schedule, zone, now);
  const kept = Object.values(retention).reduce((sum, count) => sum + count, 0);
  if (kept > maxSnapshots - reserve)
    throw new TidewayError('retention_too_long', `${kept} snapshots are more than a share can hold`, {
      hint: `Keep ${maxSnapshots - reserve} at most, all classes together.`,
    });
  const same = before !== undefined && before.schedule === schedule && before.zone === zone;
  const rest = { zone, retention, setAt: same ? before.setAt : now };
  return { v: 1, ...(schedule === undefined ? {} : { schedule }), ...rest };
}

function refuseNever(schedule: string, zone: string, now: number): void {
  const hint = 'Use NCRONTAB: {second} {minute} {hour} {day} {month} {day of week}, for example "0 30 2 * * *".';
  let cron: Crontab;
  try {
    cron = parseCrontab(schedule);
  } catch (cause) {
    throw new TidewayError('schedule_invalid', messageOf(cause), { path: schedule, hint, cause });
  }
  if (nextDue(cron, timeZone(zone), now) === undefined)
    throw new TidewayError('schedule_invalid', `'${schedule}' is never due`, { path: schedule, hint });
}

type Begun = Pick<BackupState, 'begunUpTo'> | undefined;

/** When the next backup is due, or was if that has not begun; undefined where there is no schedule. */
export function nextRunAt(settings: BackupSettings | undefined, state: Begun, now: number): number | undefined {
  if (settings?.schedule === undefined) return undefined;
  return nextDue(parseCrontab(settings.schedule), timeZone(settings.zone), begunAt(settings, state, now));
}

/** When the backup was due that has to begin now. However many were missed, one makes up for them: the newest. */
export function dueNow(settings: BackupSettings | undefined, state: Begun, now: number): number | undefined {
  if (settings?.schedule === undefined) return undefined;
  return lastDue(parseCrontab(settings.schedule), timeZone(settings.zone), begunAt(settings, state, now), now);
}

/** A clock that was wrong, and ahead, must not keep backups from being made until that time has come. */
function begunAt({ setAt }: BackupSettings, state: Begun, now: number): number {
  return Math.min(Math.max(setAt, state?.begunUpTo ?? 0), now);
}
