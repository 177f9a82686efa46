import { systemError } from './errors.ts';
import type { Inode } from './memory-inode.ts';
import { byteLength, splitPath } from './names.ts';

/** A name in a directory of the in-memory volume, and what has it. */
export interface Place {
  readonly dir: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

/** Walks a path that passed `checkPath`, through no link. Errors come in the order in which the kernel finds them. */
export function placeAt(root: Inode, path: string, syscall: string, dest?: string): Place {
  const { parent, leaf } = splitPath(path);
  const refuse = (code: string): never => {
    throw systemError(code, syscall, path, dest);
  };
  let dir = root;
  for (const name of parent === '' ? [] : parent.split('/')) {
    if (byteLength(name) > 255) return refuse('ENAMETOOLONG');
    const next = dir.entries.get(name);
    if (next === undefined) return refuse('ENOENT');
    if (next.kind === 'symlink') return refuse('ELOOP');
    if (next.kind !== 'directory') return refuse('ENOTDIR');
    dir = next;
  }
  return byteLength(leaf) > 255 ? refuse('ENAMETOOLONG') : { dir, name: leaf, inode: dir.entries.get(leaf) };
}
