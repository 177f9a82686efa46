// Mixed files from a seed: the same seed makes the same tree.
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync, chmodSync, readdirSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { randomInt, type Random } from '../../../lib/base/random.ts';

const MiB = 1024 * 1024;
const odd = [
  'with space',
  'Größe',
  '日本語',
  'a#b%20c',
  "it's",
  '.dotfile',
  '-dash',
  'a&b=c+d',
  '(x) [y] {z}',
  'naïve 🌊',
  'UPPER',
  'x'.repeat(180),
];

export function pick<T>(random: Random, all: readonly T[]): T {
  const one = all[randomInt(random, all.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

/** Mostly small, some empty, a few of several MiB and around the block size of 4 MiB. */
function sizeOf(random: Random): number {
  const kind = randomInt(random, 1000);
  if (kind < 50) return 0;
  if (kind < 600) return randomInt(random, 2048);
  if (kind < 990) return randomInt(random, 24 * 1024);
  if (kind < 997) return randomInt(random, 256 * 1024);
  return pick(random, [4 * MiB, 4 * MiB + 1, 5 * MiB + 123]);
}

function nameOf(random: Random, index: number): string {
  return randomInt(random, 4) === 0 ? `${pick(random, odd)} ${index}.txt` : `file-${index}.dat`;
}

export function write(random: Random, file: string): void {
  writeFileSync(file, random.bytes(sizeOf(random)));
  if (randomInt(random, 5) === 0) chmodSync(file, pick(random, [0o600, 0o640, 0o644, 0o755, 0o444]));
  if (randomInt(random, 4) === 0) utimesSync(file, 1_500_000_000 + randomInt(random, 2 ** 27), 1_600_000_000.25);
}

/** `count` files in directories that are made on the way; answers their paths and the directories'. */
export function fill(random: Random, root: string, count: number): { files: string[]; directories: string[] } {
  const directories = [''];
  const files: string[] = [];
  for (let index = 0; index < count; index++) {
    if (index % 20 === 0) {
      const parent = randomInt(random, 3) === 0 ? '' : pick(random, directories);
      const name = path.join(parent, `${randomInt(random, 3) === 0 ? pick(random, odd) : 'dir'}-${index}`);
      if (Buffer.byteLength(name) < 900) {
        mkdirSync(path.join(root, name));
        directories.push(name);
      }
    }
    const file = path.join(pick(random, directories), nameOf(random, index));
    write(random, path.join(root, file));
    files.push(file);
  }
  return { files, directories: directories.slice(1) };
}

/** Files below `root`, `.tideway` left out. */
export function filesBelow(root: string): string[] {
  return below(root, (entry) => entry.isFile());
}

export function directoriesBelow(root: string): string[] {
  return below(root, (entry) => entry.isDirectory());
}

function below(root: string, wanted: (entry: Dirent) => boolean): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(wanted)
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((name) => name !== '.tideway' && !name.startsWith('.tideway/'))
    .toSorted();
}

export function rename(root: string, from: string, to: string): void {
  renameSync(path.join(root, from), path.join(root, to));
}

export function remove(root: string, name: string): void {
  rmSync(path.join(root, name), { recursive: true });
}
