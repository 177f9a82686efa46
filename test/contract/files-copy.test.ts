import { describe, expect, test } from '@jest/globals';
import type { ShareFileClient } from '@azure/storage-file-share';
import { Crc64 } from '../../lib/local/files/crc64.ts';
import { rawRequest } from '../local/files/raw.ts';
import { contentOf, refused } from '../local/files/world.ts';
import { embeddedFiles, filesContract } from './files/contract.ts';

filesContract((w) => {
  const one = '11111111-1111-4111-8111-111111111111';
  const sddl = 'O:SYG:SYD:(A;;FA;;;SY)';

  function at(path: string): ShareFileClient {
    return w.share.rootDirectoryClient.getFileClient(path);
  }

  async function put(path: string, text: string, options: object = {}): Promise<ShareFileClient> {
    await at(path).create(text.length, { content: text, contentLength: text.length, ...options });
    return at(path);
  }

  describe('a copy', () => {
    test('takes content, metadata and stored headers along, and tells where it came from', async () => {
      const headers = { fileContentType: 'text/x', fileCacheControl: 'no-store' };
      const source = await put('source', 'content', { metadata: { a: '1' }, fileHttpHeaders: headers });
      const { copyId, copyStatus, etag } = await at('target').startCopyFromURL(`${source.url}?ignored=1`);
      expect(copyStatus).toBe('success');
      const got = await at('target').getProperties();
      expect(got).toMatchObject({
        etag,
        copyId,
        copyStatus: 'success',
        copySource: source.url,
        copyProgress: '7/7',
        metadata: { a: '1' },
        contentType: 'text/x',
        cacheControl: 'no-store',
      });
      expect(Date.now() - (got.copyCompletedOn?.getTime() ?? 0)).toBeLessThan(60_000);
      expect((await at('target').download()).copyId).toBe(copyId);
      const again = await at('third').startCopyFromURL(at('target').url);
      expect(again.copyId).not.toBe(copyId);
      expect(await at('third').getProperties()).toMatchObject({ copyId: again.copyId, metadata: { a: '1' } });
      await at('target').setHttpHeaders({ fileContentType: 'text/y' });
      expect((await at('target').getProperties()).copyId).toBeUndefined();
      expect((await contentOf(w.share, 'third')).toString()).toBe('content');
    });

    test('has times, attributes and permission of its own, unless it is to take those of the source', async () => {
      const old = '2001-02-03T04:05:06.7654321Z';
      const { filePermissionKey: key = '' } = await w.share.createPermission(sddl);
      await put('old', 'x', {
        fileAttributes: 'Hidden',
        creationTime: old,
        lastWriteTime: old,
        filePermissionKey: key,
      });
      const times = async (path: string): Promise<readonly unknown[]> => {
        const { _response, fileAttributes, filePermissionKey } = await at(path).getProperties();
        const header = (name: string) => _response.headers.get(name);
        return [
          header('x-ms-file-creation-time') === old,
          header('x-ms-file-last-write-time') === old,
          fileAttributes,
          filePermissionKey === key,
        ];
      };
      await at('new').startCopyFromURL(at('old').url);
      expect(await times('new')).toEqual([false, false, 'Archive', false]);
      await at('same').startCopyFromURL(at('old').url, {
        copyFileSmbInfo: {
          filePermissionCopyMode: 'source',
          fileAttributes: 'source',
          fileCreationTime: 'source',
          fileLastWriteTime: 'source',
          setArchiveAttribute: true,
        },
      });
      expect(await times('same')).toEqual([true, true, 'Hidden | Archive', true]);
      await at('told').startCopyFromURL(at('old').url, {
        filePermissionKey: key,
        copyFileSmbInfo: {
          filePermissionCopyMode: 'override',
          fileAttributes: 'System',
          fileCreationTime: old,
          fileLastWriteTime: old,
        },
      });
      expect(await times('told')).toEqual([true, true, 'System', true]);
    });

    test('over a file keeps its id, and asks for its lease', async () => {
      await put('from', 'new');
      const { fileId } = await (await put('over', 'old')).getProperties();
      await at('over').getShareLeaseClient(one).acquireLease();
      const copy = (options: object = {}): Promise<string> =>
        refused(at('over').startCopyFromURL(at('from').url, options));
      expect(await copy()).toBe('LeaseIdMissing');
      expect(await copy({ leaseAccessConditions: { leaseId: one } })).toBe('none');
      expect((await contentOf(w.share, 'over')).toString()).toBe('new');
      expect((await at('over').getProperties()).fileId).toBe(fileId);
    });

    test('over a read-only file must say that it ignores that', async () => {
      await put('from', 'new');
      await put('fixed', 'old', { fileAttributes: 'ReadOnly' });
      const copy = (options: object = {}): Promise<string> =>
        refused(at('fixed').startCopyFromURL(at('from').url, options));
      expect(await copy()).toBe('ReadOnlyAttribute');
      expect(await copy({ copyFileSmbInfo: { ignoreReadOnly: true } })).toBe('none');
      expect((await contentOf(w.share, 'fixed')).toString()).toBe('new');
    });

    test('is refused where it cannot be', async () => {
      await w.share.createDirectory('dir');
      await put('from', 'x');
      expect(await refused(at('x').startCopyFromURL(at('missing').url))).toBe('CannotVerifyCopySource');
      expect(await refused(at('x').startCopyFromURL(at('dir').url))).toBe('ResourceTypeMismatch');
      expect(await refused(at('dir').startCopyFromURL(at('from').url))).toBe('ResourceTypeMismatch');
      expect(await refused(at('no/such').startCopyFromURL(at('from').url))).toBe('ParentNotFound');
      expect(await refused(at('x').startCopyFromURL('not a url'))).toBe('InvalidHeaderValue');
      expect(await at('x').exists()).toBe(false);
    });

    test('is over when it is answered, so there is nothing to abort', async () => {
      await put('from', 'x');
      const { copyId = '' } = await at('done').startCopyFromURL(at('from').url);
      expect(await refused(at('done').abortCopyFromURL(copyId))).toBe('NoPendingCopyOperation');
      expect(await refused(at('nowhere').abortCopyFromURL(copyId))).toBe('ResourceNotFound');
    });
  });

  describe('Put Range from URL', () => {
    test('takes bytes only as they are described by their checksum', async () => {
      await put('from', 'abcdefghij');
      await put('to', '0123456789');
      const crcOf = (text: string): Uint8Array => new Crc64().update(Buffer.from(text)).digest();
      const [right, wrong] = [crcOf('cde'), crcOf('CDE')];
      const take = (options: object): Promise<string> =>
        refused(at('to').uploadRangeFromURL(at('from').url, 2, 4, 3, options));
      expect(await take({ sourceContentCrc64: wrong })).toBe('Crc64Mismatch');
      expect(await take({ sourceConditions: { sourceIfMatchCrc64: wrong } })).toBe('ConditionNotMet');
      expect(await take({ sourceConditions: { sourceIfNoneMatchCrc64: right } })).toBe('ConditionNotMet');
      expect((await contentOf(w.share, 'to')).toString()).toBe('0123456789');
      expect(await take({ sourceContentCrc64: right })).toBe('none');
      expect(await take({ sourceConditions: { sourceIfMatchCrc64: right } })).toBe('none');
      expect(await take({ sourceConditions: { sourceIfNoneMatchCrc64: wrong } })).toBe('none');
      expect((await contentOf(w.share, 'to')).toString()).toBe('0123cde789');
    });

    test('takes bytes of any file that can be read, and keeps the time if told', async () => {
      await put('from', 'abcdefghij');
      await put('to', '0123456789', { lastWriteTime: new Date(0) });
      await at('to').uploadRangeFromURL(at('from').url, 2, 4, 3, { fileLastWrittenMode: 'Preserve' });
      expect((await contentOf(w.share, 'to')).toString()).toBe('0123cde789');
      expect((await at('to').getProperties()).fileLastWriteOn).toEqual(new Date(0));
    });

    test('is refused where it cannot be', async () => {
      await put('from', 'abcdefghij');
      await put('to', '0123456789');
      const range = (source: string, from: number, to: number, count: number, options: object = {}): Promise<string> =>
        refused(at('to').uploadRangeFromURL(source, from, to, count, options));
      expect(await range(at('missing').url, 0, 0, 1)).toBe('CannotVerifyCopySource');
      expect(await range(at('from').url, 8, 0, 3)).toBe('InvalidRange');
      expect(await range(at('from').url, 0, 8, 3)).toBe('InvalidRange');
      await expect(range(at('from').url, 0, 0, 5 * 2 ** 20)).rejects.toThrow(/count/);
      expect(await range(at('from').url, 0, 0, 1, { leaseAccessConditions: { leaseId: one } })).toBe(
        'LeaseNotPresentWithFileOperation',
      );
      const sourceAuthorization = { scheme: 'Bearer', value: 'a-token' };
      expect(await range(at('from').url, 0, 0, 1, { sourceAuthorization })).toBe('UnsupportedHeader');
      expect((await contentOf(w.share, 'to')).toString()).toBe('0123456789');
    });
  });
});

// By hand: the official client 12.33 takes metadata for a copy, and does not send it, and always names what it aborts.
embeddedFiles((w) => {
  test('a copy has the metadata that come with the request, in place of those of the source', async () => {
    const source = w.share.rootDirectoryClient.getFileClient('source');
    await source.create(1, { metadata: { a: '1' } });
    const own = { 'x-ms-copy-source': source.url, 'x-ms-meta-b': '2' };
    expect(await rawRequest(w.service.port, 'PUT', '/tideway/team/copied', own)).toEqual({ status: 202, code: '' });
    const copied = w.share.rootDirectoryClient.getFileClient('copied');
    expect((await copied.getProperties()).metadata).toEqual({ b: '2' });
  });

  test('an abort has to name the copy', async () => {
    await w.share.rootDirectoryClient.createFile('done', 1);
    const abort = { 'x-ms-copy-action': 'abort' };
    const raw = await rawRequest(w.service.port, 'PUT', '/tideway/team/done?comp=copy', abort);
    expect(raw).toEqual({ status: 400, code: 'MissingRequiredQueryParameter' });
  });
});
