// Paths that are longer than the kernel takes at a time (4,096 bytes), and not too long for the share (2,048 characters).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { startSites, type RealSite } from './real-site.ts';
import { until } from './rig.ts';

const long = 20_000;
let base: string;
let cloud: FakeCloud;
let sites: RealSite[];

beforeEach(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'tideway-deep-'));
  cloud = new FakeCloud();
  sites = [];
  await startSites(cloud, base, sites);
});

afterEach(async () => {
  for (const site of sites) {
    await site.stop();
    await remove(site.fs, '');
    await site[Symbol.asyncDispose]();
  }
  rmSync(base, { recursive: true });
});

/** All below a directory: no path of it need be one that the kernel takes. */
async function remove(fs: SiteFs, dir: string): Promise<void> {
  for (const { name, stat } of await fs.list(dir)) {
    const at = dir === '' ? name : `${dir}/${name}`;
    if (stat.kind === 'directory') await remove(fs, at);
    await (stat.kind === 'directory' ? fs.rmdir(at) : fs.unlink(at));
  }
}

async function read(fs: SiteFs, at: string): Promise<string | undefined> {
  if ((await fs.stat(at)) === null) return undefined;
  return Buffer.from((await fs.readWhole(at, 1000))?.bytes ?? []).toString();
}

test('files at the end of them are synced, changed and deleted like all others', async () => {
  const [paris, tokyo] = sites as [RealSite, RealSite];
  const names = Array.from({ length: 20 }, (_, depth) => `${depth}`.padEnd(80, '\u6f22'));
  const dirs = names.map((_, depth) => names.slice(0, depth + 1).join('/'));
  for (const dir of dirs) await paris.fs.mkdir(dir, 0o755);
  const file = `${dirs.at(-1)}/file`;
  expect(Buffer.byteLength(file)).toBeGreaterThan(4096);
  const put = async (site: RealSite, text: string): Promise<void> => {
    const temporary = `${file}.new`;
    await site.fs.writeWhole(temporary, { bytes: Buffer.from(text), mode: 0o644, mtimeNs: 1_000_000_000n }, false);
    await site.fs.rename(temporary, file, true);
  };
  const arrives = async (site: RealSite, text: string | undefined): Promise<void> => {
    let there: string | undefined = 'not asked yet';
    const asking = (async () => {
      for (const end = performance.now() + long; performance.now() < end && there !== text;)
        there = await read(site.fs, file);
    })();
    await asking;
    expect(there).toBe(text);
  };
  await put(paris, 'one');
  await arrives(tokyo, 'one');
  await put(tokyo, 'two');
  await arrives(paris, 'two');
  await paris.fs.rename(names[0]!, 'moved', false);
  await until('the move', () => cloud.namespace.log.at(-1)?.op === 'move', long);
  expect(sites.flatMap(({ site }) => site.agent!.status().problems)).toEqual([]);
}, 60_000);
