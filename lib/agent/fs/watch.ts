import { inotify } from './inotify.ts';
import { NativeFs } from './native-fs.ts';
import { pollWatch } from './poll-watch.ts';
import type { SiteFs } from './port.ts';
import type { StartWatch } from './watch-port.ts';

/** How changes below an opened site are watched: by inotify where the addon is there, else by a library. */
export function watchOf(fs: SiteFs): StartWatch {
  return fs instanceof NativeFs ? inotify(fs.native, fs.root, fs.rootFd) : pollWatch(fs.root, false);
}
