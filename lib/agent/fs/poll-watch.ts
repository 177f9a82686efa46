import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { checkPath } from './names.ts';
import type { StartWatch, WatchEvent } from './watch-port.ts';

/**
 * Watches by a library, for where the addon is missing; with `polling` it looks at every file each `intervalMs`, for where the
 * kernel grants no more watches. It says neither who closed a file nor what moved where
 * (so all that may have been written counts as written), and it cannot see names that
 * are not UTF-8: a full scan from time to time has to find those.
 *
 * A directory is watched some milliseconds after `add` returns, because the library does not say when.
 */
export function pollWatch(root: string, polling: boolean, intervalMs = 1000): StartWatch {
  return async (onEvents) => {
    // Loaded only where it is needed: most agents never do.
    const { watch } = await import('chokidar');
    const watcher = watch([], {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      usePolling: polling,
      interval: intervalMs,
      binaryInterval: intervalMs,
    });
    const tell = (event: WatchEvent): void => onEvents([event]);
    watcher.on('all', (event, path) => {
      const relative = path === root ? '' : path.slice(root.length + 1);
      if (relative === '' && event === 'unlinkDir') tell({ kind: 'gone' });
      // Whatever appears may have been written to before it was moved here.
      else tell({ kind: event === 'add' || event === 'change' ? 'written' : 'changed', path: relative });
    });
    watcher.on('error', (error) => {
      // Any other error means that something is no longer watched, and nobody knows what.
      tell(codeOf(error) === 'ENOSPC' ? { kind: 'limit', path: '' } : { kind: 'overflow' });
    });
    return {
      async add(...dirs) {
        for (const dir of dirs) checkPath(dir, 'watch', true);
        watcher.add(dirs.map((dir) => join(root, dir)));
      },
      close: () => watcher.close(),
    };
  };
}
