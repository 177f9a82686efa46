import { describe, expect, test } from '@jest/globals';
import { contentOf, refused } from '../local/files/world.ts';
import { embeddedFiles, filesContract } from './files/contract.ts';

filesContract((w) => {
  describe('shares', () => {
    test('are created, described, listed and deleted', async () => {
      const share = w.client.getShareClient(w.named('short-lived'));
      await share.create({ quota: 7, metadata: { owner: 'paris' } });
      expect(await refused(share.create())).toBe('ShareAlreadyExists');
      const properties = await share.getProperties();
      expect(properties.quota).toBe(7);
      expect(properties.metadata).toEqual({ owner: 'paris' });
      const listed = [];
      for await (const { name, metadata } of w.client.listShares({ includeMetadata: true }))
        if ([share.name, w.share.name].includes(name)) listed.push([name, metadata]);
      expect(listed).toEqual([
        [share.name, { owner: 'paris' }],
        [w.share.name, undefined],
      ]);
      await share.rootDirectoryClient.createFile('f', 3, { content: 'abc', contentLength: 3 });
      await share.delete();
      expect(await share.exists()).toBe(false);
      expect(await refused(share.getProperties())).toBe('ShareNotFound');
      expect(await refused(share.rootDirectoryClient.createFile('f', 3))).toBe('ShareNotFound');
    });

    test('refuse names that are none', async () => {
      expect(await refused(w.client.getShareClient('No').create())).toBe('OutOfRangeInput');
      expect(await refused(w.client.getShareClient('a--b').create())).toBe('InvalidResourceName');
      expect(await refused(w.client.getShareClient('Upper').create())).toBe('InvalidResourceName');
    });

    test('keep quota and metadata', async () => {
      await w.share.setQuota(100);
      await w.share.setMetadata({ epoch: '42' });
      expect(await w.share.getProperties()).toMatchObject({ quota: 100, metadata: { epoch: '42' } });
    });
  });

  describe('directories', () => {
    test('are created, found and deleted when empty', async () => {
      const root = w.share.rootDirectoryClient;
      const dir = w.share.getDirectoryClient('dir');
      const created = await dir.create({ metadata: { kind: 'x' } });
      expect(created.fileId).toMatch(/^\d+$/);
      expect(created.fileParentId).toBe((await root.getProperties()).fileId);
      expect(await refused(dir.create())).toBe('ResourceAlreadyExists');
      expect(await dir.exists()).toBe(true);
      const properties = await dir.getProperties();
      expect(properties).toMatchObject({ etag: created.etag, fileId: created.fileId, metadata: { kind: 'x' } });
      expect(properties.fileAttributes).toBe('Directory');
      await dir.getDirectoryClient('sub').create();
      expect(await refused(dir.delete())).toBe('DirectoryNotEmpty');
      await dir.getDirectoryClient('sub').delete();
      await dir.delete();
      expect(await dir.exists()).toBe(false);
      expect(await refused(dir.delete())).toBe('ResourceNotFound');
    });

    test('take metadata and properties', async () => {
      const dir = w.share.getDirectoryClient('props');
      await dir.create();
      const before = await dir.getProperties();
      await dir.setMetadata({ a: '1' });
      const after = await dir.getProperties();
      expect(after.metadata).toEqual({ a: '1' });
      expect(after.etag).not.toBe(before.etag);
      await dir.setProperties({ lastWriteTime: '2020-01-02T03:04:05.1234567Z' as unknown as Date });
      const raw = (await dir.getProperties())._response.headers.get('x-ms-file-last-write-time');
      expect(raw).toBe('2020-01-02T03:04:05.1234567Z');
    });

    test('refuse a missing parent and a wrong type', async () => {
      expect(await refused(w.share.getDirectoryClient('no/such').create())).toBe('ParentNotFound');
      expect(await refused(w.share.getDirectoryClient('no').getProperties())).toBe('ResourceNotFound');
      const root = w.share.rootDirectoryClient;
      await root.createFile('plain', 0);
      expect(await refused(w.share.getDirectoryClient('plain').create())).toBe('ResourceAlreadyExists');
      expect(await refused(w.share.getDirectoryClient('plain').getProperties())).toBe('ResourceTypeMismatch');
      expect(await refused(w.share.getDirectoryClient('plain/below').create())).toBe('ParentNotFound');
      await w.share.getDirectoryClient('real').create();
      expect(await refused(root.getFileClient('real').getProperties())).toBe('ResourceTypeMismatch');
      expect(await refused(root.createFile('real', 1))).toBe('ResourceTypeMismatch');
    });
  });

  describe('files', () => {
    test('are created whole in one request', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('whole.txt');
      const created = await file.create(5, {
        content: Buffer.from('hello'),
        contentLength: 5,
        metadata: { tw_op: 'paris-1-17' },
        fileHttpHeaders: { fileContentType: 'text/plain', fileCacheControl: 'no-store' },
        lastWriteTime: '2024-05-06T07:08:09.7654321Z' as unknown as Date,
        creationTime: '2023-05-06T07:08:09.0000001Z' as unknown as Date,
        filePermissionKey: 'inherit',
      });
      const head = await file.getProperties();
      expect(head).toMatchObject({
        contentLength: 5,
        etag: created.etag,
        fileId: created.fileId,
        contentType: 'text/plain',
        cacheControl: 'no-store',
        metadata: { tw_op: 'paris-1-17' },
        fileAttributes: 'Archive',
      });
      const headers = head._response.headers;
      expect(headers.get('x-ms-file-last-write-time')).toBe('2024-05-06T07:08:09.7654321Z');
      expect(headers.get('x-ms-file-creation-time')).toBe('2023-05-06T07:08:09.0000001Z');
      expect(headers.get('x-ms-file-permission-key')).toMatch(/^\d+\*\d+$/);
      const got = await file.download();
      expect(got).toMatchObject({ etag: created.etag, contentLength: 5, metadata: { tw_op: 'paris-1-17' } });
      expect((await contentOf(w.share, 'whole.txt')).toString()).toBe('hello');
      expect((await file.getRangeList()).rangeList).toEqual([{ start: 0, end: 4 }]);
    });

    test.each([1, 65_536, 65_537, 300_000, 4 * 2 ** 20])('of %i bytes come back as they went', async (size) => {
      const bytes = Buffer.alloc(size, 'tide');
      const file = w.share.rootDirectoryClient.getFileClient(`size-${size}`);
      await file.create(size, { content: bytes, contentLength: size });
      expect((await file.downloadToBuffer()).equals(bytes)).toBe(true);
      const part = await file.downloadToBuffer(Math.floor(size / 2), Math.ceil(size / 2));
      expect(part.equals(bytes.subarray(Math.floor(size / 2)))).toBe(true);
    });

    test('beyond 4 MiB take no body', async () => {
      const size = 4 * 2 ** 20 + 1;
      const file = w.share.rootDirectoryClient.getFileClient('too-large');
      expect(await refused(file.create(size, { content: Buffer.alloc(size), contentLength: size }))).toBe(
        'RequestBodyTooLarge',
      );
      expect(await file.exists()).toBe(false);
    });

    test('have 4 TiB at most', async () => {
      const share = w.client.getShareClient(w.named('huge'));
      await share.create();
      const file = share.rootDirectoryClient.getFileClient('f');
      const most = 4 * 2 ** 40;
      await file.create(most);
      expect(await refused(file.resize(most + 1))).toBe('OutOfRangeInput');
      expect((await file.getProperties()).contentLength).toBe(most);
      await share.delete();
    });

    test('without a body are one hole', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('hole');
      await file.create(200_000);
      expect((await file.getProperties()).contentLength).toBe(200_000);
      expect((await file.getRangeList()).rangeList).toEqual([]);
      expect((await file.downloadToBuffer()).equals(Buffer.alloc(200_000))).toBe(true);
      await file.create(0);
      expect((await file.download()).contentLength).toBe(0);
    });

    test('are overwritten by a second create, keeping their id', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('twice');
      const first = await file.create(100_000, { content: Buffer.alloc(100_000, 1), contentLength: 100_000 });
      const second = await file.create(2, { content: 'ab', contentLength: 2 });
      expect(second.fileId).toBe(first.fileId);
      expect(second.etag).not.toBe(first.etag);
      expect((await file.downloadToBuffer()).toString()).toBe('ab');
    });

    test('change ETag with metadata, headers, times and size', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('etag');
      const seen = [(await file.create(10, { content: 'abcdefghij', contentLength: 10 })).etag];
      seen.push((await file.setMetadata({ a: 'b' })).etag);
      seen.push((await file.setHttpHeaders({ fileContentType: 'a/b' })).etag);
      seen.push((await file.setProperties({ lastWriteTime: new Date(0) })).etag);
      seen.push((await file.resize(4)).etag);
      expect(new Set(seen).size).toBe(5);
      expect((await file.getProperties()).etag).toBe(seen[4]);
      expect((await file.downloadToBuffer()).toString()).toBe('abcd');
      await file.resize(6);
      expect((await file.downloadToBuffer()).equals(Buffer.from('abcd\0\0'))).toBe(true);
      expect((await file.getRangeList()).rangeList).toEqual([{ start: 0, end: 3 }]);
    });

    test('are deleted', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('gone');
      await file.create(1, { content: 'x', contentLength: 1 });
      await file.delete();
      expect(await file.exists()).toBe(false);
      expect(await refused(file.delete())).toBe('ResourceNotFound');
      expect(await refused(file.download())).toBe('ResourceNotFound');
    });

    test('refuse attributes and metadata that are none, and keep ReadOnly', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('attributes');
      expect(await refused(file.create(1, { metadata: { 'not-an-identifier': 'x' } }))).toBe('InvalidMetadata');
      expect(await refused(file.create(1, { metadata: { big: 'x'.repeat(8192) } }))).toBe('MetadataTooLarge');
      expect(await refused(file.create(1, { fileAttributes: 'Odd' as never }))).toBe('InvalidHeaderValue');
      await file.create(1, { fileAttributes: 'ReadOnly|Hidden' as never });
      expect((await file.getProperties()).fileAttributes).toBe('ReadOnly | Hidden');
      expect(await refused(file.delete())).toBe('ReadOnlyAttribute');
      expect(await refused(file.uploadRange('x', 0, 1))).toBe('ReadOnlyAttribute');
      await file.setProperties({ fileAttributes: 'None' as never });
      await file.delete();
    });
  });
});

// An account keeps the name of a deleted share to itself for a while.
embeddedFiles((w) => {
  test('a share that comes after a deleted one under its name is empty', async () => {
    const share = w.client.getShareClient('again');
    await share.create();
    await share.rootDirectoryClient.createFile('f', 3, { content: 'abc', contentLength: 3 });
    await share.delete();
    await share.create();
    expect(await refused(share.rootDirectoryClient.getFileClient('f').getProperties())).toBe('ResourceNotFound');
    await share.delete();
  });
});
