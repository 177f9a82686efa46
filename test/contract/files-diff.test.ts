import { expect, test } from '@jest/globals';
import type { ShareFileClient } from '@azure/storage-file-share';
import { refused } from '../local/files/world.ts';
import { filesContract } from './files/contract.ts';

filesContract((w) => {
  const kib = 1024;

  function at(path: string): ShareFileClient {
    return w.share.rootDirectoryClient.getFileClient(path);
  }

  async function snapshot(): Promise<string> {
    const { snapshot: id = '' } = await w.share.createSnapshot();
    return id;
  }

  async function put(path: string, bytes: Buffer): Promise<void> {
    await at(path).create(bytes.length, { content: bytes, contentLength: bytes.length });
  }

  // Small contents live in a row, large ones in a file: the same must hold for both, and for one that became the other.
  test.each([
    ['in a row', 60 * kib],
    ['in a file', 1000 * kib],
  ])('the difference to a snapshot is what was written and cleared since: %s', async (_where, size) => {
    const path = `diff-${size}`;
    await put(path, Buffer.alloc(size, 'a'));
    const first = await snapshot();
    await at(path).uploadRange('XYZ', 9000, 3);
    await at(path).uploadRange(Buffer.alloc(100, 'a'), 20_000, 100);
    await at(path).clearRange(30_000, 5000);
    const second = await snapshot();
    await at(path).uploadRange('tail', size - 4, 4);

    const diff = async (file: ShareFileClient, previous: string): Promise<unknown> => {
      const { ranges, clearRanges } = await file.getRangeListDiff(previous);
      return { ranges, clearRanges };
    };
    const written = { start: 2 * 4096, end: 3 * 4096 - 1 };
    const cleared = { start: 30_000, end: 34_999 };
    const past = w.share.withSnapshot(second).rootDirectoryClient.getFileClient(path);
    expect(await diff(past, first)).toEqual({ ranges: [written], clearRanges: [cleared] });
    // The ends of what is told apart are those of the data: here it begins anew behind the hole.
    const last = { start: size - 1 - ((size - 1 - 35_000) % 4096), end: size - 1 };
    expect(await diff(at(path), first)).toEqual({ ranges: [written, last], clearRanges: [cleared] });
    expect(await diff(at(path), second)).toEqual({ ranges: [last], clearRanges: [] });
    expect(await diff(past, second)).toEqual({ ranges: [], clearRanges: [] });

    const pages = [];
    for await (const page of at(path).listRangesDiff(first).byPage({ maxPageSize: 1 }))
      pages.push([page.ranges, page.clearRanges]);
    expect(pages.flatMap(([ranges]) => ranges)).toEqual([written, last]);
    expect(pages.flatMap(([, clear]) => clear)).toEqual([cleared]);
    const part = await at(path).getRangeListDiff(first, { range: { offset: 10_000, count: 100 } });
    expect(part.ranges).toEqual([{ start: 10_000, end: 10_099 }]);
  });

  test('a content that has outgrown its row differs where it grew', async () => {
    await put('grown', Buffer.alloc(10 * kib, 'a'));
    const before = await snapshot();
    await at('grown').resize(200 * kib);
    await at('grown').uploadRange('end', 100 * kib, 3);
    expect((await at('grown').getRangeListDiff(before)).ranges).toEqual([{ start: 102_400, end: 102_402 }]);
  });

  test('what is not the same file has no difference', async () => {
    await w.share.createDirectory('d');
    await put('old-name', Buffer.from('a'));
    await put('remade', Buffer.from('a'));
    const before = await snapshot();
    await put('young', Buffer.from('a'));
    await w.share.createDirectory('later');
    await put('later/young', Buffer.from('a'));
    await at('remade').delete();
    await put('remade', Buffer.from('a'));
    await at('old-name').rename('d/new-name');
    const diff = (path: string, options: object = {}): Promise<string> =>
      refused(at(path).getRangeListDiff(before, options));
    expect(await diff('young')).toBe('PreviousSnapshotNotFound');
    expect(await diff('later/young')).toBe('PreviousSnapshotNotFound');
    expect(await diff('remade')).toBe('FileGenerationMismatch');
    expect(await diff('d/new-name')).toBe('PreviousSnapshotNotFound');
    await at('d/new-name').uploadRange('b', 0, 1);
    expect((await at('d/new-name').getRangeListDiff(before, { includeRenames: true })).ranges).toEqual([
      { start: 0, end: 0 },
    ]);
    expect(await diff('remade', { includeRenames: true })).toBe('PreviousSnapshotNotFound');
    const after = await snapshot();
    const past = w.share.withSnapshot(before).rootDirectoryClient.getFileClient('remade');
    expect(await refused(past.getRangeListDiff(after))).toBe('InvalidQueryParameterValue');
    expect(await refused(at('remade').getRangeListDiff('2020-08-07T16:58:02.0000000Z'))).toBe('ShareSnapshotNotFound');
  });
});
