import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { lockData } from '../hub/lock.ts';

const prefix = 'tideway-local-';
/** A younger folder may be one whose process has not come to its lock yet. */
const settledMs = 10 * 60_000;

/** A folder that goes away with this process. Those that killed processes left are taken away now. */
export function temporaryFolder(now: number, parent = tmpdir()): string {
  for (const name of readdirSync(parent)) if (name.startsWith(prefix)) sweep(path.join(parent, name), now - settledMs);
  const folder = mkdtempSync(path.join(parent, prefix));
  // Whatever ends the process short of a signal that cannot be caught.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Nobody holds the lock of a folder whose process has ended. */
function sweep(folder: string, before: number): void {
  try {
    if (statSync(folder).mtimeMs > before) return;
    lockData(folder).release();
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    // In use, another user's, or gone while we looked: not ours to take away.
    if (!['data_in_use', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR'].includes(codeOf(error))) throw error;
  }
}
