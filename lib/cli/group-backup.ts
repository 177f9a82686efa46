// The part of `group set` that is about backups.
import { backupAnswer, type BackupAnswer, type BackupRequest } from '../protocol/backup.ts';
import { askApi } from './api.ts';
import { numberOption, type Parsed } from './options.ts';

const classes = ['last', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export const backupOptions = {
  schedule: { type: 'string' },
  'time-zone': { type: 'string' },
  'keep-last': { type: 'string' },
  'keep-daily': { type: 'string' },
  'keep-weekly': { type: 'string' },
  'keep-monthly': { type: 'string' },
  'keep-yearly': { type: 'string' },
} as const;

/** What the options ask for; undefined where none of them is given. */
export function backupWish(parsed: Parsed): BackupRequest | undefined {
  const schedule = parsed.text('schedule');
  const zone = parsed.text('time-zone');
  const counts = classes.flatMap((each) => {
    const count = numberOption(parsed, `keep-${each}`, 0, 200);
    return count === undefined ? [] : [[each, count] as const];
  });
  if (schedule === undefined && zone === undefined && counts.length === 0) return undefined;
  return {
    ...(schedule === undefined ? {} : { schedule: schedule === 'none' ? null : schedule }),
    ...(zone === undefined ? {} : { zone }),
    ...(counts.length === 0 ? {} : { retention: Object.fromEntries(counts) }),
  };
}

export async function setBackup(data: string, group: string, wish: BackupRequest): Promise<BackupAnswer> {
  return backupAnswer.parse(await askApi(data, 'PUT', `groups/${encodeURIComponent(group)}/backup`, wish));
}

export function renderBackup(group: string, { schedule, zone, retention, nextRunAt }: BackupAnswer): string {
  const kept = classes.filter((each) => retention[each] > 0).map((each) => `${retention[each]} ${each}`);
  const when = schedule === null ? 'no backups on schedule' : `backups at "${schedule}" (${zone}), next ${nextRunAt}`;
  return `group ${group}: ${when}; kept: ${kept.join(', ')}\n`;
}
