import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildAddon } from '../../../native/addon.ts';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { loadNative } from '../../../lib/agent/fs/binding.ts';
import { FakeCloud } from '../../support/fake-backend.ts';
import { TestSite } from '../rig.ts';
import { nodeSite } from './site.ts';

test('the addon is built once, and again when a source is newer; without a compiler nothing is spoiled', async () => {
  await using site = await nodeSite();
  const { root } = site.fs;
  const output = join(root, 'build/fs.node');
  expect(await buildAddon(output, 'g++')).toEqual({ outcome: 'built' });
  expect(await buildAddon(output, 'no-such-compiler')).toEqual({ outcome: 'current' });
  fs.utimesSync(output, 1, 1);
  const failed = await buildAddon(output, 'no-such-compiler');
  expect(failed).toEqual({ outcome: 'failed', reason: 'no compiler (no-such-compiler)' });
  expect(await buildAddon(output, 'false')).toMatchObject({ outcome: 'failed' });
  expect(fs.readdirSync(join(root, 'build'))).toEqual(['fs.node']);
}, 30_000);

test('an addon of another version is not used, and that is a problem that says what to do', async () => {
  await using site = await nodeSite();
  const { root } = site.fs;
  // Anything that loads and has no version, or another one, stands for an addon that was built before.
  const old = join(root, 'old.cjs');
  fs.writeFileSync(old, '');
  const opened = await openSiteFs(root, () => loadNative(old));
  expect((await opened.stat('old.cjs'))?.kind).toBe('file');
  const paris = new TestSite(new FakeCloud(), 'paris');
  const agent = await paris.start({ fs: opened });
  expect(agent.status().problems).toMatchObject([
    { path: '', code: 'addon_stale', message: expect.stringContaining('npm install') },
  ]);
  await agent.stop();
  await opened.close();
  fs.writeFileSync(join(root, 'newer.cjs'), 'exports.version = 1e9;');
  expect(() => loadNative(join(root, 'newer.cjs'))).toThrow(expect.objectContaining({ code: 'addon_stale' }));
});
