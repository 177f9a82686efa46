// When something has arrived. A look must not disturb what it measures: it is at one directory, the first that is not
// whole yet, since all have to be; and no more often than the figure needs.
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from '../../lib/base/errors.ts';
import { directoriesOf, type TreeDirectory, type TreeShape } from './tree.ts';

/** Resolves with the time (ms, `performance.now`) of the look that found it; rejects after `timeoutMs`. */
export async function until(what: string, everyMs: number, timeoutMs: number, look: () => boolean): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const now = performance.now();
    if (look()) return now;
    if (now > deadline) throw new Error(`not within ${Math.round(timeoutMs / 1000)} s: ${what}`);
    await pause(everyMs);
  }
}

const treeEveryMs = 50;

/** When all files of the tree are at `root` with their sizes. */
export function untilTree(root: string, shape: TreeShape, timeoutMs: number): Promise<number> {
  const directories = directoriesOf(shape);
  let whole = 0;
  return until(`all of ${root}`, treeEveryMs, timeoutMs, () => {
    for (let next = directories[whole]; next !== undefined; next = directories[++whole])
      if (!isWhole(path.join(root, next.name), next, shape.size)) return false;
    return true;
  });
}

function isWhole(dir: string, { files }: TreeDirectory, size: number): boolean {
  const names = new Set(namesIn(dir));
  if (names.size < files.length || !files.every((file) => names.has(file))) return false;
  return files.every((file) => sizeOf(path.join(dir, file)) === size);
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return [];
  }
}

/** Undefined where nothing is. */
export function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** Undefined where the file has not so many bytes, or is not there. */
export function bytesAt(file: string, offset: number, length: number): Buffer | undefined {
  const found = sizeOf(file);
  if (found === undefined || found < offset + length) return undefined;
  const buffer = Buffer.alloc(length);
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    return readSync(fd, buffer, 0, length, offset) === length ? buffer : undefined;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined; // replaced between the two calls
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
