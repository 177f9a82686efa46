// What a walk over complete listings notes: the pure form of lib/agent/scan/walk.ts.
import type { Found, Known, Place, Scan, Site } from '../../lib/core/identify.ts';
import { isIdentity } from '../../lib/core/identify.ts';
import type { NodeId } from '../../lib/core/node.ts';

/** An entry as a listing has it. */
export type Seen = Omit<Found, 'dir' | 'path' | 'settled' | 'ahead' | 'written'> & { readonly written?: boolean };

/**
 * A scan of all directories in `listings` (by path). Of what is found elsewhere than it was known the old place was looked
 * at, too: it is not there unless a listing has it there.
 */
export function looked(
  site: Site & { directoryAt(path: string): NodeId | undefined },
  listings: ReadonlyMap<string, readonly Seen[]>,
): Scan {
  const found: Found[] = [];
  const missing = new Set<NodeId>();
  const seen = new Set<NodeId>();
  const visited = new Set<string>();
  const open: { place: Place; path: string }[] = [];
  for (const path of listings.keys()) {
    const id = site.directoryAt(path);
    if (id !== undefined && (path === '' || !listings.has(parentOf(path)))) open.push({ place: id, path });
  }
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { place, path } = next;
    const listing = listings.get(path);
    if (listing === undefined || visited.has(path)) continue;
    visited.add(path);
    const known = new Map<string, Known>();
    if (typeof place === 'string') for (const entry of site.localChildren(place)) known.set(entry.name, entry);
    for (const one of listing) {
      const below = path === '' ? one.name : `${path}/${one.name}`;
      const entry = known.get(one.name);
      known.delete(one.name);
      const here = entry !== undefined && isIdentity(entry, one) && entry.kind === one.kind;
      if (entry !== undefined && !here) missing.add(entry.id);
      if (here) seen.add(entry.id);
      const each: Found = { written: false, ...one, dir: place, path: below, settled: true, ahead: false };
      const same = here && isSame(entry, each);
      if (!same) found.push(each);
      if (one.kind !== 'directory') continue;
      const moved = [...site.withInode(one.inode)].find(
        (other) => other.kind === 'directory' && isIdentity(other, one),
      );
      open.push({ place: moved?.id ?? each, path: below });
    }
    for (const { id } of known.values()) missing.add(id);
  }
  for (const each of found)
    for (const entry of site.withInode(each.inode))
      if (isIdentity(entry, each) && !seen.has(entry.id)) missing.add(entry.id);
  return { found, missing, seen };
}

function isSame(entry: Known, found: Found): boolean {
  if (entry.born !== found.born || entry.mode !== found.mode || found.written) return false;
  if (entry.kind === 'directory') return true;
  return entry.size === found.size && entry.statMtime === found.mtime && entry.ctime === found.ctime;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}
