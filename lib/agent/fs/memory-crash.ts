// Power loss. Names come back as a journal keeps them: operations reach the disk in order, up to some point after the
// last sync. Of each file that was not synced since, content and attributes are what was synced, what was there at the
// end, or a mixture page by page; a page that never reached the disk reads as zeros.
import { must } from '../../base/errors.ts';
import { randomInt, type Random } from '../../base/random.ts';
import { setName, type NameChange } from './memory-change.ts';
import { MemoryFs } from './memory-fs.ts';
import { setEntry, type Inode } from './memory-inode.ts';
import { MemoryVolume } from './memory-volume.ts';

const page = 4096;

/** The volume after a power loss. The old one is as it was: a test can crash it again another way. */
export function crash(fs: MemoryFs, random: Random): MemoryFs {
  const { volume } = fs;
  const namesOf = namesOnDisk(volume.pending.slice(0, randomInt(random, volume.pending.length + 1)));
  const restored = new MemoryVolume(volume.nowNs, volume.limits);
  restored.keepsBirth = volume.keepsBirth;
  const copies = new Map<Inode, Inode>();
  const restore = (inode: Inode): Inode => {
    const known = copies.get(inode);
    if (known !== undefined) return known;
    const copy = restored.revive(inode, pick(random, [inode.saved, inode]), mixedContent(inode, random));
    copies.set(inode, copy);
    for (const [name, entry] of namesOf(inode)) {
      const there = restore(entry);
      setEntry(copy, name, there);
      copy.savedEntries.set(name, there);
    }
    return copy;
  };
  restore(volume.root);
  return new MemoryFs(restored);
}

/** What each directory holds on disk once these operations, after the last sync, have reached it too. */
function namesOnDisk(reached: readonly NameChange[][]): (dir: Inode) => ReadonlyMap<string, Inode> {
  const changed = new Map<Inode, Map<string, Inode>>();
  for (const change of reached.flat()) {
    const names = changed.get(change.dir) ?? new Map(change.dir.savedEntries);
    changed.set(change.dir, names);
    setName(names, change);
  }
  return (dir) => changed.get(dir) ?? dir.savedEntries;
}

/** Of a file that was synced both are the same, and so is any mixture. */
function mixedContent(inode: Inode, random: Random): Uint8Array {
  const old = inode.saved.data;
  const data = new Uint8Array(pick(random, [old.length, inode.data.length]));
  const way = pick(random, ['old', 'new', 'mixed']);
  for (let at = 0; at < data.length; at += page) {
    const source = way === 'old' || (way === 'mixed' && randomInt(random, 2) === 0) ? old : inode.data;
    data.set(source.subarray(at, Math.min(at + page, data.length)), at);
  }
  return data;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return must(choices[randomInt(random, choices.length)], 'a choice among several');
}
