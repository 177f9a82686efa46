// What `status` says of backups: the functions know. While they do not answer, that is a problem of the backups, too.
import { messageOf } from '../../base/errors.ts';
import { backupAnswer, type BackupAnswer } from '../../protocol/backup.ts';
import { readFunctions } from './functions-api.ts';

export type BackupStatus = Pick<BackupAnswer, 'lastSeq' | 'lastSuccessAt' | 'nextRunAt' | 'problems'>;

export async function backupStatus(functionsUrl: string, group: string, token: string): Promise<BackupStatus> {
  try {
    const answer = await readFunctions(`${functionsUrl}/api/groups/${group}/backup`, token);
    const { lastSeq, lastSuccessAt, nextRunAt, problems } = backupAnswer.parse(answer);
    return { lastSeq, lastSuccessAt, nextRunAt, problems };
  } catch (error) {
    const problems = [{ code: 'backup_unknown', message: `the functions do not answer: ${messageOf(error)}` }];
    return { lastSeq: null, lastSuccessAt: null, nextRunAt: null, problems };
  }
}
