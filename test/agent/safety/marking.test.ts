// The mark of a root: when it is made, when it is made again, and that no two folders have the same one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';
import { instead } from '../../model/instead.ts';
import type { FakeCloud } from '../../support/fake-backend.ts';
import { converge, eachOnTwoSites, halted, type TestSite } from '../rig.ts';

let dir: string;
let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;

eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-marking-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const stateFile = (): string => join(dir, 'paris.db');

/** The site's disk, or the bare directory below its mount point. */
function mount(): { readonly fs: SiteFs; readonly bare: MemoryFs; mounted: boolean } {
  const bare = new MemoryFs(() => 1n);
  const at = { bare, mounted: true, fs: paris.volume as SiteFs };
  at.fs = instead<SiteFs>(paris.volume, {}, () => (at.mounted ? paris.volume : bare));
  return at;
}

async function markOf(fs: SiteFs): Promise<unknown> {
  const file = await fs.open('.tideway/endpoint.json');
  const text = Buffer.from(await file.read(0, 4096)).toString();
  await file.close();
  return (JSON.parse(text) as { mark: unknown }).mark;
}

test.each([
  ['has a mark', true],
  ['has none', false],
])('a disk that %s is mounted while the bare directory gets its own: that one is the root', async (_, marked) => {
  if (marked) {
    await paris.start({ stateFile: stateFile() });
    await converge(cloud, paris);
    await paris.agent!.stop();
    rmSync(stateFile());
  }
  const at = mount();
  at.mounted = false;
  const rename = at.bare.rename.bind(at.bare);
  at.bare.rename = async (from, to, replace) => {
    if (!from.endsWith('endpoint.new')) return rename(from, to, replace);
    at.mounted = true;
    // What was made is below the mount now.
    if (marked) await paris.volume.create(from, 0o644).then((file) => file.close());
    return paris.volume.rename(from, to, replace);
  };
  await paris.start({ fs: at.fs, stateFile: stateFile() });
  paris.user.writeFile('f', 'f');
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  expect([...tokyo.tree().keys()]).toEqual(['f']);
});

test('the bare directory was marked before anything was there: the disk gets a mark of its own when a person resumes', async () => {
  const at = mount();
  at.mounted = false;
  await paris.start({ fs: at.fs, stateFile: stateFile() });
  await converge(cloud, paris);
  await paris.agent!.stop();
  at.mounted = true;
  await paris.start({ fs: at.fs, stateFile: stateFile() });
  await halted(paris, 'root_emptied');
  await paris.agent!.resume();
  paris.user.writeFile('f', 'f');
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  expect([...tokyo.tree().keys()]).toEqual(['f']);
  expect(await markOf(paris.volume)).not.toBe(await markOf(at.bare));
  // Had both the same one, all would look deleted without the disk.
  at.mounted = false;
  void paris.agent!.rescan().catch(() => {});
  await halted(paris, 'root_replaced');
  expect([...tokyo.tree().keys()]).toEqual(['f']);
});
