import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RestError, type ShareClient } from '@azure/storage-file-share';
import { contentOf, eventually, refused } from '../local/files/world.ts';
import { type Account, embeddedFiles, filesContract } from './files/contract.ts';

const large = Buffer.alloc(200_000, 'a');

async function put(share: ShareClient, path: string, bytes: Buffer | string): Promise<void> {
  const body = Buffer.from(bytes);
  const file = share.rootDirectoryClient.getFileClient(path);
  await file.create(body.length, { content: body, contentLength: body.length });
}

async function freshShare(w: Account, name: string): Promise<ShareClient> {
  const share = w.client.getShareClient(w.named(name));
  await share.create();
  return share;
}

/** An account makes one snapshot of a share at a time. */
async function inItsTurn(share: ShareClient): Promise<{ past: ShareClient }> {
  for (;;)
    try {
      return await snapshotOf(share);
    } catch (error) {
      if (!(error instanceof RestError) || error.code !== 'ShareSnapshotInProgress') throw error;
      await sleep(100);
    }
}

async function snapshotOf(share: ShareClient): Promise<{ id: string; past: ShareClient }> {
  const { snapshot: id = '' } = await share.createSnapshot();
  return { id, past: share.withSnapshot(id) };
}

async function namesIn(share: ShareClient, directory = ''): Promise<string[]> {
  const names = [];
  for await (const item of share.getDirectoryClient(directory).listFilesAndDirectories()) names.push(item.name);
  return names;
}

