// Contents leave some of the disk to the databases beside them: a share that took the last block of it could neither record
// what it took nor what is deleted to make room, and the queue and the tables are on the same disk.
import { statfsSync } from 'node:fs';
import { FilesError } from './errors.ts';

const most = 64 * 1024 * 1024;
/** Of a small disk, so much of it. */
const part = 1 / 20;

/** Errors: ShareSizeLimitReached. Costs a few microseconds, beside a write that waits for the disk. */
export function checkRoom(dir: string, bytes: number): void {
  const { bavail, blocks, bsize } = statfsSync(dir);
  if (bavail * bsize - bytes < Math.min(most, blocks * bsize * part)) throw new FilesError('ShareSizeLimitReached');
}
