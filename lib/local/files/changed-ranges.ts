import { codeOf } from '../../base/errors.ts';
import { read, slice, type Content } from './contents.ts';
import { add, clip, subtract, type Ranges } from './ranges.ts';
import type { Store } from './store.ts';

/** Changes are told apart to this many bytes. */
const grain = 4096;

/** What differs between two contents of one file: `written` is data that is new or other, `cleared` was data and is a hole. */
export interface Changes {
  readonly written: Ranges;
  readonly cleared: Ranges;
}

/**
 * Compares the bytes that both hold, so it reads them; what only one holds needs no look. Undefined: one was removed while
 * it was read.
 */
export async function changedRanges(store: Store, old: Content, now: Content): Promise<Changes | undefined> {
  if (old.id === now.id) return { written: [], cleared: [] };
  const cleared = subtract(old.ranges, now.ranges);
  let written = subtract(now.ranges, old.ranges);
  try {
    for (let i = 0; i + 1 < now.ranges.length; i += 2) {
      const both = clip(old.ranges, now.ranges[i] ?? 0, now.ranges[i + 1] ?? 0);
      for (let j = 0; j + 1 < both.length; j += 2)
        written = await compare(store, old, now, both[j] ?? 0, both[j + 1] ?? 0, written);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return { written, cleared };
}

const chunk = 1 << 20;

/** `written` and what of [start, end) is not the same in both. */
async function compare(
  store: Store,
  old: Content,
  now: Content,
  start: number,
  end: number,
  written: Ranges,
): Promise<Ranges> {
  for (let at = start; at < end; at += chunk) {
    const to = Math.min(at + chunk, end);
    const [before, after] = await Promise.all([bytesOf(store, old, at, to), bytesOf(store, now, at, to)]);
    if (before.equals(after)) continue;
    for (let from = 0; from < before.length; from += grain)
      if (!before.subarray(from, from + grain).equals(after.subarray(from, from + grain)))
        written = add(written, at + from, Math.min(at + from + grain, to));
  }
  return written;
}

async function bytesOf({ contents }: Store, content: Content, start: number, end: number): Promise<Buffer> {
  if (content.bytes !== undefined) return Buffer.from(slice(content.bytes, start, end));
  const handle = await contents.files.openForReading(content.id);
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of read(handle, content.ranges, start, end)) pieces.push(piece);
    return Buffer.concat(pieces);
  } finally {
    await handle.close();
  }
}
