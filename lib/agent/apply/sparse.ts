// Files with holes stay files with holes: what was never written is neither read, nor sent, nor written elsewhere.
import { blockSize } from '../../core/node.ts';
import type { ReadFile, WriteFile } from '../fs/port.ts';
import { blockHash } from '../hash.ts';

/** [from, to) in bytes. */
export type Range = readonly [from: number, to: number];

const pieceSize = 64 * 1024;
const zeros = Buffer.alloc(pieceSize);

/** True where nothing was written in the whole of it: it reads as zeros. */
export async function isHole(file: ReadFile, offset: number, length: number): Promise<boolean> {
  return (await file.nextData(offset)) >= offset + length;
}

let zeroBlock: Buffer | undefined;

/** The hash of a block of zeros. */
export function zeroHash(length: number): Buffer {
  if (length !== blockSize) return blockHash(Buffer.alloc(length));
  zeroBlock ??= blockHash(Buffer.alloc(blockSize));
  return zeroBlock;
}

/** Holes in order, and those that meet as one. */
export function joined(holes: readonly Range[]): Range[] {
  const out: [number, number][] = [];
  for (const [from, to] of holes.toSorted(([a], [b]) => a - b)) {
    const last = out.at(-1);
    if (last !== undefined && last[1] === from) last[1] = to;
    else out.push([from, to]);
  }
  return out;
}

/** The longest `most` of them, in order, and the others. */
export function longest(holes: readonly Range[], most: number): { kept: readonly Range[]; others: readonly Range[] } {
  const byLength = holes.toSorted(([a, aEnd], [b, bEnd]) => bEnd - b - (aEnd - a) || a - b);
  const kept = new Set(byLength.slice(0, most));
  return { kept: holes.filter((hole) => kept.has(hole)), others: byLength.slice(most) };
}

/** Writes into a new file: pieces of nothing but zeros are left out. Whoever is done sets the length. */
export async function writeSparse(file: WriteFile, offset: number, bytes: Uint8Array): Promise<void> {
  for (const [from, to] of filled(bytes)) await file.write(offset + from, bytes.subarray(from, to));
}

function filled(bytes: Uint8Array): readonly Range[] {
  const out: [number, number][] = [];
  for (let from = 0; from < bytes.length; from += pieceSize) {
    const to = Math.min(from + pieceSize, bytes.length);
    if (zeros.subarray(0, to - from).equals(bytes.subarray(from, to))) continue;
    const last = out.at(-1);
    if (last !== undefined && last[1] === from) last[1] = to;
    else out.push([from, to]);
  }
  return out;
}
