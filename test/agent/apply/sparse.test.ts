// Files with holes, on real directories.
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { WriteFile } from '../../../lib/agent/fs/port.ts';
import { joined, writeSparse } from '../../../lib/agent/apply/sparse.ts';
import { FakeCloud } from '../../support/fake-backend.ts';
import { startSites, type RealSite } from '../real-site.ts';
import { until } from '../rig.ts';

const mebi = 2 ** 20;
const long = 20_000;
let base: string;
let cloud: FakeCloud;
let sites: RealSite[];

beforeEach(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'tideway-sparse-'));
  cloud = new FakeCloud();
  sites = [];
  await startSites(cloud, base, sites);
});

afterEach(async () => {
  for (const site of sites) await site[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

test('a file of 41 MiB with 2 bytes in it is sent in two blocks, and takes as little room elsewhere', async () => {
  const [paris, tokyo] = sites as [RealSite, RealSite];
  let ranges = 0;
  cloud.hook = (call) => {
    if (call === 'paris stageRange') ranges++;
  };
  const size = 41 * mebi;
  const fd = openSync(paris.path('f'), 'w');
  ftruncateSync(fd, size);
  writeSync(fd, 'x', 13 * mebi + 5);
  writeSync(fd, 'y', size - 1);
  closeSync(fd);
  await until('it is there', () => existsSync(tokyo.path('f')), long);
  const { size: there, blocks } = statSync(tokyo.path('f'));
  expect(there).toBe(size);
  expect([ranges, cloud.namespace.log.flatMap(({ op }) => op)]).toEqual([2, ['create']]);
  expect(blocks * 512).toBeLessThan(mebi);
  const copy = openSync(tokyo.path('f'), 'r');
  const bytes = Buffer.alloc(size);
  readSync(copy, bytes, 0, size, 0);
  closeSync(copy);
  const wanted = Buffer.alloc(size);
  wanted.write('x', 13 * mebi + 5);
  wanted.write('y', size - 1);
  expect(bytes.equals(wanted)).toBe(true);
});

test('only pieces of nothing but zeros are left out', async () => {
  const written: [number, number][] = [];
  const file = {
    write: (offset: number, bytes: Uint8Array) => Promise.resolve(void written.push([offset, bytes.length])),
  };
  const kibi = 1024;
  const bytes = Buffer.alloc(300 * kibi);
  for (const at of [0, 64 * kibi - 1, 130 * kibi, 300 * kibi - 1]) bytes[at] = 1;
  await writeSparse(file as WriteFile, mebi, bytes);
  expect(written).toEqual([
    [mebi, 64 * kibi],
    [mebi + 128 * kibi, 64 * kibi],
    [mebi + 256 * kibi, 44 * kibi],
  ]);
  expect(
    joined([
      [8, 12],
      [0, 4],
      [4, 8],
      [16, 20],
    ]),
  ).toEqual([
    [0, 12],
    [16, 20],
  ]);
});
