import type { FileStat } from '../fs/port.ts';

// A file that nobody was heard to close is settled when it was left alone for so long.
const quietMs = 30;
const bigQuietMs = 1000;
const bigBytes = 64 * 1024 * 1024;

/** Milliseconds without a change that make a file of this size settled. */
export function quietFor(size: number): number {
  return size > bigBytes ? bigQuietMs : quietMs;
}

/** `nowMs` as the file system's clock tells. */
export function isQuiet(stat: FileStat, nowMs: number): boolean {
  return ageOf(stat, nowMs) >= quietFor(stat.size);
}

/**
 * Changed in the future: a clock was set back. Its age says nothing then, for as long as that takes; whoever finds the
 * same at a second look may take it for settled.
 */
export function isAhead(stat: FileStat, nowMs: number): boolean {
  return ageOf(stat, nowMs) < 0;
}

function ageOf({ ctimeNs }: FileStat, nowMs: number): number {
  return nowMs - Number(ctimeNs / 1_000_000n);
}
