import * as fs from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildAddon } from '../../../native/addon.ts';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { loadNative } from '../../../lib/agent/fs/binding.ts';
import { watchOf } from '../../../lib/agent/fs/watch.ts';
import { must } from '../../../lib/base/errors.ts';
import { FakeCloud } from '../../support/fake-backend.ts';
import { TestSite, until } from '../rig.ts';
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

test.each([
  ['without an addon', () => undefined, 'addon_missing'],
  [
    'where the kernel refuses its calls',
    () => ({ ...must(loadNative(), 'the addon is built'), probe: () => Promise.resolve(-constants.errno.ENOSYS) }),
    'kernel_refuses',
  ],
])(
  '%s everything works, and a problem says once what is lost',
  async (_, load, code) => {
    await using site = await nodeSite();
    const opened = await openSiteFs(site.fs.root, load);
    const cloud = new FakeCloud();
    const [paris, tokyo] = [new TestSite(cloud, 'paris'), new TestSite(cloud, 'tokyo')];
    await paris.start();
    await tokyo.start({ fs: opened, startWatch: watchOf(opened) });
    paris.user.mkdirp('d');
    paris.user.writeFile('d/f', 'content');
    paris.user.setXattrs('d/f', { 'user.a': '' });
    paris.user.symlink('f', 'd/l');
    const at = (name: string): string => join(site.fs.root, 'd', name);
    await until('it is there', () => fs.existsSync(at('f')) && fs.existsSync(at('l')), 20_000);
    expect([fs.readFileSync(at('f'), 'utf8'), fs.readlinkSync(at('l'))]).toEqual(['content', 'f']);
    expect(tokyo.agent!.status().problems.map((problem) => problem.code)).toEqual([code]);
    // What cannot be kept here stays with the others.
    fs.writeFileSync(at('f'), 'edited');
    await tokyo.agent!.rescan();
    await until('the edit', () => paris.tree().get('d/f') === 'edited', 20_000);
    expect(paris.user.snapshot().get('d/f')?.xattrs).toEqual({ 'user.a': '' });
    await paris.agent!.stop();
    await tokyo.agent!.stop();
    await opened.close();
  },
  60_000,
);

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
