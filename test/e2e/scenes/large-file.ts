// A file beyond 4 GiB, where numbers of 32 bits end: it comes, changes at both ends of its length, shrinks to nothing and grows
// again, and is the same at both sites after each. It has holes, as disk images have; `dense` bytes of it are no holes.
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import path from 'node:path';
import { randomInt, seededRandom } from '../../../lib/base/random.ts';
import { settled } from '../support/settled.ts';
import { nothingLeftOnShare } from '../support/share-left.ts';
import type { Workspace } from '../support/workspace.ts';

export interface Size {
  readonly bytes: number;
  readonly dense: number;
  readonly seed: number;
  /** Bound of each sync, seconds. */
  readonly seconds: number;
}

const piece = 1024 * 1024;
const fourGiB = 2 ** 32;

export async function largeFile(space: Workspace, size: Size, say: (line: string) => void): Promise<void> {
  const { bytes, dense, seed, seconds } = size;
  const random = seededRandom(seed);
  const file = path.join(space.site('a'), 'image.raw');
  await space.up('a', 'b');
  const step = async (what: string, work: () => void): Promise<void> => {
    work();
    const began = performance.now();
    await settled(space, ['a', 'b'], { seconds });
    const there = statSync(path.join(space.site('b'), 'image.raw'));
    // What is a hole here takes no room there either: else a disk image would fill the disk.
    assert.ok(there.blocks <= statSync(file).blocks + 64 * 1024, `${there.blocks} blocks there`);
    say(
      `${what}: ${there.size} bytes in ${there.blocks * 512} on disk, in sync and compared ${Math.round(performance.now() - began)} ms later`,
    );
  };
  const write = (at: number, length: number): void => {
    const fd = openSync(file, 'r+');
    for (let done = 0; done < length; done += piece)
      writeSync(fd, random.bytes(Math.min(piece, length - done)), 0, undefined, at + done);
    closeSync(fd);
  };
  await step('new', () => {
    const fd = openSync(file, 'w');
    ftruncateSync(fd, bytes);
    closeSync(fd);
    // At the start, over the border, at the end, and in between at random.
    for (const at of [0, fourGiB - piece, bytes - piece]) write(at, 2 * piece > bytes - at ? bytes - at : 2 * piece);
    for (let done = 6 * piece; done < dense; done += piece) write(randomInt(random, bytes / 4096 - 256) * 4096, piece);
  });
  await step('4 KiB changed behind 4 GiB', () => write(fourGiB + 12_345, 4096));
  await step('a hole filled, a little longer', () => write(bytes - 100, 200));
  await step('empty', () => truncateSync(file, 0));
  await step('one hole of its length', () => truncateSync(file, bytes));
  await nothingLeftOnShare(space);
}
