import { codeOf } from '../../base/errors.ts';
import { isAbsence } from './errors.ts';
import type { Notice } from './memory-change.ts';
import { pathOfDirectory, type Inode } from './memory-inode.ts';
import type { MemoryVolume } from './memory-volume.ts';
import { joinPath } from './names.ts';
import { WatchBatch } from './watch-batch.ts';
import type { StartWatch, WatchEvent } from './watch-port.ts';

export interface MemoryWatchOptions {
  /** When a batch is delivered; the default is the next turn of the event loop. */
  readonly schedule?: ((deliver: () => void) => void) | undefined;
  /** True for an event that gets lost without a word, as on a buggy kernel or file system. */
  readonly drop?: ((event: WatchEvent) => boolean) | undefined;
  /** Events that wait at most; one more, and all that comes before the next delivery is lost, and `overflow` says so. */
  readonly queue?: number | undefined;
  /** Directories that can be watched at most; for one more `limit` is told, once. */
  readonly watches?: number | undefined;
}

/** Watches a volume as inotify would: a watch follows its directory, and a rename is told with both ends. */
export function memoryWatch(volume: MemoryVolume, options: MemoryWatchOptions = {}): StartWatch {
  const { schedule = setImmediate, drop = () => false, queue = Infinity, watches = Infinity } = options;
  return (onEvents) => {
    const watched = new Set<Inode>();
    let waiting: WatchEvent[] = [];
    let unsure: string[] = [];
    let scheduled = false;
    let limited = false;
    let closed = false;

    const deliver = (): void => {
      scheduled = false;
      const batch = new WatchBatch();
      for (const event of waiting) batch.add(event);
      batch.unsure(...unsure);
      waiting = [];
      unsure = [];
      const told = batch.end();
      if (!closed && told.length > 0) onEvents(told);
    };
    const tell = (event: WatchEvent): void => {
      if (closed || drop(event)) return;
      if (waiting.length < queue) waiting.push(event);
      else if (waiting.length === queue) waiting.push({ kind: 'overflow' });
      if (scheduled) return;
      scheduled = true;
      schedule(deliver);
    };
    const pathIn = (dir: Inode, name: string): string | undefined => {
      const path = watched.has(dir) ? pathOfDirectory(dir, volume.root) : undefined;
      return path === undefined || name === '' ? path : joinPath(path, name);
    };
    const translate = (notice: Notice): void => {
      const path = pathIn(notice.dir, notice.name);
      if (notice.kind !== 'moved') {
        if (path !== undefined) tell({ kind: notice.kind, path });
        return;
      }
      const to = pathIn(notice.toDir, notice.toName);
      if (path !== undefined && to !== undefined) {
        tell({ kind: 'moved', from: path, to });
        // As inotify.ts does it: which of the two is where cannot be told from events, so both are watched anew.
        if (notice.inode.kind === 'directory' && forget(watched, notice.replaced)) {
          forget(watched, notice.inode);
          unsure.push(path, to);
        }
      } else if (path !== undefined) {
        tell({ kind: 'changed', path });
        forget(watched, notice.inode);
      } else if (to !== undefined) {
        tell({ kind: 'changed', path: to });
      }
    };
    const stop = volume.listen(translate);

    return Promise.resolve({
      add(...dirs) {
        for (const dir of dirs) {
          const inode = directoryAt(volume, dir);
          if (closed || inode === undefined || watched.has(inode)) continue;
          if (watched.size < watches) watched.add(inode);
          else if (!limited) {
            limited = true;
            tell({ kind: 'limit', path: dir });
          }
        }
        return Promise.resolve();
      },
      close() {
        closed = true;
        stop();
        return Promise.resolve();
      },
    });
  };
}

/** No longer watches a directory and all below; true if anything of it was watched. */
function forget(watched: Set<Inode>, inode: Inode | undefined): boolean {
  if (inode === undefined) return false;
  let was = watched.delete(inode);
  for (const entry of inode.entries.values()) if (forget(watched, entry)) was = true;
  return was;
}

/** Undefined when there is no directory any more: the scan that asked for it will see that too. */
function directoryAt(volume: MemoryVolume, dir: string): Inode | undefined {
  try {
    return volume.directory(dir, 'inotify_add_watch');
  } catch (error) {
    if (isAbsence(error) || codeOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}
