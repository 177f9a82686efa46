// Renames for where the kernel or the volume has no RENAME_NOREPLACE and RENAME_EXCHANGE: checked, then done.
import { codeOf } from '../../base/errors.ts';
import { systemError } from './errors.ts';
import { joinPath, splitPath } from './names.ts';
import type { SiteFs } from './port.ts';

/**
 * A second name, then the first one goes; a crash in between leaves both, and nothing is ever replaced. Directories (and
 * volumes without hard links) have no second name. RACE: what is made at the target between the look and the rename is
 * replaced; where a directory moves that can only be a directory that is still empty.
 */
export async function moveToFree(fs: SiteFs, from: string, to: string): Promise<void> {
  const source = await fs.stat(from);
  if (source === null) throw systemError('ENOENT', 'rename', from, to);
  if (source.kind !== 'directory') {
    try {
      await fs.link(from, to);
      await fs.unlink(from);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EPERM') throw error;
    }
  }
  if ((await fs.stat(to)) !== null) throw systemError('EEXIST', 'rename', from, to);
  await fs.rename(from, to, true);
}

/** RACE: for two renames the first name is free; a crash there leaves its entry under the name `aside`. */
export async function swap(fs: SiteFs, a: string, b: string, aside: string): Promise<void> {
  if (a.startsWith(`${b}/`) || b.startsWith(`${a}/`)) throw systemError('EINVAL', 'rename', a, b);
  for (const path of [a, b]) if ((await fs.stat(path)) === null) throw systemError('ENOENT', 'rename', a, b);
  if (a === b) return;
  const spare = joinPath(splitPath(a).parent, aside);
  await moveToFree(fs, a, spare);
  try {
    await moveToFree(fs, b, a);
  } catch (error) {
    await moveToFree(fs, spare, a);
    throw error;
  }
  await moveToFree(fs, spare, b);
}
