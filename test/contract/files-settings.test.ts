import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FileServiceProperties } from '@azure/storage-file-share';
import { rawRequest, type RawAnswer } from '../local/files/raw.ts';
import { refused } from '../local/files/world.ts';
import { embeddedFiles, filesContract } from './files/contract.ts';

const one = '11111111-1111-4111-8111-111111111111';
const two = '22222222-2222-4222-8222-222222222222';

filesContract((w) => {
  describe('leases', () => {
    test('keep others from changing a file', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('leased');
      await file.create(3, { content: 'abc', contentLength: 3 });
      const lease = file.getShareLeaseClient(one);
      expect((await lease.acquireLease(-1)).leaseId).toBe(one);
      expect(await file.getProperties()).toMatchObject({ leaseState: 'leased', leaseStatus: 'locked' });
      for (const work of [
        file.uploadRange('x', 0, 1),
        file.setMetadata({}),
        file.delete(),
        file.create(1),
        file.rename('elsewhere'),
      ])
        expect(await refused(work)).toBe('LeaseIdMissing');
      const wrong = { leaseAccessConditions: { leaseId: two } };
      expect(await refused(file.uploadRange('x', 0, 1, wrong))).toBe('LeaseIdMismatchWithFileOperation');
      expect(await refused(file.download(0, 1, wrong))).toBe('LeaseIdMismatchWithFileOperation');
      expect(await refused(file.download())).toBe('none');
      await file.uploadRange('x', 0, 1, { leaseAccessConditions: { leaseId: one } });

      expect(await refused(file.getShareLeaseClient(two).acquireLease(-1))).toBe('LeaseAlreadyPresent');
      await lease.changeLease(two);
      expect(await refused(file.getShareLeaseClient(one).releaseLease())).toBe('LeaseIdMismatchWithLeaseOperation');
      await file.rename('leased-moved', { sourceLeaseAccessConditions: { leaseId: two } });
      const moved = w.share.rootDirectoryClient.getFileClient('leased-moved');
      await moved.getShareLeaseClient(two).releaseLease();
      expect(await refused(moved.setMetadata({}, { leaseAccessConditions: { leaseId: two } }))).toBe(
        'LeaseNotPresentWithFileOperation',
      );
      expect(await refused(moved.getShareLeaseClient(two).releaseLease())).toBe('LeaseNotPresentWithLeaseOperation');
    });

    test('are broken without their id', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('broken');
      await file.create(0);
      const { leaseId } = await file.getShareLeaseClient().acquireLease(-1);
      expect(leaseId).toMatch(/^[0-9a-f-]{36}$/);
      await file.getShareLeaseClient().breakLease();
      await file.delete();
    });

    test('that were broken are told so, until the next holder or the next change', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('broken-then');
      await file.create(1);
      const [lease, other] = [file.getShareLeaseClient(one), file.getShareLeaseClient(two)];
      const state = async (): Promise<unknown> => {
        const { leaseState, leaseStatus, leaseDuration } = await file.getProperties();
        return [leaseState, leaseStatus, leaseDuration];
      };
      const isBroken = ['broken', 'unlocked', undefined];
      const isFree = ['available', 'unlocked', undefined];
      await lease.acquireLease(-1);
      await other.breakLease();
      expect(await state()).toEqual(isBroken);
      await other.breakLease();
      expect(await refused(file.setMetadata({}, { leaseAccessConditions: { leaseId: one } }))).toBe(
        'LeaseNotPresentWithFileOperation',
      );
      expect(await refused(lease.changeLease(two))).toBe('LeaseNotPresentWithLeaseOperation');
      expect(await refused(file.getShareLeaseClient(two).releaseLease())).toBe('LeaseIdMismatchWithLeaseOperation');
      expect(await state()).toEqual(isBroken);
      await file.getShareLeaseClient(one).releaseLease();
      expect(await state()).toEqual(isFree);
      await file.getShareLeaseClient(one).acquireLease(-1);
      await file.getShareLeaseClient(two).breakLease();
      await file.uploadRange('x', 0, 1);
      expect(await state()).toEqual(isFree);
      expect(await refused(file.getShareLeaseClient(two).breakLease())).toBe('LeaseNotPresentWithLeaseOperation');
      await file.getShareLeaseClient(one).acquireLease(-1);
      await file.getShareLeaseClient(two).breakLease();
      await file.getShareLeaseClient(two).acquireLease(-1);
      expect(await state()).toEqual(['leased', 'locked', 'infinite']);
      await file.getShareLeaseClient(two).releaseLease();
    });

    test('on the target of a rename must be named to replace it', async () => {
      const root = w.share.rootDirectoryClient;
      await root.getFileClient('a').create(0);
      await root.getFileClient('b').create(0);
      await root.getFileClient('b').getShareLeaseClient(one).acquireLease(-1);
      const rename = (more: object): Promise<string> =>
        refused(root.getFileClient('a').rename('b', { replaceIfExists: true, ...more }));
      expect(await rename({})).toBe('LeaseIdMissing');
      expect(await rename({ destinationLeaseAccessConditions: { leaseId: one } })).toBe('none');
    });
  });

  describe('permissions', () => {
    const sddl = 'O:S-1-5-32-544G:S-1-5-18D:(A;;FA;;;SY)';

    const described = async (client: {
      getProperties(): Promise<{ filePermissionKey?: string | undefined }>;
    }): Promise<string | undefined> => {
      const { filePermissionKey = '' } = await client.getProperties();
      return (await w.share.getPermission(filePermissionKey)).permission;
    };

    test('are stored by key and inherited from the directory', async () => {
      const { filePermissionKey: key = '' } = await w.share.createPermission(sddl);
      expect((await w.share.createPermission(sddl)).filePermissionKey).toBe(key);
      expect((await w.share.getPermission(key)).permission).toBe(sddl);
      const dir = w.share.getDirectoryClient('guarded');
      await dir.create({ filePermission: 'O:BAG:BAD:(A;OICI;FA;;;SY)(A;CI;FR;;;BU)' });
      const file = dir.getFileClient('f');
      await file.create(0, { filePermission: 'inherit' });
      expect(await described(file)).toBe('O:BAG:BAD:AI(A;ID;FA;;;SY)');
      await dir.getFileClient('unsaid').create(0);
      expect(await described(dir.getFileClient('unsaid'))).toBe('O:BAG:BAD:AI(A;ID;FA;;;SY)');
      const below = dir.getDirectoryClient('below');
      await below.create();
      expect(await described(below)).toBe('O:BAG:BAD:AI(A;OICIID;FA;;;SY)(A;CIID;FR;;;BU)');
      await dir.getFileClient('own').create(0, { filePermissionKey: key });
      await dir.getFileClient('own').rename('unguarded', { filePermission: 'preserve' });
      const moved = w.share.rootDirectoryClient.getFileClient('unguarded');
      expect((await moved.getProperties()).filePermissionKey).toBe(key);
      await moved.rename('guarded/below/again', { filePermission: 'inherit' });
      expect(await described(below.getFileClient('again'))).toBe('O:BAG:BAD:AI(A;ID;FA;;;SY)');
      await below.getFileClient('again').setProperties({ filePermissionKey: key });
      await below.getFileClient('again').setProperties({ filePermission: 'inherit' });
      expect(await described(below.getFileClient('again'))).toBe('O:BAG:BAD:AI(A;ID;FA;;;SY)');
    });

    test('that a refused request would have been the first to inherit are there for the next one', async () => {
      const dir = w.share.getDirectoryClient('refused-first');
      await dir.create({ filePermission: 'O:BAG:BAD:(A;OICI;FR;;;WD)' });
      const file = dir.getFileClient('f');
      expect(await refused(file.create(0, { fileAttributes: 'Odd' as never }))).toBe('InvalidHeaderValue');
      await file.create(0);
      expect(await described(file)).toBe('O:BAG:BAD:AI(A;ID;FR;;;WD)');
    });

    test('are refused when unknown or no descriptor', async () => {
      const file = w.share.rootDirectoryClient.getFileClient('p');
      expect(await refused(file.create(0, { filePermissionKey: '1*2' }))).toBe('FileInvalidPermissionKey');
      expect(await refused(w.share.createPermission('nonsense'))).toBe('FileInvalidPermission');
      expect(await refused(w.share.getPermission('1*2'))).toBe('FileInvalidPermissionKey');
    });
  });

  test('statistics count what the files hold', async () => {
    const share = w.client.getShareClient(w.named('counted'));
    await share.create();
    await share.createDirectory('d');
    await share.getDirectoryClient('d').getFileClient('f').create(1000);
    expect((await share.getStatistics()).shareUsageBytes).toBe(1000);
  });

  describe('of the service', () => {
    // They are those of the whole account.
    let before: FileServiceProperties;
    beforeAll(async () => {
      before = await w.client.getProperties();
    });
    afterAll(async () => void (await w.client.setProperties(before)));

    test('service properties come back as they were set', async () => {
      await w.client.setProperties({
        hourMetrics: { version: '1.0', enabled: false, retentionPolicy: { enabled: false } },
      });
      expect((await w.client.getProperties()).hourMetrics).toMatchObject({ enabled: false, version: '1.0' });
    });

    test('service properties that a request leaves out stay, and nonsense is refused', async () => {
      const policy = { enabled: true, days: 3 };
      const metrics = { version: '1.0', enabled: true, includeAPIs: true, retentionPolicy: policy };
      const rule = {
        allowedOrigins: '*',
        allowedMethods: 'GET',
        allowedHeaders: '',
        exposedHeaders: '',
        maxAgeInSeconds: 5,
      };
      await w.client.setProperties({ minuteMetrics: metrics });
      await w.client.setProperties({ cors: [rule] });
      const got = await w.client.getProperties();
      expect(got.minuteMetrics).toMatchObject({ enabled: true, retentionPolicy: policy });
      expect(got.cors).toMatchObject([{ allowedOrigins: '*', maxAgeInSeconds: 5 }]);
      await w.client.setProperties({ cors: [] });
      expect((await w.client.getProperties()).cors ?? []).toEqual([]);
      expect(await refused(w.client.setProperties({ cors: Array.from({ length: 6 }, () => rule) }))).toBe(
        'InvalidXmlNodeValue',
      );
      expect((await w.client.getProperties()).minuteMetrics).toMatchObject({ enabled: true, retentionPolicy: policy });
    });
  });
});

