import path from 'node:path';
import { TidewayError, codeOf } from '../../base/errors.ts';
import { openDatabase } from '../../base/sqlite.ts';

const applicationId = 0x74776c6b;

/** A lock on a data directory that dies with the process. Errors: `data_in_use`. */
export function lockData(data: string): { release(): void } {
  const file = path.join(data, 'hub.lock');
  try {
    const db = openDatabase(file, { applicationId, version: 1, create: '', ifDamaged: 'Remove it: it holds nothing.' });
    return { release: () => db.close() };
  } catch (error) {
    if (codeOf(error) !== 'state_locked') throw error;
    throw new TidewayError('data_in_use', `another hub runs with ${data}`, {
      path: data,
      hint: 'Stop it first, or give this one a data directory of its own with --data.',
      cause: error,
    });
  }
}
