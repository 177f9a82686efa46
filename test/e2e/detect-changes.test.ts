// Edits made on the share that nobody announced, and a group on a share that holds files, by the real command.
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { ShareServiceClient, type ShareClient } from '@azure/storage-file-share';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { linkFile } from '../../lib/protocol/link.ts';
import { shareOf } from './support/share.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

let space: Workspace;
const at = (name: string): string => path.join(space.site('a'), name);

async function put(share: ShareClient, name: string, content: string | Buffer): Promise<void> {
  const bytes = Buffer.from(content);
  const file = share.rootDirectoryClient.getFileClient(name);
  await file.create(bytes.length);
  await file.uploadRange(bytes, 0, bytes.length);
}

beforeAll(async () => {
  space = new Workspace('a');
  Object.assign(space.env, { TIDEWAY_SECOND_SIGHT_SECONDS: '1', TIDEWAY_TICK: '*/1 * * * * *' });
  // Nothing is to be found but by what is asked for here.
  space.env['TIDEWAY_HOT_EVERY_SECONDS'] = '86400';
  await space.up('a');
}, 60_000);

afterAll(() => space.dispose(), 30_000);

describe('detect-changes', () => {
  test('finds what nobody announced, links and odd names among it, and says how far it is', async () => {
    const share = await shareOf(space);
    await share.createDirectory('dir');
    await put(share, 'dir/deep.txt', 'deep');
    await put(share, '10\uf02230', 'a name of a Linux client');
    await put(share, 'link', linkFile('dir/deep.txt') as Buffer);
    const ran = await space.run('detect-changes');
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain('done: 2 directories, 4 entries, 4 changes');
    await space.inSync();
    expect(readFileSync(at('dir/deep.txt'), 'utf8')).toBe('deep');
    expect(readFileSync(at('10:30'), 'utf8')).toBe('a name of a Linux client');
    expect(readlinkSync(at('link'))).toBe('dir/deep.txt');
  }, 60_000);

  test('takes a path of a site, and one from the root of the group', async () => {
    const share = await shareOf(space);
    await share.rootDirectoryClient.deleteFile('link');
    await put(share, 'dir/late.txt', 'late');
    const site = await space.run('detect-changes', at('dir'), '--json');
    expect(JSON.parse(site.stdout)).toMatchObject({ path: 'dir', state: 'done', changes: 1, problems: [] });
    expect((await space.run('detect-changes', 'link')).code).toBe(0);
    await until('the link to go', 10_000, () => !existsSync(at('link')) && existsSync(at('dir/late.txt')));
    const wrong = await space.run('detect-changes', '../..', '--json');
    expect([wrong.code, JSON.parse(wrong.stderr)]).toMatchObject([1, { error: { code: 'path_invalid' } }]);
  }, 60_000);
});

test('group create --share takes in what a share holds, and leaves it as it is', async () => {
  const settings = await space.settings();
  const service = ShareServiceClient.fromConnectionString(settings['AZURE_STORAGE_CONNECTION_STRING'] ?? '');
  const share = service.getShareClient('old-share');
  await share.create();
  await share.createDirectory('sub');
  await put(share, 'sub/kept.txt', 'kept');
  const before = await share.getDirectoryClient('sub').getFileClient('kept.txt').getProperties();
  const made = await space.run('group', 'create', 'photos', '--share', 'old-share', '--json');
  expect([made.code, JSON.parse(made.stdout)]).toEqual([0, { group: 'photos', share: 'old-share' }]);
  // Nothing is left to be found once it was taken in.
  const entries = async (): Promise<unknown> =>
    JSON.parse((await space.run('detect-changes', '--group', 'photos', '--json')).stdout);
  await entries();
  expect(await entries()).toMatchObject({ state: 'done', entries: 2, changes: 0 });
  const after = await share.getDirectoryClient('sub').getFileClient('kept.txt').getProperties();
  expect(after.etag).toBe(before.etag);
  const again = await space.run('group', 'create', 'other', '--share', 'old-share');
  expect([again.code, again.stderr]).toMatchObject([1, expect.stringContaining('share_taken')]);
}, 60_000);
