import { expect, test } from '@jest/globals';
import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../../lib/base/errors.ts';
import { loadNative, type Native } from '../../../lib/agent/fs/binding.ts';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import type { NativeFs } from '../../../lib/agent/fs/native-fs.ts';
import { openNativeFs, openNodeFs } from '../../../lib/agent/fs/open-site.ts';
import type { Entry, FileStat, SiteFs } from '../../../lib/agent/fs/port.ts';

/** An empty site that is gone at the end of the scope. */
export interface Site<Fs extends SiteFs = SiteFs> extends AsyncDisposable {
  readonly fs: Fs;
}

/** Makes a test of each scene, on a site of its own. */
export function sceneOf(make: () => Promise<Site>): (title: string, body: (fs: SiteFs) => Promise<void>) => void {
  return (title, body) => {
    test(title, async () => {
      await using site = await make();
      await body(site.fs);
    });
  };
}

export function nativeSite(): Promise<Site<NativeFs>> {
  return siteOver((native) => native);
}

/** On disk, by an addon in which some calls are replaced. */
export function siteOver(change: (native: Native) => Native): Promise<Site<NativeFs>> {
  const native = change(must(loadNative(), 'the addon is built: run `node native/build.ts`'));
  return onDisk(async (dir) => must(await openNativeFs(dir, native), 'openat2 is allowed here'));
}

export function nodeSite(): Promise<Site> {
  return onDisk(openNodeFs);
}

export function memorySite(): Promise<Site<MemoryFs>> {
  const fs = new MemoryFs(() => BigInt(Date.now()) * 1_000_000n);
  return Promise.resolve({ fs, [Symbol.asyncDispose]: () => fs.close() });
}

async function onDisk<Fs extends SiteFs>(open: (dir: string) => Promise<Fs>): Promise<Site<Fs>> {
  const dir = await mkdtemp(join(tmpdir(), 'tideway-fs-'));
  const fs = await open(dir);
  return {
    fs,
    async [Symbol.asyncDispose]() {
      await fs.close();
      await rm(dir, { recursive: true });
    },
  };
}

export async function put(fs: SiteFs, path: string, text = path, mode = 0o644): Promise<void> {
  const file = await fs.create(path, mode);
  await file.write(0, Buffer.from(text));
  await file.close();
}

export async function text(fs: SiteFs, path: string): Promise<string> {
  const file = await fs.open(path);
  const { size } = await file.stat();
  const bytes = await file.read(0, size);
  await file.close();
  return Buffer.from(bytes).toString();
}

export async function names(fs: SiteFs, dir = ''): Promise<readonly string[]> {
  return (await fs.list(dir)).map(({ name }) => name).sort();
}

export async function refused(call: Promise<unknown>, code: string): Promise<void> {
  await expect(call).rejects.toMatchObject({ code });
}

export async function stat(fs: SiteFs, path: string): Promise<Entry['stat']> {
  return must<FileStat>(await fs.stat(path), path);
}

/** Equal, as far as the port can set a time. */
export function isClose(got: bigint, wanted: bigint, fs: SiteFs): boolean {
  const off = got > wanted ? got - wanted : wanted - got;
  return off <= (fs.capabilities.nanoseconds ? 0n : 1000n);
}

/** Longer than the coarsest clock tick of a kernel. */
export function tick(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 12);
  });
}
