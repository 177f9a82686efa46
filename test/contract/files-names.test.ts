import { describe, expect, test } from '@jest/globals';
import { ShareServiceClient } from '@azure/storage-file-share';
import { refused } from '../local/files/world.ts';
import { filesContract } from './files/contract.ts';

filesContract((w) => {
  function create(name: string): Promise<unknown> {
    return w.share.rootDirectoryClient.getFileClient(name).create(0);
  }

  async function list(options: object = {}): Promise<readonly string[]> {
    const names = [];
    for await (const item of w.share.rootDirectoryClient.listFilesAndDirectories(options)) names.push(item.name);
    return names;
  }

  const odd = [
    'with space',
    ' leading',
    'umlaut äöü ß',
    'hash#percent%20plus+and&semi;',
    "quote' (brackets) [x] {y}",
    'trailing dot.',
    '日本語',
    'emoji 😀',
    '%2e%2e%2f',
    '1e5',
    'null',
  ];

  test.each(odd)('the name %p comes back as it went', async (name) => {
    await create(name);
    expect(await list({ prefix: name })).toEqual([name]);
    await w.share.rootDirectoryClient.getFileClient(name).delete();
  });

  test('a name that XML cannot hold is listed encoded', async () => {
    await create('odd\ufffe%name');
    expect(await list({ prefix: 'odd' })).toEqual(['odd\ufffe%name']);
  });

  test('names keep their case and are found in any', async () => {
    await create('Straße.TXT');
    const other = w.share.rootDirectoryClient.getFileClient('sTRAßE.txt');
    expect(await other.exists()).toBe(true);
    await other.create(3);
    expect(await list({ prefix: 'STRA' })).toEqual(['Straße.TXT']);
    // Simple folding: no character becomes two, and none outside ASCII folds into it.
    await create('STRASSE.TXT');
    await create('ı');
    await create('i');
    await create('ſ');
    await create('S');
    expect((await list()).filter((name) => /^(straße.txt|strasse.txt|ı|i|ſ|s)$/i.test(name)).length).toBe(6);
  });

  // The client escapes names; what it would never send goes out by hand in files-malformed.
  test.each([
    ['a:b', 'InvalidResourceName'],
    ['a*b', 'InvalidResourceName'],
    ['a"b', 'InvalidResourceName'],
    ['a<b', 'InvalidResourceName'],
    ['a|b', 'InvalidResourceName'],
    ['tab\tname', 'InvalidResourceName'],
    ['line\nname', 'InvalidResourceName'],
    ['delete\u007f', 'InvalidResourceName'],
    ['CON', 'InvalidResourceName'],
    ['lpt9', 'InvalidResourceName'],
    ['x'.repeat(256), 'InvalidFileOrDirectoryPathName'],
    [`${'d'.repeat(200)}/`.repeat(11), 'InvalidFileOrDirectoryPathName'],
  ])('%p is refused', async (name, code) => {
    expect(await refused(create(name))).toBe(code);
  });

  test('the longest name and CON with an extension are allowed', async () => {
    await create('y'.repeat(255));
    await create('con.txt');
    expect(await list({ prefix: 'con' })).toEqual(['con.txt']);
  });

  describe('listing', () => {
    test('pages in order, files and directories together, and survives what changes between pages', async () => {
      const dir = w.share.getDirectoryClient('pages');
      await dir.create();
      for (let i = 0; i < 12; i++) await dir.getFileClient(`f${String(i).padStart(2, '0')}`).create(i);
      await dir.getDirectoryClient('f05-dir').create();
      const sizes = [];
      const names = [];
      for await (const page of dir.listFilesAndDirectories().byPage({ maxPageSize: 5 })) {
        const items = [...page.segment.fileItems, ...page.segment.directoryItems].map((item) => item.name);
        sizes.push(items.length);
        names.push(...items.toSorted());
        if (sizes.length === 1) {
          await dir.getFileClient('f00').delete();
          await dir.getFileClient('f06a').create(0);
        }
      }
      expect(sizes).toEqual([5, 5, 4]);
      const last = ['f05', 'f05-dir', 'f06', 'f06a', 'f07', 'f08', 'f09', 'f10', 'f11'];
      expect(names).toEqual(['f00', 'f01', 'f02', 'f03', 'f04', ...last]);
    });

    test('takes the whole of 5,000 in one page and gives what is asked for', async () => {
      const dir = w.share.getDirectoryClient('info');
      await dir.create();
      const file = dir.getFileClient('file');
      await file.create(5, { content: 'hello', contentLength: 5, creationTime: new Date('2020-01-01T00:00:00Z') });
      await dir.getDirectoryClient('sub').create();
      const head = await file.getProperties();
      const pages = dir.listFilesAndDirectories({
        includeTimestamps: true,
        includeEtag: true,
        includeAttributes: true,
        includePermissionKey: true,
        includeExtendedInfo: true,
      });
      for await (const page of pages.byPage({ maxPageSize: 5000 })) {
        expect(page.directoryId).toBe((await dir.getProperties()).fileId);
        expect(page.segment.fileItems).toMatchObject([
          {
            name: 'file',
            fileId: head.fileId,
            attributes: 'Archive',
            permissionKey: head.filePermissionKey,
            properties: {
              contentLength: 5,
              etag: head.etag,
              creationTime: new Date('2020-01-01T00:00:00Z'),
              lastWriteTime: head.fileLastWriteOn,
              changeTime: head.fileChangeOn,
              lastModified: head.lastModified,
            },
          },
        ]);
        expect(page.segment.directoryItems).toMatchObject([{ name: 'sub', attributes: 'Directory' }]);
      }
      const bare = [];
      for await (const item of dir.listFilesAndDirectories()) bare.push(item);
      expect(bare).toMatchObject([
        { kind: 'file', name: 'file', properties: { contentLength: 5 } },
        { kind: 'directory', name: 'sub' },
      ]);
      expect(bare[0]?.attributes).toBeUndefined();
    });

    test('of the root, of nothing, of what is not there', async () => {
      expect((await list()).includes('info')).toBe(true);
      const empty = w.share.getDirectoryClient('info/sub');
      for await (const item of empty.listFilesAndDirectories()) throw new Error(`unexpected ${item.name}`);
      const walk = async (): Promise<void> => {
        for await (const item of w.share.getDirectoryClient('absent').listFilesAndDirectories())
          throw new Error(`unexpected ${item.name}`);
      };
      expect(await refused(walk())).toBe('ResourceNotFound');
    });
  });

  test('without the header, trailing dots fall off', async () => {
    const plain = new ShareServiceClient(w.account.url, w.credential);
    await plain.getShareClient(w.share.name).rootDirectoryClient.getFileClient('dotted...').create(0);
    expect(await list({ prefix: 'dotted' })).toEqual(['dotted']);
  });
});
