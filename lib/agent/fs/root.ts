import { stat } from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';
import type { FileStat } from './port.ts';

/**
 * True while `root` leads to the directory that is held. Its descriptor goes on working when the directory is moved away,
 * or when a volume is mounted over it: whoever works on through it syncs what nobody sees there any more.
 */
export async function leadsTo(root: string, held: FileStat): Promise<boolean> {
  try {
    const there = await stat(root, { bigint: true });
    return there.dev === held.dev && there.ino === held.ino;
  } catch (error) {
    if (codeOf(error) === '') throw error;
    return false; // whatever the reason, the path leads nowhere
  }
}
