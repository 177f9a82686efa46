import { describe, expect, test } from '@jest/globals';
import type { ShareFileClient } from '@azure/storage-file-share';
import { contentOf, refused } from '../local/files/world.ts';
import { filesContract } from './files/contract.ts';

filesContract((w) => {
  function at(path: string): ShareFileClient {
    return w.share.rootDirectoryClient.getFileClient(path);
  }

  async function put(path: string, text: string): Promise<string | undefined> {
    return (await at(path).create(text.length, { content: text, contentLength: text.length })).fileId;
  }

  describe('a file', () => {
    test('keeps id, content, metadata and last-write time; ETag and change time move', async () => {
      await w.share.createDirectory('d1');
      await w.share.createDirectory('d2');
      const id = await put('d1/a', 'content');
      await at('d1/a').setMetadata({ tw_op: '7' });
      const before = await at('d1/a').getProperties();
      const { destinationFileClient, fileRenameResponse } = await at('d1/a').rename('d2/b');
      expect(fileRenameResponse).toMatchObject({ fileId: id, fileLastWriteOn: before.fileLastWriteOn });
      expect(fileRenameResponse.etag).not.toBe(before.etag);
      expect(fileRenameResponse.fileParentId).toBe((await w.share.getDirectoryClient('d2').getProperties()).fileId);
      const after = await at('d2/b').getProperties();
      expect(after).toMatchObject({ etag: fileRenameResponse.etag, fileId: id, metadata: { tw_op: '7' } });
      expect((await contentOf(w.share, 'd2/b')).toString()).toBe('content');
      expect(await at('d1/a').exists()).toBe(false);
      // The client that the call returns has lost the account in its URL, and must work all the same.
      expect((await destinationFileClient.getProperties()).fileId).toBe(id);
    });

    test('never overwrites unless told', async () => {
      const source = await put('source', 'new');
      await put('target', 'old');
      expect(await refused(at('source').rename('target'))).toBe('ResourceAlreadyExists');
      expect((await contentOf(w.share, 'target')).toString()).toBe('old');
      await at('source').rename('target', { replaceIfExists: true });
      expect((await contentOf(w.share, 'target')).toString()).toBe('new');
      expect((await at('target').getProperties()).fileId).toBe(source);
    });

    test('replaces a read-only one only when that is ignored, and never a directory', async () => {
      await put('rw', 'new');
      await put('ro', 'old');
      await at('ro').setProperties({ fileAttributes: 'ReadOnly' as never });
      expect(await refused(at('rw').rename('ro', { replaceIfExists: true }))).toBe('ReadOnlyAttribute');
      await at('rw').rename('ro', { replaceIfExists: true, ignoreReadOnly: true });
      await w.share.createDirectory('in-the-way');
      expect(await refused(at('ro').rename('in-the-way', { replaceIfExists: true }))).toBe('ResourceAlreadyExists');
    });

    test('changes the case of its name', async () => {
      const id = await put('Readme.TXT', 'x');
      await at('Readme.TXT').rename('README.txt');
      const names = [];
      for await (const item of w.share.rootDirectoryClient.listFilesAndDirectories({ prefix: 'readme' }))
        names.push(item.name);
      expect(names).toEqual(['README.txt']);
      expect((await at('readme.txt').getProperties()).fileId).toBe(id);
    });

    test('says what is missing', async () => {
      await put('here', 'x');
      expect(await refused(at('absent').rename('y'))).toBe('ResourceNotFound');
      expect(await refused(at('nowhere/absent').rename('y'))).toBe('ParentNotFound');
      expect(await refused(at('here').rename('nowhere/y'))).toBe('ParentNotFound');
      await w.share.createDirectory('folder');
      expect(await refused(at('folder').rename('y'))).toBe('ResourceTypeMismatch');
      expect(await refused(w.share.getDirectoryClient('here').rename('y'))).toBe('ResourceTypeMismatch');
    });

    test('may take new times and a content type on the way', async () => {
      await put('old-times', 'x');
      await at('old-times').rename('new-times', {
        contentType: 'text/x',
        copyFileSmbInfo: { fileLastWriteTime: '2001-02-03T04:05:06.7654321Z' },
      });
      const after = await at('new-times').getProperties();
      expect(after.contentType).toBe('text/x');
      expect(after._response.headers.get('x-ms-file-last-write-time')).toBe('2001-02-03T04:05:06.7654321Z');
    });

    test('is where it was renamed to for a range write that began before', async () => {
      await at('moving').create(200_000);
      const bytes = Buffer.alloc(200_000, 7);
      const [, written] = await Promise.allSettled([
        at('moving').rename('moved'),
        at('moving').uploadRange(bytes, 0, bytes.length),
      ]);
      // Either the write came first and is there, or it found nothing under the old name and nothing is there.
      const ranges = (await at('moved').getRangeList()).rangeList;
      expect(ranges?.length).toBe(written.status === 'fulfilled' ? 1 : 0);
    });
  });

  describe('a directory', () => {
    test('moves with all below it', async () => {
      await w.share.createDirectory('tree');
      await w.share.getDirectoryClient('tree/deep').create();
      const id = await put('tree/deep/file', 'x');
      await w.share.createDirectory('elsewhere');
      const dir = w.share.getDirectoryClient('tree');
      const before = (await dir.getProperties()).fileId;
      const { destinationDirectoryClient, directoryRenameResponse } = await dir.rename('elsewhere/Tree');
      expect(directoryRenameResponse.fileId).toBe(before);
      expect((await at('ELSEWHERE/tree/deep/file').getProperties()).fileId).toBe(id);
      expect(await at('tree/deep/file').exists()).toBe(false);
      expect((await destinationDirectoryClient.getFileClient('deep/file').getProperties()).fileId).toBe(id);
      await w.share.getDirectoryClient('elsewhere/Tree').rename('elsewhere/TREE');
      expect(await at('elsewhere/tree/deep/file').exists()).toBe(true);
    });

    test('cannot move into itself or onto another', async () => {
      await w.share.createDirectory('outer');
      await w.share.getDirectoryClient('outer/inner').create();
      const outer = w.share.getDirectoryClient('outer');
      expect(await refused(outer.rename('outer/inner/outer'))).toBe('InvalidInput');
      expect(await refused(w.share.getDirectoryClient('outer/inner').rename('outer'))).toBe('ResourceAlreadyExists');
      const replace = { replaceIfExists: true };
      expect(await refused(outer.rename('elsewhere', replace))).toBe('ResourceAlreadyExists');
    });
  });
});
