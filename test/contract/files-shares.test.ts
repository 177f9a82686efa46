import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ShareClient, ShareItem } from '@azure/storage-file-share';
import { contentOf, eventually, refused, world } from '../local/files/world.ts';
import { type Account, embeddedFiles, filesContract } from './files/contract.ts';

const minute = 60_000;
const gib = 2 ** 30;
const large = Buffer.alloc(100_000, 'x');

async function freshShare(w: Account, name: string, options: object = {}): Promise<ShareClient> {
  const share = w.client.getShareClient(w.named(name));
  await share.create(options);
  return share;
}

async function put(share: ShareClient, path: string, bytes: Buffer): Promise<void> {
  const file = share.rootDirectoryClient.getFileClient(path);
  await file.create(bytes.length, { content: bytes, contentLength: bytes.length });
}

async function list(w: Account, options: object): Promise<ShareItem[]> {
  const items = [];
  for await (const item of w.client.listShares(options)) items.push(item);
  return items;
}

filesContract((w) => {
  describe('a deleted share', () => {
    test('comes back as it was, with its snapshots, under its name', async () => {
      const share = await freshShare(w, 'undeleted', { quota: 9, metadata: { a: 'b' } });
      await put(share, 'f', large);
      const { snapshot = '' } = await share.createSnapshot();
      await put(share, 'f', Buffer.from('newer'));
      await share.delete({ deleteSnapshots: 'include' });
      const prefix = share.name;
      expect(await list(w, { prefix })).toEqual([]);
      const [deleted] = await list(w, { prefix, includeDeleted: true, includeMetadata: true });
      expect(deleted).toMatchObject({ name: prefix, deleted: true, metadata: { a: 'b' } });
      expect(deleted?.properties.remainingRetentionDays).toBeGreaterThanOrEqual(0);
      expect(Date.now() - (deleted?.properties.deletedTime?.getTime() ?? 0)).toBeLessThan(minute);
      await w.client.undeleteShare(prefix, deleted?.version ?? '');
      expect(await share.getProperties()).toMatchObject({ quota: 9, metadata: { a: 'b' } });
      expect((await contentOf(share, 'f')).toString()).toBe('newer');
      expect((await contentOf(share.withSnapshot(snapshot), 'f')).equals(large)).toBe(true);
      await share.delete({ deleteSnapshots: 'include' });
    });
  });

  describe('a quota', () => {
    test('is kept by whatever makes a file larger', async () => {
      const share = await freshShare(w, 'full', { quota: 1 });
      const root = share.rootDirectoryClient;
      const [a, b] = [root.getFileClient('a'), root.getFileClient('b')];
      await a.create(gib - 1000);
      expect(await refused(b.create(1001))).toBe('ShareSizeLimitReached');
      await b.create(1000);
      expect(await refused(b.resize(1001))).toBe('ShareSizeLimitReached');
      expect(await refused(root.getFileClient('c').startCopyFromURL(b.url))).toBe('ShareSizeLimitReached');
      expect((await share.getStatistics()).shareUsageBytes).toBe(gib);
      await a.delete();
      await b.resize(5000);
      await root.getFileClient('c').startCopyFromURL(b.url);
      expect((await share.getStatistics()).shareUsageBytes).toBe(10_000);
      await share.setQuota(2);
      await a.create(gib);
      expect(await refused(a.create(2 * gib))).toBe('ShareSizeLimitReached');
      await root.getFileClient('c').rename('b', { replaceIfExists: true });
      await a.create(2 * gib - 5000);
      expect((await share.getStatistics()).shareUsageBytes).toBe(2 * gib);
    });

    test('is that of one share, whatever the others hold', async () => {
      const [large, small] = [await freshShare(w, 'large', { quota: 100 }), await freshShare(w, 'small', { quota: 1 })];
      await large.rootDirectoryClient.createFile('f', 50 * gib);
      await small.rootDirectoryClient.createFile('f', gib / 2);
      await large.rootDirectoryClient.createFile('f', 10);
      await small.rootDirectoryClient.createFile('g', gib / 2);
      expect(await refused(small.rootDirectoryClient.getFileClient('h').create(1))).toBe('ShareSizeLimitReached');
      await large.rootDirectoryClient.createFile('f', 90 * gib);
      expect(await refused(small.rootDirectoryClient.getFileClient('h').create(1))).toBe('ShareSizeLimitReached');
    });

    test.each<[string, object, string]>([
      ['x-ms-share-quota', { quota: 102_401 }, 'InvalidHeaderValue'],
      ['x-ms-access-tier', { accessTier: 'Lukewarm' }, 'InvalidHeaderValue'],
      ['x-ms-enabled-protocols', { protocols: { nfsEnabled: true } }, 'InvalidHeaderValue'],
      ['x-ms-root-squash', { rootSquash: 'AllSquash' }, 'UnsupportedHeader'],
      ['x-ms-share-provisioned-iops', { shareProvisionedIops: 3000 }, 'UnsupportedHeader'],
      ['x-ms-share-paid-bursting-enabled', { paidBurstingEnabled: true }, 'UnsupportedHeader'],
    ])('and other settings that this kind of share has not are refused: %s', async (_header, options, code) => {
      expect(await refused(w.client.getShareClient(w.named('refused')).create(options))).toBe(code);
    });

    test('and the access tier can be changed', async () => {
      const share = await freshShare(w, 'tiered', { accessTier: 'Cool' });
      expect((await share.getProperties()).accessTier).toBe('Cool');
      await share.setProperties({ accessTier: 'Hot', quotaInGB: 3 });
      expect(await share.getProperties()).toMatchObject({ accessTier: 'Hot', quota: 3 });
      expect(await refused(share.setProperties({ accessTier: 'x' as never }))).toBe('InvalidHeaderValue');
      expect(await refused(w.client.getShareClient(w.named('missing')).setProperties({ quotaInGB: 3 }))).toBe(
        'ShareNotFound',
      );
    });
  });

  test('shares are listed by pages, with snapshots and deleted ones among them', async () => {
    const [a, b, c] = [await freshShare(w, 'page-a'), await freshShare(w, 'page-b'), await freshShare(w, 'page-c')];
    for (const share of [a, b, c]) await share.createSnapshot();
    await b.delete({ deleteSnapshots: 'include' });
    const seen: string[] = [];
    const options = { prefix: 'page-', includeSnapshots: true, includeDeleted: true };
    for await (const page of w.client.listShares(options).byPage({ maxPageSize: 2 })) {
      expect(page.shareItems?.length).toBeLessThanOrEqual(2);
      for (const { name, snapshot, deleted } of page.shareItems ?? [])
        if ([a.name, b.name, c.name].includes(name))
          seen.push(`${name} ${snapshot === undefined ? '' : 'snapshot'}${deleted === true ? 'deleted' : ''}`);
    }
    expect(seen).toEqual([`${a.name} snapshot`, `${a.name} `, `${b.name} deleted`, `${c.name} snapshot`, `${c.name} `]);
  });
});