filesContract((w) => {
  describe('a share snapshot', () => {
    test('shows everything as it was, whatever happens afterwards', async () => {
      const share = await freshShare(w, 'as-it-was');
      const dir = share.getDirectoryClient('snap');
      await dir.create();
      for (const name of ['overwritten', 'patched', 'cleared', 'cut', 'deleted', 'moved'])
        await put(share, `snap/${name}`, large);
      await put(share, 'snap/small', 'small');
      await put(share, 'snap/replaced', 'replaced');
      const { past } = await snapshotOf(share);
      const file = (name: string) => dir.getFileClient(name);
      await put(share, 'snap/overwritten', 'new');
      await file('patched').uploadRange('XXX', 10, 3);
      await file('cleared').clearRange(0, 1000);
      await file('cut').resize(10);
      await file('deleted').delete();
      await file('moved').rename('snap/replaced', { replaceIfExists: true });
      await file('small').uploadRange('S', 0, 1);
      await put(share, 'snap/added', large);
      await dir.rename('elsewhere');

      expect(await namesIn(past)).toEqual(['snap']);
      const names = await namesIn(past, 'snap');
      expect(names).toEqual(['cleared', 'cut', 'deleted', 'moved', 'overwritten', 'patched', 'replaced', 'small']);
      for (const name of names.slice(0, -2)) expect((await contentOf(past, `snap/${name}`)).equals(large)).toBe(true);
      expect((await contentOf(past, 'snap/small')).toString()).toBe('small');
      expect((await contentOf(past, 'snap/replaced')).toString()).toBe('replaced');

      expect((await contentOf(share, 'elsewhere/overwritten')).toString()).toBe('new');
      expect((await contentOf(share, 'elsewhere/patched')).subarray(8, 15).toString()).toBe('aaXXXaa');
      expect((await contentOf(share, 'elsewhere/cleared')).subarray(998, 1002)).toEqual(Buffer.from('\0\0aa'));
      expect((await contentOf(share, 'elsewhere/cut')).toString()).toBe('aaaaaaaaaa');
      expect((await contentOf(share, 'elsewhere/small')).toString()).toBe('Small');
      expect(await refused(past.getDirectoryClient('elsewhere').getProperties())).toBe('ResourceNotFound');
    });

    test('keeps what the share was too, and the properties of its files', async () => {
      const share = await freshShare(w, 'settings');
      await share.setQuota(7);
      await share.setMetadata({ seq: '7' });
      const root = share.rootDirectoryClient;
      await put(share, 'f', 'content');
      await root.getFileClient('f').setMetadata({ version: '1' });
      const before = await root.getFileClient('f').getProperties();
      const { snapshot: own = '' } = await share.createSnapshot({ metadata: { seq: 'own' } });
      const { past } = await snapshotOf(share);
      await share.setQuota(8);
      await share.setMetadata({});
      await root.getFileClient('f').setMetadata({ version: '2' });
      await root.setMetadata({ about: 'the root' });
      expect(await past.getProperties()).toMatchObject({ quota: 7, metadata: { seq: '7' } });
      expect((await share.withSnapshot(own).getProperties()).metadata).toEqual({ seq: 'own' });
      const after = await past.rootDirectoryClient.getFileClient('f').getProperties();
      expect(after).toMatchObject({ etag: before.etag, metadata: { version: '1' }, fileId: before.fileId });
      expect((await past.rootDirectoryClient.getProperties()).metadata).toEqual({});
    });

    test('is listed by pages, prefixes and markers, also where the live directory is another by now', async () => {
      const share = await freshShare(w, 'paged');
      for (const name of ['a1', 'a2', 'a3', 'b1']) await put(share, name, name);
      const { past } = await snapshotOf(share);
      await share.rootDirectoryClient.getFileClient('a2').delete();
      await put(share, 'a0', 'new');
      await put(share, 'a3', 'changed');
      const pages = [];
      for await (const page of past.rootDirectoryClient.listFilesAndDirectories().byPage({ maxPageSize: 3 }))
        pages.push(page.segment.fileItems.map(({ name }) => name));
      expect(pages).toEqual([['a1', 'a2', 'a3'], ['b1']]);
      const some = [];
      for await (const item of past.rootDirectoryClient.listFilesAndDirectories({ prefix: 'b' })) some.push(item.name);
      expect(some).toEqual(['b1']);
    });

    test('does not change while ranges are being written', async () => {
      const share = await freshShare(w, 'quiet');
      const size = 8 * 2 ** 20;
      const file = share.rootDirectoryClient.getFileClient('f');
      await file.create(size);
      for (let at = 0; at < size; at += 2 ** 20) await file.uploadRange(Buffer.alloc(2 ** 20, 1), at, 2 ** 20);
      let last = 1;
      const seen: { readonly past: ShareClient; readonly bytes: Buffer }[] = [];
      for (let round = 0; round < 3; round++) {
        last++;
        const writes = Array.from({ length: 8 }, (_, i) =>
          file.uploadRange(Buffer.alloc(2 ** 20, last), i * 2 ** 20, 2 ** 20),
        );
        const { past } = await snapshotOf(share);
        const bytes = await contentOf(past, 'f');
        // Each range write is in it whole or not at all.
        for (let at = 0; at < size; at += 2 ** 20) {
          const part = bytes.subarray(at, at + 2 ** 20);
          expect(part.equals(Buffer.alloc(2 ** 20, part[0]))).toBe(true);
        }
        seen.push({ past, bytes });
        await Promise.all(writes);
      }
      for (const { past, bytes } of seen) expect((await contentOf(past, 'f')).equals(bytes)).toBe(true);
      expect((await contentOf(share, 'f')).equals(Buffer.alloc(size, last))).toBe(true);
    });

    test('is a copy source, and ends with its deletion', async () => {
      const share = await freshShare(w, 'source');
      await put(share, 'f', large);
      const { past } = await snapshotOf(share);
      await share.rootDirectoryClient.getFileClient('f').delete();
      await share.rootDirectoryClient
        .getFileClient('back')
        .startCopyFromURL(past.rootDirectoryClient.getFileClient('f').url);
      const part = share.rootDirectoryClient.getFileClient('part');
      await part.create(10);
      await part.uploadRangeFromURL(past.rootDirectoryClient.getFileClient('f').url, 100, 0, 10);
      expect((await contentOf(share, 'back')).equals(large)).toBe(true);
      await past.delete();
      expect(await refused(past.getProperties())).toBe('ShareSnapshotNotFound');
      expect(await refused(contentOf(past, 'f'))).toBe('ShareSnapshotNotFound');
      expect(await refused(past.delete())).toBe('ShareSnapshotNotFound');
      expect((await contentOf(share, 'back')).equals(large)).toBe(true);
      expect((await contentOf(share, 'part')).toString()).toBe('aaaaaaaaaa');
    });

    test('cannot be changed, and is asked for by its exact time', async () => {
      const share = await freshShare(w, 'read-only');
      await put(share, 'f', 'x');
      await share.createDirectory('d');
      const { id, past } = await snapshotOf(share);
      const file = past.rootDirectoryClient.getFileClient('f');
      const directory = past.getDirectoryClient('d');
      for (const [what, work] of Object.entries({
        create: () => file.create(1),
        write: () => file.uploadRange('y', 0, 1),
        clear: () => file.clearRange(0, 1),
        resize: () => file.resize(0),
        metadata: () => file.setMetadata({}),
        headers: () => file.setHttpHeaders({}),
        remove: () => file.delete(),
        makeDirectory: () => directory.create(),
        directoryMetadata: () => directory.setMetadata({}),
        removeDirectory: () => directory.delete(),
        shareMetadata: () => past.setMetadata({}),
        quota: () => past.setQuota(3),
        again: () => past.createSnapshot(),
        policies: () => past.setAccessPolicy([]),
        permission: () => past.createPermission('D:(A;;FA;;;SY)'),
      }))
        expect([what, await refused(work())]).toEqual([what, 'ShareSnapshotOperationNotSupported']);
      const other = id.replace(/\d0Z$/, (end) => `${(Number(end[0]) + 1) % 10}0Z`);
      expect(await refused(share.withSnapshot(other).getProperties())).toBe('ShareSnapshotNotFound');
      expect(await refused(share.withSnapshot('yesterday').getProperties())).toBe('InvalidQueryParameterValue');
    });

    test('is read without the lease that a file had, and is open to nobody', async () => {
      const share = await freshShare(w, 'leased-then');
      await put(share, 'f', 'x');
      const lease = '11111111-1111-4111-8111-111111111111';
      await share.rootDirectoryClient.getFileClient('f').getShareLeaseClient(lease).acquireLease();
      const { past } = await snapshotOf(share);
      const file = past.rootDirectoryClient.getFileClient('f');
      expect(await file.getProperties()).toMatchObject({ leaseState: 'available', leaseStatus: 'unlocked' });
      for await (const handle of file.listHandles()) throw new Error(`open: ${handle.handleId}`);
      expect(await file.forceCloseAllHandles()).toMatchObject({ closedHandlesCount: 0 });
      await share.rootDirectoryClient.getFileClient('f').getShareLeaseClient(lease).breakLease();
      await share.rootDirectoryClient.getFileClient('f').setMetadata({ a: '1' });
      expect((await contentOf(past, 'f')).toString()).toBe('x');
    });

    test('keeps a share from being deleted unless told', async () => {
      const share = await freshShare(w, 'kept-by');
      await put(share, 'f', large);
      await snapshotOf(share);
      await put(share, 'f', large);
      expect(await refused(share.delete())).toBe('ShareHasSnapshots');
      await share.delete({ deleteSnapshots: 'include' });
      expect(await share.exists()).toBe(false);
    });

    test('is one of 200 at most', async () => {
      const share = await freshShare(w, 'many');
      await put(share, 'f', '0');
      const all = await Promise.all(Array.from({ length: 200 }, () => inItsTurn(share)));
      expect(await refused(share.createSnapshot())).toBe('ShareSnapshotCountExceeded');
      await all[7]?.past.delete();
      await snapshotOf(share);
      let listed = 0;
      for await (const item of w.client.listShares({ prefix: share.name, includeSnapshots: true }))
        if (item.snapshot !== undefined) listed++;
      expect(listed).toBe(200);
      await share.delete({ deleteSnapshots: 'include' });
    });
  });
});

