// What a look at one name says: whether it still is as the local tree has it, and if not, what it is now.
import { contradicts } from '../../core/attributes.ts';
import type { Found, Known, Place } from '../../core/identify.ts';
import type { Attributes, NodeKind } from '../../core/node.ts';
import type { FileStat } from '../fs/port.ts';
import { isAhead, isQuiet } from './quiet.ts';
import { identityOf } from './round.ts';

/** What the watch told about one path. */
export interface Look {
  readonly closed: boolean;
  readonly written: boolean;
}

/** What is at a name, with all that there is to know about it. */
export interface Sight {
  readonly stat: FileStat & { readonly kind: SyncedKind };
  /** Of a symbolic link. */
  readonly target: string | undefined;
  readonly shown: Attributes;
}

type SyncedKind = 'file' | 'directory' | 'symlink';

export function isSyncedKind(stat: FileStat): stat is FileStat & { kind: SyncedKind } {
  return stat.kind !== 'other';
}

export function nodeKind(kind: SyncedKind): NodeKind {
  return kind === 'symlink' ? 'link' : kind;
}

/**
 * Whether the stat alone says that it is as it was. Of a directory its owner and attributes are not known to be the same
 * if its ctime moved, which it also does with every name in it: then `undefined`, and `isSameDirectory` tells.
 */
export function isSame(entry: Known, stat: FileStat, look: Look | undefined, nowMs: number): boolean | undefined {
  const links = stat.kind === 'symlink';
  if ((!links && entry.mode !== (stat.mode & 0o777)) || entry.born !== stat.bornNs.toString()) return false;
  const sameChange = entry.ctime === stat.ctimeNs.toString();
  if (entry.kind === 'directory') return sameChange || undefined;
  return (
    entry.size === stat.size &&
    entry.statMtime === stat.mtimeNs.toString() &&
    sameChange &&
    look?.written !== true &&
    (links || entry.settled || !(look?.closed === true || isQuiet(stat, nowMs) || isAhead(stat, nowMs)))
  );
}

export function isSameDirectory(entry: Known, shown: Attributes): boolean {
  return !contradicts(shown, entry.seen ?? entry);
}

export function foundAt(
  at: { readonly dir: Place; readonly name: string; readonly path: string },
  { stat, target, shown }: Sight,
  told: { readonly look: Look | undefined; readonly hears: boolean; readonly nowMs: number },
): Found {
  const { look, hears, nowMs } = told;
  return {
    ...identityOf(stat),
    ...at,
    kind: nodeKind(stat.kind),
    ...(target === undefined ? {} : { target }),
    size: stat.kind === 'directory' ? 0 : stat.size,
    mode: stat.mode & 0o777,
    mtime: stat.mtimeNs.toString(),
    ctime: stat.ctimeNs.toString(),
    settled: look?.closed === true || isQuiet(stat, nowMs),
    ahead: isAhead(stat, nowMs),
    // A new directory may have been written to before it was watched.
    heard: hears && typeof at.dir === 'string',
    written: look?.written === true,
    ...shown,
  };
}