// An account keeps the name of a deleted share to itself for a while, and its time is in days.
embeddedFiles(
  (w) => {
    describe('a deleted share', () => {
      test('leaves its name to others, and is told from them by its version', async () => {
        for (const content of ['first', 'second']) {
          const share = await freshShare(w, 'namesake');
          expect(await share.rootDirectoryClient.getFileClient('f').exists()).toBe(false);
          await put(share, 'f', Buffer.from(content));
          await share.delete();
        }
        const versions = (await list(w, { prefix: 'namesake', includeDeleted: true })).map(
          ({ version }) => version ?? '',
        );
        expect(new Set(versions).size).toBe(2);
        const share = await freshShare(w, 'namesake');
        expect(await refused(w.client.undeleteShare('namesake', versions[0] ?? ''))).toBe('ShareAlreadyExists');
        await share.delete();
        await w.client.undeleteShare('namesake', versions[0] ?? '');
        expect((await contentOf(share, 'f')).toString()).toBe('first');
        expect(await refused(w.client.undeleteShare('namesake', versions[0] ?? ''))).toBe('ShareNotFound');
        expect(await refused(w.client.undeleteShare('namesake', '01D60F8BB59A4652'))).toBe('ShareNotFound');
        await share.delete();
      });

      test('is gone for good when its time is over, and so is what it held', async () => {
        const share = await freshShare(w, 'expiring');
        await share.createDirectory('d');
        for (let i = 0; i < 20; i++) await put(share, `d/f${i}`, large);
        await share.createSnapshot();
        await put(share, 'd/f0', large);
        await share.delete({ deleteSnapshots: 'include' });
        const [deleted] = await list(w, { prefix: 'expiring', includeDeleted: true });
        expect(readdirSync(join(w.dir, 'contents')).length).toBeGreaterThanOrEqual(21);
        await w.pass(2 * minute);
        expect(await list(w, { prefix: 'expiring', includeDeleted: true })).toEqual([]);
        expect(await refused(w.client.undeleteShare('expiring', deleted?.version ?? ''))).toBe('ShareNotFound');
        await eventually(() => readdirSync(join(w.dir, 'contents')).length === 0);
      });
    });

    describe('a quota', () => {
      test('is kept by what is written over SMB', async () => {
        const share = await freshShare(w, 'full', { quota: 1 });
        await share.rootDirectoryClient.createFile('a', gib - 1000);
        await share.rootDirectoryClient.createFile('b', 1000);
        const open = w.service.smb.open({ share: 'full', path: 'b', access: 'write' });
        expect(await refused(open.write(1000, Buffer.from('x')))).toBe('ShareSizeLimitReached');
        expect(await refused(open.truncate(1001))).toBe('ShareSizeLimitReached');
        await open.close();
      });

      test('is kept by a process that finds the share as it is', async () => {
        const first = await world();
        await first.share.setQuota(1);
        await first.share.rootDirectoryClient.createFile('f', gib);
        await first.service.stop();
        const second = await world({ dir: first.dir });
        const file = second.share.rootDirectoryClient.getFileClient('g');
        expect(await refused(file.create(1))).toBe('ShareSizeLimitReached');
        await second.share.rootDirectoryClient.deleteFile('f');
        expect(await refused(file.create(gib))).toBe('none');
        await second.stop();
      });
    });
  },
  { retentionDays: 1 / (24 * 60) },
);
