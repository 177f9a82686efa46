// What happens in the in-memory volume: as it is told to watchers, and as it is kept for the journal.
import type { Inode } from './memory-inode.ts';

/** What inotify would see, in the directory where it happens. */
export type Notice =
  | { readonly kind: 'changed' | 'written' | 'closed'; readonly dir: Inode; readonly name: string }
  | {
      readonly kind: 'moved';
      readonly dir: Inode;
      readonly name: string;
      readonly toDir: Inode;
      readonly toName: string;
      readonly inode: Inode;
      /** What had the new name before. */
      readonly replaced: Inode | undefined;
    };

/** One name set or removed; the changes of one operation reach the disk together, and operations in order. */
export type NameChange = { readonly dir: Inode; readonly name: string; readonly inode: Inode | undefined };

export function setName(names: Map<string, Inode>, { name, inode }: NameChange): void {
  if (inode === undefined) names.delete(name);
  else names.set(name, inode);
}

/** They have reached the disk. */
export function setNames(changes: readonly NameChange[][]): void {
  for (const change of changes.flat()) setName(change.dir.savedEntries, change);
}
