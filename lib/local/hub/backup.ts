// What `status` says of backups: the functions know. While they do not answer, that is a problem of the backups, too.
import { messageOf } from '../../base/errors.ts';
import { backupAnswer, type BackupAnswer } from '../../protocol/backup.ts';

export type BackupStatus = Pick<BackupAnswer, 'lastSeq' | 'lastSuccessAt' | 'nextRunAt' | 'problems'>;

const timeoutMs = 5_000;

export async function backupStatus(functionsUrl: string, group: string, token: string): Promise<BackupStatus> {
  try {
    const response = await fetch(`${functionsUrl}/api/groups/${group}/backup`, {
      headers: { 'x-tideway-token': token },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { lastSeq, lastSuccessAt, nextRunAt, problems } = backupAnswer.parse(await response.json());
    return { lastSeq, lastSuccessAt, nextRunAt, problems };
  } catch (error) {
    const problems = [{ code: 'backup_unknown', message: `the functions do not answer: ${messageOf(error)}` }];
    return { lastSeq: null, lastSuccessAt: null, nextRunAt: null, problems };
  }
}
