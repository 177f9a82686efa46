// Two agents on real directories, with whatever file system and watch this machine gives.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import { openSiteFs } from '../../lib/agent/fs/open-site.ts';
import { watchOf } from '../../lib/agent/fs/watch.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { TestSite, until } from './rig.ts';

let base: string;
let cloud: FakeCloud;
let sites: { site: TestSite; dir: string; fs: SiteFs }[];

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'tideway-real-'));
  cloud = new FakeCloud();
  sites = [];
  for (const name of ['paris', 'tokyo']) {
    const dir = join(base, name);
    mkdirSync(dir);
    const fs = await openSiteFs(dir);
    const site = new TestSite(cloud, name);
    await site.start({ fs, startWatch: watchOf(fs), stateFile: join(base, `${name}.db`) });
    sites.push({ site, dir, fs });
  }
});

afterEach(async () => {
  for (const { site, fs } of sites) {
    await site.agent?.stop();
    await fs.close();
  }
  rmSync(base, { recursive: true });
});

/** Twice: what the second had to send is new to the first. */
async function settled(): Promise<void> {
  for (const round of [1, 2])
    for (const { site } of sites)
      expect([round, await site.agent!.settled(performance.now() + 4000)]).toEqual([round, true]);
}

test('files and directories come, change, move and go', async () => {
  const [paris, tokyo] = sites.map(
    ({ dir }) =>
      (path: string): string =>
        join(dir, path),
  ) as [typeof join, typeof join];
  await settled();
  mkdirSync(paris('d/e'), { recursive: true });
  for (let at = 0; at < 50; at++) writeFileSync(paris(`d/e/${at}`), `content ${at}`);
  chmodSync(paris('d/e/7'), 0o640);
  await until('the fifty', () => existsSync(tokyo('d/e/49')));
  await settled();
  expect(readFileSync(tokyo('d/e/7'), 'utf8')).toBe('content 7');
  expect(statSync(tokyo('d/e/7')).mode & 0o777).toBe(0o640);
  expect(statSync(tokyo('d/e/7'), { bigint: true }).mtimeNs / 1000n).toBe(
    statSync(paris('d/e/7'), { bigint: true }).mtimeNs / 1000n,
  );

  writeFileSync(tokyo('d/e/7'), 'edited');
  renameSync(tokyo('d/e'), tokyo('moved'));
  await until('the rename', () => existsSync(paris('moved/7')));
  await settled();
  expect(readFileSync(paris('moved/7'), 'utf8')).toBe('edited');
  expect(cloud.namespace.log.filter((row) => row.op === 'create').length).toBe(50);

  rmSync(paris('moved'), { recursive: true });
  await until('the delete', () => !existsSync(tokyo('moved')));
  await settled();
  expect(sites.flatMap(({ site }) => site.agent!.status().problems)).toEqual([]);
  const counted = sites.map(({ site }) => site.agent!.counters()['operations']);
  for (const { site } of sites) await site.agent!.rescan();
  await settled();
  expect(sites.map(({ site }) => site.agent!.counters()['operations'])).toEqual(counted);
}, 20_000);
