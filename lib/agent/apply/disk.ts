import type { Clock } from '../../base/clock.ts';
import { codeOf } from '../../base/errors.ts';
import type { Identity } from '../../core/identify.ts';
import type { NodeKind } from '../../core/node.ts';
import type { Flush } from './flush.ts';
import { splitPath } from '../fs/names.ts';
import type { FileStat, SiteFs } from '../fs/port.ts';
import { isInode } from '../scan/round.ts';

export interface DiskOptions {
  readonly fs: SiteFs;
  /** Brings all there is to disk, for whoever asks meanwhile together. */
  readonly flush: Flush;
  readonly clock: Clock;
}

/**
 * A few single flushes are done at once, without waiting for what others wrote to the volume. Beyond so many in so long one
 * of the whole volume is cheaper, however much it brings along.
 */
const fewAtOnce = 16;
const windowMs = 250;

/** `work` beside a flush of which it does not know; a failure is told when the flush has ended, too. */
export async function beside<T, F>(flush: Promise<F>, work: Promise<T>): Promise<{ done: T; flushed: Promise<F> }> {
  flush.catch(() => {}); // whoever awaits it gets the error
  try {
    return { done: await work, flushed: flush };
  } catch (error) {
    await flush.catch(() => {}); // the first error is the one that is told
    throw error;
  }
}

/**
 * What the share, or the synced tree, is told of a file must be on this site's own disk first. Else a power loss leaves
 * an empty or older file here, which counts as an edit and replaces the good version everywhere; or none at all, which
 * counts as a delete.
 */
export class Disk {
  readonly #options: DiskOptions;
  #began = -Infinity;
  #count = 0;
  readonly counters = { pathFlushes: 0 };

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  /** True: this one is worth a flush of its own, and counted as one. */
  takeFew(): boolean {
    const now = this.#options.clock.monotonic();
    if (now - this.#began >= windowMs) {
      this.#began = now;
      this.#count = 0;
    }
    return ++this.#count <= fewAtOnce;
  }

  all(): Promise<void> {
    return this.#options.flush.run();
  }

  /** What stands at these paths (of a directory the names in it) is on disk when it resolves. */
  async paths(paths: readonly string[]): Promise<void> {
    if (!this.takeFew() || (await this.#alone(paths)) === undefined) await this.all();
  }

  /**
   * The content of a known file or link and its name are on disk; false: another file stands there. Whoever asks looks before or
   * after whether the file still has this content.
   */
  async file(path: string, known: Identity & { readonly kind: NodeKind }): Promise<boolean> {
    // A link cannot be opened, so it has no flush of its own.
    const stats =
      known.kind !== 'link' && this.takeFew() ? await this.#alone([path, splitPath(path).parent]) : undefined;
    if (stats === undefined) await this.all();
    const stat = stats?.[0];
    return stat === undefined || (stat !== null && isInode(known, stat));
  }

  /** Undefined where something may not be opened: only a flush of everything reaches that. */
  async #alone(paths: readonly string[]): Promise<readonly (FileStat | null)[] | undefined> {
    this.counters.pathFlushes++;
    try {
      return await this.#options.fs.syncPaths(paths);
    } catch (error) {
      if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error;
      return undefined;
    }
  }
}
