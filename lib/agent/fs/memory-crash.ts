// Power loss. Names come back as a journal keeps them: operations reach the disk in order, up to some point after the
// last sync. Of each file that was not synced since, content and attributes are what was synced, what was there at the
// end, or a mixture page by page; a page that never reached the disk reads as zeros.
import { must } from '../../base/errors.ts';
import { randomInt, type Random } from '../../base/random.ts';
import { MemoryFs } from './memory-fs.ts';
import { setEntry, type Inode } from './memory-inode.ts';
import { MemoryVolume, saveName } from './memory-volume.ts';

const page = 4096;

/** The volume after a power loss; the old one, and every handle on it, must not be used any more. */
export function crash(fs: MemoryFs, random: Random): MemoryFs {
  const { volume } = fs;
  const reached = volume.pending.slice(0, randomInt(random, volume.pending.length + 1));
  for (const change of reached.flat()) saveName(change);
  const restored = new MemoryVolume(volume.nowNs, volume.limits);
  const copies = new Map<Inode, Inode>();
  const restore = (inode: Inode): Inode => {
    const known = copies.get(inode);
    if (known !== undefined) return known;
    const synced = !volume.dirty.has(inode) || inode.kind !== 'file';
    const data = synced ? inode.data : mixedContent(inode, random);
    const copy = restored.revive(inode, pick(random, [inode.saved, inode]), data);
    copies.set(inode, copy);
    for (const [name, entry] of inode.savedEntries) {
      const change = { dir: copy, name, inode: restore(entry) };
      setEntry(copy, name, change.inode);
      saveName(change);
    }
    return copy;
  };
  restore(volume.root);
  return new MemoryFs(restored);
}

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
