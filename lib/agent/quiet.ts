import type { FileStat } from './fs/port.ts';

// A file that nobody was heard to close is settled when it was left alone for so long.
const quietMs = 30;
const bigQuietMs = 1000;
const bigBytes = 64 * 1024 * 1024;

/** Milliseconds without a change that make a file of this size settled. */
export function quietFor(size: number): number {
  return size > bigBytes ? bigQuietMs : quietMs;
}

/** `nowMs` as the file system's clock tells. A change time in the future (a clock set back) counts as now. */
export function isQuiet(stat: FileStat, nowMs: number): boolean {
  return nowMs - Number(stat.ctimeNs / 1_000_000n) >= quietFor(stat.size);
}