embeddedFiles((w) => {
  test('a lease keeps programs on an SMB mount from writing', async () => {
    const file = w.share.rootDirectoryClient.getFileClient('leased');
    await file.create(3);
    await file.getShareLeaseClient(one).acquireLease(-1);
    expect(() => w.service.smb.open({ share: 'team', path: 'leased', access: 'write' })).toThrow(/SMB client/);
  });

  test('handles are listed and closed by force', async () => {
    const dir = w.share.getDirectoryClient('held');
    await dir.create();
    await dir.getFileClient('f').create(0);
    const first = w.service.smb.open({ share: 'team', path: 'held/f', access: 'read' });
    w.service.smb.open({ share: 'team', path: 'held/f', access: 'read' });
    const seen = [];
    for await (const handle of dir.listHandles({ recursive: true })) seen.push(handle);
    expect(seen).toMatchObject([{ path: 'held/f' }, { path: 'held/f' }]);
    expect(seen[0]?.fileId).toBe((await dir.getFileClient('f').getProperties()).fileId);
    for await (const handle of dir.listHandles()) throw new Error(`not on the directory itself: ${handle.handleId}`);
    expect(await dir.getFileClient('f').forceCloseHandle(first.id)).toMatchObject({ closedHandlesCount: 1 });
    expect(await refused(dir.getFileClient('f').delete())).toBe('SharingViolation');
    expect(await dir.forceCloseAllHandles({ recursive: true })).toMatchObject({ closedHandlesCount: 1 });
    await dir.getFileClient('f').delete();
    await expect(first.close()).rejects.toThrow(/handle/);
  });

  // Multichannel is there for premium accounts only.
  test('service properties of SMB stay, too, and what the client would never send is refused', async () => {
    await w.client.setProperties({ protocol: { smb: { multichannel: { enabled: true } } } });
    await w.client.setProperties({ cors: [] });
    expect((await w.client.getProperties()).protocol?.smb?.multichannel?.enabled).toBe(true);
    const put = (body: string): Promise<RawAnswer> =>
      rawRequest(w.service.port, 'PUT', '/tideway?comp=properties&restype=service', {}, body);
    expect((await put('<StorageServiceProperties>')).code).toBe('InvalidXmlDocument');
    const odd =
      '<StorageServiceProperties><HourMetrics><Enabled>maybe</Enabled></HourMetrics></StorageServiceProperties>';
    expect((await put(odd)).code).toBe('InvalidXmlNodeValue');
    expect((await w.client.getProperties()).protocol?.smb?.multichannel?.enabled).toBe(true);
  });
});
