// What was set aside comes back under a name that users see: it replaces nothing, whatever took its name meanwhile.
import { codeOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { conflictName } from '../../core/conflict-name.ts';
import type { SiteFs } from '../fs/port.ts';

/**
 * Renames `path` to where `placeOf` puts `name`, else to the first conflict name that is free there; answers which path it
 * was. From there on it is a new file. Errors: the file system's, but EEXIST.
 */
export async function bringBack(
  { fs, server, log }: { readonly fs: SiteFs; readonly server: string; readonly log: Log },
  path: string,
  name: string,
  placeOf: (name: string) => string,
): Promise<string> {
  for (let attempt = -1; ; attempt++) {
    const target = placeOf(attempt < 0 ? name : conflictName(name, server, attempt));
    try {
      await fs.rename(path, target, false);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue;
      throw error;
    }
    log.warn('late_write_kept', { path: target });
    return target;
  }
}
