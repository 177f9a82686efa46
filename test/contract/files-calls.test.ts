import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AccountSASPermissions,
  FileSASPermissions,
  ShareClient,
  type ShareDirectoryClient,
  ShareFileClient,
  ShareSASPermissions,
  ShareServiceClient,
} from '@azure/storage-file-share';
import { contentOf, refused } from '../local/files/world.ts';
import { embeddedFiles, filesContract } from './files/contract.ts';

// What the client offers beside the plain operations: conveniences made of several requests, and all that sets properties.

filesContract((w) => {
  const folder = mkdtempSync(join(tmpdir(), 'tideway-calls-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const hour = 3_600_000;
  const bytes = Buffer.alloc(5 * 2 ** 20 + 16);
  for (let i = 0; i + 4 <= bytes.length; i += 4) bytes.writeUInt32LE(i, i);

  function at(path: string): ShareFileClient {
    return w.share.rootDirectoryClient.getFileClient(path);
  }

  describe('large files', () => {
    test('go up in parts from a buffer, a file and a stream', async () => {
      const progress: number[] = [];
      const onProgress = ({ loadedBytes }: { readonly loadedBytes: number }): void => void progress.push(loadedBytes);
      const options = { rangeSize: 2 ** 20, concurrency: 4, metadata: { a: '1' } };
      await at('from-buffer').uploadData(bytes, { ...options, onProgress });
      expect(progress.at(-1)).toBe(bytes.length);
      expect((await at('from-buffer').getProperties()).metadata).toEqual({ a: '1' });
      const local = join(folder, 'local');
      writeFileSync(local, bytes);
      await at('from-file').uploadFile(local, { fileHttpHeaders: { fileContentType: 'text/x' } });
      expect((await at('from-file').getProperties()).contentType).toBe('text/x');
      await at('from-stream').uploadStream(Readable.from([bytes]), bytes.length, 2 ** 20, 3);
      await at('from-factory').uploadResetableStream(
        (offset, count = bytes.length) => Readable.from([bytes.subarray(offset, offset + count)]),
        bytes.length,
      );
      for (const name of ['from-buffer', 'from-file', 'from-stream', 'from-factory'])
        expect((await contentOf(w.share, name)).equals(bytes)).toBe(true);
    });

    test('come down in parts to a buffer and a file', async () => {
      await at('down').uploadData(bytes);
      const buffer = Buffer.alloc(bytes.length);
      await at('down').downloadToBuffer(buffer, 0, bytes.length, { rangeSize: 2 ** 20, concurrency: 4 });
      expect(buffer.equals(bytes)).toBe(true);
      const local = join(folder, 'fetched');
      await at('down').downloadToFile(local, 5, 2 ** 20);
      expect(readFileSync(local).equals(bytes.subarray(5, 5 + 2 ** 20))).toBe(true);
    });
  });

  describe('what is there or not', () => {
    test('is made and removed without complaint if asked so', async () => {
      const share = w.client.getShareClient(w.named('if-exists'));
      const directory = share.getDirectoryClient('d');
      expect((await share.createIfNotExists()).succeeded).toBe(true);
      expect((await share.createIfNotExists()).succeeded).toBe(false);
      expect((await directory.createIfNotExists()).succeeded).toBe(true);
      expect((await directory.createIfNotExists()).succeeded).toBe(false);
      await directory.createFile('f', 0);
      for (const client of [share, directory, directory.getFileClient('f')]) expect(await client.exists()).toBe(true);
      for (const client of [directory.getFileClient('f'), directory, share]) {
        expect((await client.deleteIfExists()).succeeded).toBe(true);
        expect((await client.deleteIfExists()).succeeded).toBe(false);
        expect(await client.exists()).toBe(false);
      }
    });

    test('can be made and removed through what holds it', async () => {
      const name = w.named('through');
      const { shareClient } = await w.client.createShare(name);
      const { directoryClient } = await shareClient.createDirectory('d');
      await shareClient.createFile('f', 1);
      await directoryClient.createSubdirectory('s');
      await directoryClient.createFile('f', 1);
      expect([directoryClient.name, directoryClient.path, directoryClient.shareName]).toEqual(['d', 'd', name]);
      expect(shareClient.name).toBe(name);
      const file = directoryClient.getFileClient('f');
      expect([file.name, file.path, file.shareName]).toEqual(['f', 'd/f', name]);
      await directoryClient.deleteFile('f');
      await directoryClient.deleteSubdirectory('s');
      await shareClient.deleteFile('f');
      await shareClient.deleteDirectory('d');
      await w.client.deleteShare(name);
      expect(await shareClient.exists()).toBe(false);
    });

    test('is found by connection string, and in a snapshot by each client', async () => {
      const { name, key, url } = w.account;
      const protocol = new URL(url).protocol.slice(0, -1);
      const text = `DefaultEndpointsProtocol=${protocol};AccountName=${name};AccountKey=${key};FileEndpoint=${url};`;
      const service = ShareServiceClient.fromConnectionString(text);
      const share = service.getShareClient(w.share.name);
      await share.getDirectoryClient('in-snapshot').create();
      await share.getDirectoryClient('in-snapshot').createFile('f', 3);
      const { snapshot = '' } = await share.createSnapshot();
      await share.getDirectoryClient('in-snapshot').deleteFile('f');
      const file = share.getDirectoryClient('in-snapshot').getFileClient('f');
      expect((await file.withShareSnapshot(snapshot).getProperties()).contentLength).toBe(3);
      expect(await refused(file.getProperties())).toBe('ResourceNotFound');
    });
  });

  describe('properties of a file', () => {
    test('are HTTP headers, which come and go as a whole', async () => {
      const fileContentMD5 = Buffer.alloc(16, 3);
      const headers = {
        fileContentType: 'text/x',
        fileContentEncoding: 'gzip',
        fileContentLanguage: 'de',
        fileCacheControl: 'no-store',
        fileContentDisposition: 'attachment',
      };
      await at('headers').create(1, { fileHttpHeaders: { ...headers, fileContentMD5 } });
      const shown = {
        contentType: 'text/x',
        contentEncoding: 'gzip',
        contentLanguage: 'de',
        cacheControl: 'no-store',
        contentDisposition: 'attachment',
      };
      const got = await at('headers').getProperties();
      expect(got).toMatchObject(shown);
      expect(Buffer.from(got.contentMD5 ?? []).equals(fileContentMD5)).toBe(true);
      expect(await at('headers').download()).toMatchObject(shown);
      await at('headers').setHttpHeaders({ fileContentType: 'text/y' });
      expect(await at('headers').getProperties()).toMatchObject({ contentType: 'text/y' });
      expect((await at('headers').getProperties()).cacheControl).toBeUndefined();
      await at('headers').setProperties({ fileHttpHeaders: headers });
      expect(await at('headers').getProperties()).toMatchObject(shown);
    });

    test('are attributes and times, kept to the last digit', async () => {
      const time = (digit: number): Date => `2001-02-03T04:05:06.765432${digit}Z` as unknown as Date;
      const times = { creationTime: time(1), lastWriteTime: time(2), changeTime: time(3) };
      const shown = async (client: ShareFileClient | ShareDirectoryClient): Promise<readonly unknown[]> => {
        const { _response } = await client.getProperties();
        const names = ['attributes', 'creation-time', 'last-write-time', 'change-time'];
        return names.map((name) => _response.headers.get(`x-ms-file-${name}`));
      };
      const directory = w.share.getDirectoryClient('times');
      for (const [client, own] of [
        [at('times.txt'), 'Hidden'],
        [directory, 'Hidden | Directory'],
      ] as const) {
        const options = { fileAttributes: 'Hidden' as never, ...times };
        if (client instanceof ShareFileClient) await client.create(1, options);
        else await client.create(options);
        expect(await shown(client)).toEqual([own, ...Object.values(times)]);
        await client.setMetadata({ a: '1' });
        expect((await shown(client)).slice(0, 3)).toEqual([own, times.creationTime, times.lastWriteTime]);
        expect((await shown(client))[3]).not.toBe(times.changeTime);
        await client.setProperties({ changeTime: times.changeTime, lastWriteTime: 'now' });
        expect((await shown(client))[2]).not.toBe(times.lastWriteTime);
        expect((await shown(client))[3]).toBe(times.changeTime);
      }
    });

    test('are no times that SMB does not know', async () => {
      await at('timeless').create(1);
      const set = (lastWriteTime: string): Promise<string> =>
        refused(at('timeless').setProperties({ lastWriteTime: lastWriteTime as unknown as Date }));
      for (const bad of ['yesterday', '1600-12-31T23:59:59.9999999Z', '2001-02-30T25:00:00.0000000Z'])
        expect([bad, await set(bad)]).toEqual([bad, 'InvalidHeaderValue']);
      expect(await set('1601-01-01T00:00:00.0000001Z')).toBe('none');
      expect(await set('9999-12-31T23:59:59.9999999Z')).toBe('none');
    });

    test('are refused where a share of this kind has them not', async () => {
      const posix = { posixProperties: { owner: '1000', group: '1000' } };
      expect(await refused(at('p').create(1, posix))).toBe('UnsupportedHeader');
      expect(await refused(w.share.getDirectoryClient('p').create(posix))).toBe('UnsupportedHeader');
      await at('plain').create(1);
      expect(await refused(at('plain').setProperties(posix))).toBe('UnsupportedHeader');
      const copy = { fileModeCopyMode: 'source', fileOwnerCopyMode: 'source' } as const;
      expect(await refused(at('copied').startCopyFromURL(at('plain').url, copy))).toBe('UnsupportedHeader');
      expect(await refused(at('link').createHardLink('/plain'))).toBe('UnsupportedQueryParameter');
      expect(await refused(at('link').createSymbolicLink('/plain'))).toBe('UnsupportedQueryParameter');
      expect(await refused(at('plain').getSymbolicLink())).toBe('UnsupportedQueryParameter');
      expect((await contentOf(w.share, 'plain')).equals(Buffer.alloc(1))).toBe(true);
    });
  });

  describe('security descriptors', () => {
    const sddl = 'O:SYG:SYD:(A;;FA;;;SY)';

    test('come with a file or by key, in words only, and of bounded length', async () => {
      await at('described').create(1, { filePermission: sddl });
      const { filePermissionKey: key = '' } = await at('described').getProperties();
      expect((await w.share.getPermission(key, { filePermissionFormat: 'Sddl' })).permission).toBe(sddl);
      expect(await refused(w.share.getPermission(key, { filePermissionFormat: 'Binary' }))).toBe('InvalidHeaderValue');
      const long = `D:${'(A;;FA;;;SY)'.repeat(700)}`;
      expect(await refused(w.share.createPermission(long))).toBe('InvalidHeaderValue');
      const words = { permission: sddl, format: 'Sddl' as const };
      expect((await w.share.createPermission(words)).filePermissionKey).toBe(key);
      const binary = { permission: 'AQAEgA==', format: 'Binary' as const };
      expect(await refused(w.share.createPermission(binary))).toBe('InvalidInput');
      await w.share.getDirectoryClient('described-too').create({ filePermission: sddl });
      await w.share.getDirectoryClient('described-too').setProperties({ filePermission: 'preserve' });
      expect((await w.share.getDirectoryClient('described-too').getProperties()).filePermissionKey).toBe(key);
    });
  });

  test('signatures are made by the clients themselves, as URLs that work', async () => {
    await at('to-sign').create(5, { content: 'hello', contentLength: 5 });
    const expiresOn = new Date(Date.now() + hour);
    const fileUrl = at('to-sign').generateSasUrl({
      permissions: FileSASPermissions.parse('r'),
      expiresOn,
      contentType: 'text/signed',
      contentDisposition: 'inline',
      contentEncoding: 'identity',
      contentLanguage: 'fr',
      cacheControl: 'no-cache',
    });
    const signed = new ShareFileClient(fileUrl);
    expect((await signed.downloadToBuffer()).toString()).toBe('hello');
    expect(await signed.getProperties()).toMatchObject({
      contentType: 'text/signed',
      contentDisposition: 'inline',
      contentEncoding: 'identity',
      contentLanguage: 'fr',
      cacheControl: 'no-cache',
    });
    const shareUrl = w.share.generateSasUrl({ permissions: ShareSASPermissions.parse('rl'), expiresOn });
    const share = new ShareClient(shareUrl);
    expect((await contentOf(share, 'to-sign')).toString()).toBe('hello');
    const held = `/file/${w.account.name}/${w.share.name}`;
    const permissions = AccountSASPermissions.parse('rl');
    const account = new ShareServiceClient(w.client.generateAccountSasUrl(expiresOn, permissions, 'sco'));
    expect((await contentOf(account.getShareClient(w.share.name), 'to-sign')).toString()).toBe('hello');
    expect(at('to-sign').generateSasStringToSign({ permissions: FileSASPermissions.parse('r'), expiresOn })).toContain(
      `${held}/to-sign`,
    );
    expect(w.share.generateSasStringToSign({ permissions: ShareSASPermissions.parse('r'), expiresOn })).toContain(held);
    expect(w.client.generateSasStringToSign(expiresOn, permissions, 'o')).toContain(`${w.account.name}\nrl\n`);
  });
});

embeddedFiles((w) => {
  test('handles are listed by pages and closed one by one', async () => {
    const directory = w.share.getDirectoryClient('handles');
    await directory.create();
    await directory.createFile('f', 1);
    const open = (): string => w.service.smb.open({ share: 'team', path: 'handles/f', access: 'read' }).id;
    const ids = [open(), open(), open()];
    const file = directory.getFileClient('f');
    const pages = [];
    for await (const page of file.listHandles().byPage({ maxPageSize: 2 })) pages.push(page.handleList?.length);
    expect(pages).toEqual([2, 1]);
    expect(await directory.forceCloseHandle(ids[0] ?? '')).toMatchObject({ closedHandlesCount: 0 });
    expect(await file.forceCloseHandle(ids[0] ?? '')).toMatchObject({ closedHandlesCount: 1 });
    expect(await file.forceCloseHandle(ids[0] ?? '')).toMatchObject({ closedHandlesCount: 0 });
    expect(await directory.forceCloseAllHandles({ recursive: false })).toMatchObject({ closedHandlesCount: 0 });
    expect(await file.forceCloseAllHandles()).toMatchObject({ closedHandlesCount: 2, closeFailureCount: 0 });
    for await (const handle of directory.listHandles({ recursive: true })) throw new Error(`left: ${handle.handleId}`);
    expect(await refused(w.share.rootDirectoryClient.getFileClient('nowhere').forceCloseAllHandles())).toBe(
      'ResourceNotFound',
    );
  });
});
