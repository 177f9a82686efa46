import { describe, expect, test } from '@jest/globals';
import type { ShareClient, ShareDirectoryClient, ShareFileClient } from '@azure/storage-file-share';
import { ShareServiceClient } from '@azure/storage-file-share';
import { contentOf, refused } from '../local/files/world.ts';
import { filesContract } from './files/contract.ts';

// What of a file, directory or share moves with which request: ETag and Last-Modified with every change that others should
// see; the change time with all of them, the last-write time with content only; an id never.

const one = '11111111-1111-4111-8111-111111111111';

interface State {
  readonly etag: string | undefined;
  readonly modified: string | undefined;
  readonly changed: string | undefined;
  readonly written: string | undefined;
  readonly created: string | undefined;
  readonly id: string | undefined;
}

async function stateOf(client: ShareFileClient | ShareDirectoryClient): Promise<State> {
  const { _response } = await client.getProperties();
  const header = (name: string): string | undefined => _response.headers.get(name);
  return {
    etag: header('etag'),
    modified: header('last-modified'),
    changed: header('x-ms-file-change-time'),
    written: header('x-ms-file-last-write-time'),
    created: header('x-ms-file-creation-time'),
    id: header('x-ms-file-id'),
  };
}

/** The names of what is different afterwards. */
async function moved(before: State, after: State): Promise<string> {
  const names = Object.keys(before) as (keyof State)[];
  return names.filter((name) => before[name] !== after[name]).join(' ');
}

const seen = 'etag modified changed';
const all = `${seen} written created`;

