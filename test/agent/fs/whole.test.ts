// Small files in one call, and what is flushed by path: the same on the kernel by the addon, by Node alone, and in memory.
import * as nodeFs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FaultyFs } from '../../../lib/agent/fs/faulty-fs.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';
import { systemClock } from '../../../lib/base/clock.ts';
import { memorySite, names, nativeSite, nodeSite, put, refused, siteOver, text, type Site } from './site.ts';

const time = 1_600_000_000_123_456_789n;

async function faultySite(): Promise<Site> {
  const site = await memorySite();
  return { ...site, fs: new FaultyFs(site.fs, systemClock), [Symbol.asyncDispose]: () => site.fs.close() };
}

describe.each([
  ['native', nativeSite],
  ['node', nodeSite],
  ['memory', memorySite],
  ['faulty', faultySite],
] as const)('%s', (_, make) => {
  const on = (title: string, body: (fs: SiteFs) => Promise<void>): void =>
    test(title, async () => {
      await using site = await make();
      await body(site.fs);
    });

  on('a whole file is read with what it was then', async (fs) => {
    await put(fs, 'a', '0123456789');
    const stat = await fs.stat('a');
    expect(await fs.readWhole('a', 10)).toEqual({ stat, bytes: new Uint8Array(Buffer.from('0123456789')) });
    expect(await fs.readWhole('a', 9)).toBeNull();
    await put(fs, 'empty', '');
    expect((await fs.readWhole('empty', 0))?.bytes.length).toBe(0);
    await fs.mkdir('d', 0o755);
    await refused(fs.readWhole('d', 10), 'EISDIR');
    await refused(fs.readWhole('none', 10), 'ENOENT');
  });

  on('a whole file is made with content, mode and time, or not at all', async (fs) => {
    const bytes = Buffer.from('content');
    for (const [name, sync] of [
      ['a', true],
      ['b', false],
    ] as const) {
      const stat = await fs.writeWhole(name, { bytes, mode: 0o666, mtimeNs: time }, sync);
      expect(stat).toEqual(await fs.stat(name));
      expect(stat).toMatchObject({ size: 7, mode: 0o666 });
      expect((stat.mtimeNs - time) ** 2n).toBeLessThanOrEqual(1_000_000n);
    }
    expect(await text(fs, 'a')).toBe('content');
    await refused(fs.writeWhole('a', { bytes: Buffer.from('other'), mode: 0o666, mtimeNs: time }, false), 'EEXIST');
    await refused(fs.writeWhole('none/a', { bytes, mode: 0o666, mtimeNs: time }, false), 'ENOENT');
    expect([await text(fs, 'a'), await names(fs)]).toEqual(['content', ['a', 'b']]);
  });

  on('what is flushed by path is told as it is', async (fs) => {
    await fs.mkdir('d', 0o755);
    await put(fs, 'd/a');
    const [root, dir, file] = [await fs.stat(''), await fs.stat('d'), await fs.stat('d/a')];
    expect(await fs.syncPaths(['d/a', 'none', 'd', 'd/a/x', ''])).toEqual([file, null, dir, null, root]);
    expect(await fs.syncPaths([])).toEqual([]);
    await refused(fs.syncPaths(['../x']), 'EINVAL');
  });
});

test.each([nativeSite, nodeSite])('neither a link nor a pipe is opened to be flushed', async (make) => {
  await using site: Site = await make();
  nodeFs.symlinkSync('.', join(site.fs.root, 'l'));
  expect(await site.fs.syncPaths(['l', 'l/x'])).toEqual([null, null]);
});

test('a file that changes while it is read is not taken for either version', async () => {
  await using site = await memorySite();
  await put(site.fs, 'a', 'one');
  site.fs.before = (call) => {
    if (call === 'read') site.fs.volume.write(site.fs.volume.get('a', 'open'), 0, Buffer.from('two'));
  };
  expect(await site.fs.readWhole('a', 10)).toBeNull();
});

test('a file that could not be written whole is gone', async () => {
  await using site = await memorySite();
  site.fs.volume.limits.bytes = 3;
  await refused(site.fs.writeWhole('a', { bytes: Buffer.from('long'), mode: 0o644, mtimeNs: time }, false), 'ENOSPC');
  expect(await names(site.fs)).toEqual([]);
});

test('one call of the addon, so one hop to another thread, for each', async () => {
  const calls: string[] = [];
  await using site = await siteOver(
    (native) =>
      new Proxy(native, {
        get: (target, name: keyof typeof native) => {
          calls.push(name);
          return target[name];
        },
      }),
  );
  calls.length = 0;
  await site.fs.writeWhole('a', { bytes: Buffer.from('1'), mode: 0o644, mtimeNs: time }, true);
  await site.fs.readWhole('a', 10);
  await site.fs.syncPaths(['a', '']);
  expect(calls).toEqual(['writeWhole', 'readWhole', 'syncPaths']);
});
