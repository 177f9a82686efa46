// The largest file that the share takes, with next to nothing in it. No disk has to hold it: what is looked at is what is read and sent.
import { expect, test } from '@jest/globals';
import type { Backend } from '../../lib/agent/backend.ts';
import type { FileStat, ReadFile, SiteFs } from '../../lib/agent/fs/port.ts';
import { blockHash, contentHash } from '../../lib/agent/hash.ts';
import type { Online } from '../../lib/agent/online.ts';
import { upload } from '../../lib/agent/send/upload.ts';
import { blockSize } from '../../lib/core/node.ts';
import type { Known } from '../../lib/core/identify.ts';

const size = 4 * 2 ** 40;
/** Each in a block of its own. */
const data = [3 * 2 ** 40 + 5, size - 1];
const stat = { size, mtimeNs: 5n, ctimeNs: 5n, dev: 1n, ino: 7n, bornNs: 4n, kind: 'file', mode: 0o644, links: 1 };
const entry = { id: 'f', name: 'f', size, statMtime: '5', ctime: '5', inode: '1:7', born: '4' } as Known;

test('fault 47: of a file of 4 TiB with two bytes in it two blocks are sent, and the rest is announced as holes', async () => {
  const blockWith = (offset: number): Buffer => {
    const bytes = Buffer.alloc(blockSize);
    for (const at of data) if (at >= offset && at < offset + blockSize) bytes[at - offset] = 1;
    return bytes;
  };
  const file = {
    stat: () => Promise.resolve(stat as unknown as FileStat),
    nextData: (from: number) => Promise.resolve(data.find((at) => at >= from) ?? size),
    read: (offset: number) => Promise.resolve(blockWith(offset)),
    close: () => Promise.resolve(),
  } as Partial<ReadFile> as ReadFile;
  const sent: (readonly [number, number])[] = [];
  let list = 0;
  const backend = {
    slot: () => Promise.resolve({ slot: 'slot' }),
    stageCreate: () => Promise.resolve(),
    stageRange: (_slot, offset, bytes) => Promise.resolve(void sent.push([offset, bytes.length])),
    stageBlocks: (_slot, bytes) => Promise.resolve(void (list = bytes.length)),
    stageEtag: () => Promise.resolve('etag'),
  } as Partial<Backend> as Backend;
  const online = { call: (_name: string, work: () => unknown) => work() } as unknown as Online;
  const fs = { open: () => Promise.resolve(file) } as Partial<SiteFs> as SiteFs;
  const { kind, content } = (await upload({ fs, backend, online }, 'f', entry, null)) as {
    kind: string;
    content: { hash: string; holes: unknown; size: number };
  };
  const blocks = data.map((at) => Math.floor(at / blockSize) * blockSize);
  expect([kind, content.size, list]).toEqual(['staged', size, (size / blockSize) * 32]);
  expect(sent.toSorted(([a], [b]) => a - b)).toEqual(blocks.map((from) => [from, blockSize]));
  const [first = 0, second = 0] = blocks;
  expect(content.holes).toEqual([
    [0, first],
    [first + blockSize, second],
  ]);
  const zero = blockHash(Buffer.alloc(blockSize));
  const hashes = Array.from({ length: size / blockSize }, () => zero);
  for (const from of blocks) hashes[from / blockSize] = blockHash(blockWith(from));
  expect(content.hash).toBe(contentHash(hashes));
}, 120_000);

test('of a file with very many holes the longest are announced, and the others are sent as zeros', async () => {
  // One block of data and one of nothing, 1,499 times; the last hole is a long one.
  const blocks = 3000;
  const length = (blocks + 100) * blockSize;
  const isData = (at: number): boolean => at < blocks * blockSize && Math.floor(at / blockSize) % 2 === 0;
  const byte = Buffer.alloc(blockSize, 1);
  const file = {
    stat: () => Promise.resolve({ ...stat, size: length } as unknown as FileStat),
    nextData: (from: number) => {
      const next = Math.ceil(from / blockSize / 2) * 2 * blockSize;
      return Promise.resolve(isData(from) ? from : isData(next) ? next : length);
    },
    read: () => Promise.resolve(byte),
    close: () => Promise.resolve(),
  } as Partial<ReadFile> as ReadFile;
  const sent = new Map<number, boolean>();
  const backend = {
    slot: () => Promise.resolve({ slot: 'slot' }),
    stageCreate: () => Promise.resolve(),
    stageRange: (_slot, offset, bytes) => {
      expect([sent.has(offset), bytes.length]).toEqual([false, blockSize]);
      return Promise.resolve(void sent.set(offset, bytes[0] === 1));
    },
    stageBlocks: () => Promise.resolve(),
    stageEtag: () => Promise.resolve('etag'),
  } as Partial<Backend> as Backend;
  const online = { call: (_name: string, work: () => unknown) => work() } as unknown as Online;
  const fs = { open: () => Promise.resolve(file) } as Partial<SiteFs> as SiteFs;
  const outcome = await upload({ fs, backend, online }, 'f', { ...entry, size: length }, null);
  const { holes = [] } = (outcome as { content: { holes?: readonly [number, number][] } }).content;
  expect(holes).toHaveLength(1000);
  expect(holes.at(-1)).toEqual([(blocks - 1) * blockSize, length]);
  // Each block is sent as what it is, or announced, and never both.
  const announced = new Set(
    holes.flatMap(([from, to]) => Array.from({ length: (to - from) / blockSize }, (_, n) => from + n * blockSize)),
  );
  for (let at = 0; at < length; at += blockSize) {
    expect([at, announced.has(at)]).toEqual([at, !sent.has(at)]);
    if (sent.has(at)) expect([at, sent.get(at)]).toEqual([at, isData(at)]);
  }
});
