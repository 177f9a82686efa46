import { codeOf } from '../../base/errors.ts';
import type { SiteFs } from '../fs/port.ts';
import type { Removed } from './removed.ts';
import type { Replaced } from './replaced.ts';

/** What a crash left on the site and only that tells of. May be done again from the start. */
export interface Recovered {
  readonly fs: SiteFs;
  readonly replaced: Replaced;
  readonly removed: Removed;
  /** Rejects with `Halted` when the root is not what it should be. */
  readonly checkRoot: () => Promise<void>;
}

/** Errors: `Halted` where the disk went away meanwhile, which nobody can help but by mounting it; else the file system's. */
export async function recover({ fs, replaced, removed, checkRoot }: Recovered): Promise<void> {
  try {
    await replaced.recover();
    await removed.recover();
    // What a crash left unflushed is named by the trees already, or will be by the first scan.
    await fs.sync();
  } catch (error) {
    if (codeOf(error) !== '') await checkRoot();
    throw error;
  }
}
