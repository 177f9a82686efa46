// The trees that are synced: the same for every system and every run, made once and copied.
import { createCipheriv, createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/** `files` files of `size` bytes, spread evenly over `directories` directories. */
export interface TreeShape {
  readonly files: number;
  readonly size: number;
  readonly directories: number;
}

export interface TreeDirectory {
  readonly name: string;
  readonly files: readonly string[];
}

export function directoriesOf({ files, directories }: TreeShape): readonly TreeDirectory[] {
  const each = Math.ceil(files / directories);
  return Array.from({ length: Math.ceil(files / each) }, (_, index) => ({
    name: `d${String(index).padStart(4, '0')}`,
    files: Array.from(
      { length: Math.min(each, files - index * each) },
      (__, at) => `f${String(index * each + at).padStart(6, '0')}.bin`,
    ),
  }));
}

/** Bytes that no compression makes smaller and no two seeds share. */
export function bytesFrom(seed: string): (length: number) => Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  return (length) => cipher.update(Buffer.alloc(length));
}

export function makeTree(root: string, shape: TreeShape, seed: string): void {
  const next = bytesFrom(seed);
  for (const { name, files } of directoriesOf(shape)) {
    mkdirSync(path.join(root, name), { recursive: true });
    for (const file of files) writeFileSync(path.join(root, name, file), next(shape.size));
  }
}

const chunk = 2 ** 20;

export function makeFile(file: string, size: number, seed: string): void {
  const next = bytesFrom(seed);
  const fd = openSync(file, 'w');
  try {
    for (let at = 0; at < size; at += chunk) writeSync(fd, next(Math.min(chunk, size - at)));
  } finally {
    closeSync(fd);
  }
}

/**
 * One hash over names and contents of all that is below `root`. Names that begin with a dot belong to the systems
 * (`.tideway`, `.stfolder`, temporary files); no work makes such names.
 */
export function treeHash(root: string): string {
  const hash = createHash('sha256');
  const enter = (dir: string): void => {
    const names = readdirSync(path.join(root, dir)).filter((name) => !name.startsWith('.'));
    for (const name of names.toSorted()) {
      const relative = path.join(dir, name);
      const full = path.join(root, relative);
      if (lstatSync(full).isDirectory()) {
        hash.update(`directory ${relative}\n`);
        enter(relative);
      } else hash.update(`file ${relative} ${fileHash(full)}\n`);
    }
  };
  enter('');
  return hash.digest('hex');
}

export function fileHash(file: string): string {
  const { size } = lstatSync(file);
  const hash = createHash('sha256');
  if (size <= chunk) return hash.update(readFileSync(file)).digest('hex');
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(chunk);
    for (let got = -1; got !== 0;) {
      got = readSync(fd, buffer, 0, chunk, null);
      hash.update(buffer.subarray(0, got));
    }
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}
