// Links, owners, attributes and holes on their way through the whole of it.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  ftruncateSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSiteFs } from '../../lib/agent/fs/open-site.ts';
import { Workspace } from './support/workspace.ts';

let space: Workspace;
const at = (site: string, name: string): string => path.join(space.site(site), name);
const isRoot = process.getuid?.() === 0;

beforeEach(() => {
  space = new Workspace('a', 'b');
});

afterEach(() => space.dispose(), 30_000);

test('a tree with all that Linux keeps of a file comes to the other site as it is, and so does what changes of it', async () => {
  await space.up('a', 'b');
  const fs = await openSiteFs(space.site('a'));
  const there = await openSiteFs(space.site('b'));
  try {
    mkdirSync(at('a', 'd'));
    writeFileSync(at('a', 'd/file'), 'content');
    chmodSync(at('a', 'd/file'), 0o640);
    symlinkSync('file', at('a', 'd/link'));
    symlinkSync('/no/such/place', at('a', 'dangling'));
    symlinkSync('d', at('a', 'to-directory'));
    const keeps = fs.capabilities.xattrs && there.capabilities.xattrs;
    if (keeps) await fs.setXattrs('d/file', { 'user.colour': Buffer.from('blue').toString('base64') });
    if (isRoot) for (const name of ['d', 'd/file', 'd/link']) lchownSync(at('a', name), 4242, 4343);
    execFileSync('mkfifo', [at('a', 'pipe')]);
    const sparse = openSync(at('a', 'sparse'), 'w');
    ftruncateSync(sparse, 24 * 2 ** 20);
    writeSync(sparse, 'data', 9 * 2 ** 20);
    closeSync(sparse);

    const status = await space.inSync();
    const problems = status.endpoints.flatMap(({ server, problems: found }) => found.map(({ code }) => [server, code]));
    expect(problems).toEqual([['a', 'not_synced_kind']]);
    expect(['d/link', 'dangling', 'to-directory'].map((name) => readlinkSync(at('b', name)))).toEqual([
      'file',
      '/no/such/place',
      'd',
    ]);
    for (const name of ['d', 'd/file', 'd/link', 'dangling']) {
      const [here, other] = [lstatSync(at('a', name)), lstatSync(at('b', name))];
      expect([name, other.uid, other.gid, other.mode]).toEqual([name, here.uid, here.gid, here.mode]);
    }
    expect((await there.details('d', ['file']))[0]?.xattrs).toEqual((await fs.details('d', ['file']))[0]?.xattrs);
    expect(readFileSync(at('b', 'sparse')).equals(readFileSync(at('a', 'sparse')))).toBe(true);
    expect(statSync(at('b', 'sparse')).blocks * 512).toBeLessThan(2 ** 20);

    rmSync(at('b', 'd/link'));
    symlinkSync('../dangling', at('b', 'd/link'));
    if (isRoot) lchownSync(at('b', 'd/file'), 0, 0);
    if (keeps) await there.setXattrs('d/file', {});
    await space.inSync();
    expect(readlinkSync(at('a', 'd/link'))).toBe('../dangling');
    const [here, other] = [lstatSync(at('a', 'd/file')), lstatSync(at('b', 'd/file'))];
    expect([here.uid, here.gid]).toEqual([other.uid, other.gid]);
    if (keeps) expect((await fs.details('d', ['file']))[0]?.xattrs).toEqual({});
  } finally {
    await fs.close();
    await there.close();
  }
}, 120_000);
