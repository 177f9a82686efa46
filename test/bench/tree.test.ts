import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bytesAt, sizeOf, untilTree } from '../../bench/measure/arrival.ts';
import { directoriesOf, makeFile, makeTree, treeHash } from '../../bench/measure/tree.ts';

const shape = { files: 10, size: 32, directories: 3 };
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tideway-bench-test-'));
});

afterEach(() => rmSync(dir, { recursive: true }));

test('a tree has its files evenly in its directories', () => {
  expect(directoriesOf(shape).map(({ name, files }) => [name, files.length])).toEqual([
    ['d0000', 4],
    ['d0001', 4],
    ['d0002', 2],
  ]);
  expect(directoriesOf({ files: 2, size: 1, directories: 100 })).toHaveLength(2);
});

test('the same seed makes the same tree; names beginning with a dot are not looked at', () => {
  for (const [name, seed] of [
    ['a', 'one'],
    ['b', 'one'],
    ['c', 'two'],
  ] as const)
    makeTree(path.join(dir, name), shape, seed);
  writeFileSync(path.join(dir, 'b', '.marker'), 'of a system');
  const [a, b, c] = ['a', 'b', 'c'].map((name) => treeHash(path.join(dir, name)));
  expect(b).toBe(a);
  expect(c).not.toBe(a);
});

test('one byte, one name or one file more is another tree', () => {
  const root = path.join(dir, 'a');
  makeTree(root, shape, 'one');
  const hashes = new Set([treeHash(root)]);
  const first = path.join(root, 'd0000', 'f000000.bin');
  writeFileSync(first, Buffer.alloc(32));
  hashes.add(treeHash(root));
  renameSync(first, path.join(root, 'd0001', 'f000000.bin'));
  hashes.add(treeHash(root));
  mkdirSync(path.join(root, 'empty'));
  hashes.add(treeHash(root));
  expect(hashes.size).toBe(4);
});

test('a tree has arrived when every file has its size', async () => {
  const root = path.join(dir, 'a');
  let done = false;
  const arrived = untilTree(root, shape, 10_000).then(() => (done = true));
  makeTree(root, { ...shape, size: 31 }, 'one');
  await expect(untilTree(root, shape, 1)).rejects.toThrow(/not within/);
  expect(done).toBe(false);
  makeTree(root, shape, 'one');
  await arrived;
});

test('bytes of a file that may not be there, or not be long enough', () => {
  const file = path.join(dir, 'large');
  expect([sizeOf(file), bytesAt(file, 0, 1)]).toEqual([undefined, undefined]);
  makeFile(file, 3_000_000, 'large');
  expect(sizeOf(file)).toBe(3_000_000);
  expect(bytesAt(file, 2_999_999, 1)).toHaveLength(1);
  expect(bytesAt(file, 2_999_999, 2)).toBeUndefined();
});