filesContract((w) => {
  function at(path: string): ShareFileClient {
    return w.share.rootDirectoryClient.getFileClient(path);
  }

  describe('of a file', () => {
    test.each<[string, string, (file: ShareFileClient) => Promise<unknown>]>([
      ['a write', `${seen} written`, (file) => file.uploadRange('x', 0, 1)],
      ['a write that keeps the time', seen, (file) => file.uploadRange('x', 0, 1, { fileLastWrittenMode: 'Preserve' })],
      ['a clear', `${seen} written`, (file) => file.clearRange(0, 1)],
      ['another size', `${seen} written`, (file) => file.resize(3)],
      ['the same size', seen, (file) => file.resize(10)],
      ['metadata', seen, (file) => file.setMetadata({ a: '1' })],
      ['headers', seen, (file) => file.setHttpHeaders({ fileContentType: 'a/b' })],
      ['a last-write time', `${seen} written`, (file) => file.setProperties({ lastWriteTime: new Date(0) })],
      ['being made anew', all, (file) => file.create(10)],
      ['a lease', '', (file) => file.getShareLeaseClient(one).acquireLease()],
      ['being read', '', (file) => file.downloadToBuffer()],
      ['being copied', '', (file) => at('copy-of').startCopyFromURL(file.url)],
      ['a snapshot', '', () => w.share.createSnapshot()],
      ['a refused write', '', (file) => refused(file.uploadRange('x', 10, 1))],
    ])('%s moves: %s', async (what, expected, work) => {
      const file = at(`moves ${what}`);
      await file.create(10, { content: 'abcdefghij', contentLength: 10 });
      const before = await stateOf(file);
      await w.pass(1000);
      await work(file);
      expect(await moved(before, await stateOf(file))).toBe(expected);
    });

    test('a rename moves what tells of it, and its id stays', async () => {
      await at('renamed-from').create(10);
      const before = await stateOf(at('renamed-from'));
      await w.pass(1000);
      await at('renamed-from').rename('renamed-to');
      expect(await moved(before, await stateOf(at('renamed-to')))).toBe(seen);
    });

    test('one that comes after it under its name is another one', async () => {
      await at('twice').create(1);
      const before = await stateOf(at('twice'));
      await at('twice').delete();
      await w.pass(1000);
      await at('twice').create(1);
      expect(await moved(before, await stateOf(at('twice')))).toBe(`${all} id`);
    });

    test('no attribute at all is that of a new file, until it is taken away', async () => {
      await at('none').create(1, { fileAttributes: 'None' as never });
      expect((await at('none').getProperties()).fileAttributes).toBe('Archive');
      await at('none').setProperties({ fileAttributes: 'None' as never });
      expect((await at('none').getProperties()).fileAttributes).toBe('None');
    });
  });

  describe('of a directory', () => {
    test.each<[string, string, (directory: ShareDirectoryClient) => Promise<unknown>]>([
      ['metadata', seen, (directory) => directory.setMetadata({ a: '1' })],
      ['properties', seen, (directory) => directory.setProperties({ fileAttributes: 'Hidden' as never })],
      ['a new file in it', '', (directory) => directory.createFile('f', 1)],
      ['a new directory in it', '', (directory) => directory.createSubdirectory('d')],
      ['a change of a file in it', '', (directory) => directory.getFileClient('old').setMetadata({ a: '1' })],
      ['the deletion of a file in it', '', (directory) => directory.deleteFile('old')],
    ])('%s moves: %s', async (what, expected, work) => {
      const directory = w.share.getDirectoryClient(`moves ${what} in`);
      await directory.create();
      await directory.createFile('old', 1);
      const before = await stateOf(directory);
      await w.pass(1000);
      await work(directory);
      expect(await moved(before, await stateOf(directory))).toBe(expected);
    });

    test('a rename moves what tells of it, and nothing of what is below', async () => {
      const directory = w.share.getDirectoryClient('moved-from');
      await directory.create();
      await directory.createFile('f', 1);
      const before = [await stateOf(directory), await stateOf(directory.getFileClient('f'))] as const;
      await w.pass(1000);
      await directory.rename('moved-to');
      const after = w.share.getDirectoryClient('moved-to');
      expect(await moved(before[0], await stateOf(after))).toBe(seen);
      expect(await moved(before[1], await stateOf(after.getFileClient('f')))).toBe('');
    });
  });

  test('of a share, what changes it moves its ETag, and what happens in it does not', async () => {
    const share = w.client.getShareClient(w.named('share-moves'));
    await share.create();
    const works: Record<string, (share: ShareClient) => Promise<unknown>> = {
      metadata: () => share.setMetadata({ a: '1' }),
      quota: () => share.setQuota(7),
      policies: () => share.setAccessPolicy([]),
      file: () => share.createFile('f', 1),
      snapshot: () => share.createSnapshot(),
      lease: () => share.getShareLeaseClient(one).acquireLease(),
      permission: () => share.createPermission('D:(A;;FA;;;SY)'),
    };
    const moving = [];
    for (const [what, work] of Object.entries(works)) {
      const before = (await share.getProperties()).etag;
      await work(share);
      if ((await share.getProperties()).etag !== before) moving.push(what);
    }
    expect(moving).toEqual(['metadata', 'quota', 'policies']);
  });

  describe('trailing dots', () => {
    const client = (allowTrailingDot: boolean, allowSourceTrailingDot: boolean): ShareFileClient =>
      new ShareServiceClient(w.account.url, w.credential, { allowTrailingDot, allowSourceTrailingDot })
        .getShareClient(w.share.name)
        .rootDirectoryClient.getFileClient('dots..');

    test('count where the request says so, and else fall off the name', async () => {
      await client(true, true).create(2);
      await client(false, false).create(1);
      expect((await at('dots').getProperties()).contentLength).toBe(1);
      expect((await at('dots..').getProperties()).contentLength).toBe(2);
      await client(false, false).setMetadata({ of: 'the plain one' });
      expect((await at('dots').getProperties()).metadata).toEqual({ of: 'the plain one' });
      expect((await at('dots..').getProperties()).metadata).toEqual({});
    });

    test('are told of the source of a rename or copy apart from the target', async () => {
      await at('source.').create(1, { content: '1', contentLength: 1 });
      await at('source').create(1, { content: '2', contentLength: 1 });
      await client(true, false).startCopyFromURL(at('source.').url);
      expect((await contentOf(w.share, 'dots..')).toString()).toBe('2');
      await client(true, true).startCopyFromURL(at('source.').url);
      expect((await contentOf(w.share, 'dots..')).toString()).toBe('1');
      const service = new ShareServiceClient(w.account.url, w.credential, {
        allowTrailingDot: false,
        allowSourceTrailingDot: true,
      });
      const source = service.getShareClient(w.share.name).rootDirectoryClient.getFileClient('source.');
      await source.rename('renamed.');
      expect((await contentOf(w.share, 'renamed')).toString()).toBe('1');
      expect(await at('renamed.').exists()).toBe(false);
      expect(await at('source.').exists()).toBe(false);
    });
  });
});
