import { describe, expect, test } from '@jest/globals';
import type { ShareFileClient } from '@azure/storage-file-share';
import { refused } from '../local/files/world.ts';
import { filesContract } from './files/contract.ts';

filesContract((w) => {
  function file(name: string): ShareFileClient {
    return w.share.rootDirectoryClient.getFileClient(name);
  }

  async function rangesOf(name: string): Promise<readonly (readonly [number, number])[]> {
    const out: [number, number][] = [];
    for await (const range of file(name).listRanges()) out.push([range.start, range.end]);
    return out;
  }

  const mib = 2 ** 20;

  // Small files live in a row, large ones in a file beside it: the same must hold for both, and across the border.
  describe.each([
    ['in a row', 60_000],
    ['in a file', 3_000_000],
  ])('ranges of a content %s', (_where, size) => {
    const name = `ranges-${size}`;
    const model = Buffer.alloc(size);

    test('are allocated by what is written, and read back exactly', async () => {
      await file(name).create(size);
      for (const [offset, length, byte] of [
        [1000, 500, 1],
        [1400, 2000, 2],
        [size - 10, 10, 3],
        [0, 1, 4],
      ] as const) {
        const before = (await file(name).getProperties()).etag;
        model.fill(byte, offset, offset + length);
        const reply = await file(name).uploadRange(Buffer.alloc(length, byte), offset, length);
        expect(reply.etag).not.toBe(before);
        expect((await file(name).getProperties()).etag).toBe(reply.etag);
      }
      expect(await rangesOf(name)).toEqual([
        [0, 0],
        [1000, 3399],
        [size - 10, size - 1],
      ]);
      expect((await file(name).downloadToBuffer()).equals(model)).toBe(true);
      expect((await file(name).downloadToBuffer(900, 1000)).equals(model.subarray(900, 1900))).toBe(true);
    });

    test('are released by a clear', async () => {
      await file(name).clearRange(1200, 1000);
      model.fill(0, 1200, 2200);
      expect(await rangesOf(name)).toEqual([
        [0, 0],
        [1000, 1199],
        [2200, 3399],
        [size - 10, size - 1],
      ]);
      expect((await file(name).downloadToBuffer()).equals(model)).toBe(true);
    });

    test('are cut by a smaller size and do not come back with a larger one', async () => {
      await file(name).resize(1100);
      await file(name).resize(size);
      model.fill(0, 1100);
      expect(await rangesOf(name)).toEqual([
        [0, 0],
        [1000, 1099],
      ]);
      expect((await file(name).downloadToBuffer()).equals(model)).toBe(true);
    });

    test('are kept when the content outgrows its place', async () => {
      await file(name).resize(size + mib);
      await file(name).uploadRange('tail', size + mib - 4, 4);
      const all = await file(name).downloadToBuffer();
      expect(all.equals(Buffer.concat([model, Buffer.alloc(mib - 4), Buffer.from('tail')]))).toBe(true);
      expect(await rangesOf(name)).toEqual([
        [0, 0],
        [1000, 1099],
        [size + mib - 4, size + mib - 1],
      ]);
    });
  });

  test('parallel ranges of one file all arrive', async () => {
    const size = 16 * mib;
    const bytes = Buffer.alloc(size);
    for (let i = 0; i < size; i += 4) bytes.writeUInt32LE(i, i);
    await file('parallel').create(size);
    await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        file('parallel').uploadRange(bytes.subarray(i * mib, (i + 1) * mib), i * mib, mib),
      ),
    );
    expect(await rangesOf('parallel')).toEqual([[0, size - 1]]);
    expect((await file('parallel').downloadToBuffer()).equals(bytes)).toBe(true);
  });

  test('overlapping parallel writes leave each byte to one of them, whole', async () => {
    await file('overlap').create(mib * 2);
    const one = Buffer.alloc(mib, 1);
    const two = Buffer.alloc(mib, 2);
    await Promise.all([file('overlap').uploadRange(one, 0, mib), file('overlap').uploadRange(two, mib / 2, mib)]);
    const got = await file('overlap').downloadToBuffer(0, mib * 1.5);
    const middle = new Set(got.subarray(mib / 2, mib));
    expect(middle.size).toBe(1);
    expect(new Set(got.subarray(0, mib / 2))).toEqual(new Set([1]));
    expect(new Set(got.subarray(mib))).toEqual(new Set([2]));
  });

  test('the last-write time moves, or stays when told', async () => {
    await file('time').create(10, { lastWriteTime: new Date('2020-01-01T00:00:00Z') });
    const kept = await file('time').uploadRange('a', 0, 1, { fileLastWrittenMode: 'Preserve' });
    expect(kept.fileLastWriteTime).toEqual(new Date('2020-01-01T00:00:00Z'));
    const moved = await file('time').uploadRange('a', 0, 1);
    expect(Date.now() - (moved.fileLastWriteTime?.getTime() ?? 0)).toBeLessThan(60_000);
  });

  test('Content-MD5 is checked and given', async () => {
    await file('md5').create(3);
    const wrong = file('md5').uploadRange('abc', 0, 3, { contentMD5: Buffer.alloc(16) });
    expect(await refused(wrong)).toBe('Md5Mismatch');
    expect(await rangesOf('md5')).toEqual([]);
    await file('md5').uploadRange('abc', 0, 3, { contentMD5: Buffer.from('kAFQmDzST7DWlj99KOF/cg==', 'base64') });
    const got = await file('md5').download(0, 3, { rangeGetContentMD5: true });
    expect(Buffer.from(got.contentMD5 ?? []).toString('base64')).toBe('kAFQmDzST7DWlj99KOF/cg==');
  });

  test('what is outside the file is refused', async () => {
    await file('small').create(10);
    expect(await refused(file('small').uploadRange('abc', 8, 3))).toBe('InvalidRange');
    expect(await refused(file('small').clearRange(8, 3))).toBe('InvalidRange');
    expect(await refused(file('small').download(10, 1))).toBe('InvalidRange');
    expect(await refused(file('none').uploadRange('abc', 0, 3))).toBe('ResourceNotFound');
  });

  test('List Ranges takes a range and pages', async () => {
    await file('pages').create(mib);
    for (const offset of [10, 30, 50, 70]) await file('pages').uploadRange('x', offset, 1);
    const pages = [];
    for await (const page of file('pages').listRanges().byPage({ maxPageSize: 3 })) pages.push(page.ranges?.length);
    expect(pages).toEqual([3, 1]);
    const part = await file('pages').getRangeList({ range: { offset: 30, count: 30 } });
    expect(part.rangeList).toEqual([
      { start: 30, end: 30 },
      { start: 50, end: 50 },
    ]);
  });

  describe('from elsewhere in the account', () => {
    test.each([1000, 2 * mib])('a copy of %i bytes is complete when it answers', async (size) => {
      const bytes = Buffer.alloc(size, 'abc');
      await file(`from-${size}`).create(size, { content: bytes, contentLength: size, metadata: { m: '1' } });
      const reply = await file(`to-${size}`).startCopyFromURL(file(`from-${size}`).url);
      expect(reply.copyStatus).toBe('success');
      await file(`from-${size}`).delete();
      expect((await file(`to-${size}`).downloadToBuffer()).equals(bytes)).toBe(true);
      expect((await file(`to-${size}`).getProperties()).metadata).toEqual({ m: '1' });
    });

    test('a sparse copy stays sparse', async () => {
      await file('sparse').create(mib);
      await file('sparse').uploadRange('x', 500_000, 1);
      await file('sparse-copy').startCopyFromURL(file('sparse').url);
      expect(await rangesOf('sparse-copy')).toEqual([[500_000, 500_000]]);
      expect(await refused(file('x').startCopyFromURL(file('not-there').url))).toBe('CannotVerifyCopySource');
    });

    test('a range is taken from another file', async () => {
      const bytes = Buffer.alloc(mib);
      for (let i = 0; i < mib; i += 4) bytes.writeUInt32LE(i, i);
      await file('base').create(mib, { content: bytes, contentLength: mib });
      await file('delta').create(mib);
      await file('delta').uploadRangeFromURL(file('base').url, 100, 200, 500_000);
      expect(await rangesOf('delta')).toEqual([[200, 500_199]]);
      const got = await file('delta').downloadToBuffer(200, 500_000);
      expect(got.equals(bytes.subarray(100, 500_100))).toBe(true);
      expect(await refused(file('delta').uploadRangeFromURL(file('base').url, mib - 1, 0, 2))).toBe('InvalidRange');
    });
  });
});