embeddedFiles(
  (w) => {
    test('a snapshot is open to nobody, whoever has the file open', async () => {
      const share = await freshShare(w, 'open-then');
      await put(share, 'f', 'x');
      const open = w.service.smb.open({ share: 'open-then', path: 'f', access: 'read', shareWrite: true });
      const { past } = await snapshotOf(share);
      const file = past.rootDirectoryClient.getFileClient('f');
      for await (const handle of file.listHandles()) throw new Error(`open: ${handle.handleId}`);
      expect(await file.forceCloseAllHandles()).toMatchObject({ closedHandlesCount: 0 });
      await open.close();
      await share.delete({ deleteSnapshots: 'include' });
    });

    test('what only snapshots held goes with them', async () => {
      const share = await freshShare(w, 'freed');
      for (const name of ['kept', 'overwritten', 'deleted']) await put(share, name, large);
      const first = await snapshotOf(share);
      await put(share, 'overwritten', large);
      await share.rootDirectoryClient.deleteFile('deleted');
      await snapshotOf(share);
      const held = (): number => readdirSync(join(w.dir, 'contents')).length;
      expect(held()).toBe(4);
      await first.past.delete();
      await eventually(() => held() === 2);
      await share.delete({ deleteSnapshots: 'include' });
      await eventually(() => held() === 0);
    });
  },
  { retentionDays: 0 },
);
