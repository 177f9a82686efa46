import { describe, expect, test } from '@jest/globals';
import type { ShareClient, ShareLeaseClient } from '@azure/storage-file-share';
import { rawRequest } from '../local/files/raw.ts';
import { refused } from '../local/files/world.ts';
import { type Account, type Embedded, embeddedFiles, filesContract } from './files/contract.ts';

const one = '11111111-1111-4111-8111-111111111111';
const two = '22222222-2222-4222-8222-222222222222';
const second = 1000;
let made = 0;

async function freshShare(w: Account): Promise<ShareClient> {
  const share = w.client.getShareClient(w.named(`leased-${made++}`));
  await share.create();
  return share;
}

async function state(share: ShareClient): Promise<unknown> {
  const { leaseState, leaseStatus, leaseDuration } = await share.getProperties();
  return [leaseState, leaseStatus, leaseDuration];
}

function lease(share: ShareClient, id: string): ShareLeaseClient {
  return share.getShareLeaseClient(id);
}

/** By hand: `renewLease` of the official client 12.33 takes every share for a file, and refuses by itself. */
async function renewed(w: Embedded, share: ShareClient, id: string): Promise<string> {
  const headers = { 'x-ms-lease-action': 'renew', 'x-ms-lease-id': id };
  const answer = await rawRequest(w.service.port, 'PUT', `/tideway/${share.name}?comp=lease&restype=share`, headers);
  return answer.status === 200 ? 'none' : answer.code;
}

async function breakIn(share: ShareClient, id: string): Promise<number> {
  const { _response } = await lease(share, id).breakLease();
  return Number(_response.headers.get('x-ms-lease-time'));
}

const by = (leaseId: string) => ({ leaseAccessConditions: { leaseId } });

filesContract((w) => {
  describe('a share that is leased', () => {
    test('cannot be deleted without the lease, and is otherwise used as before', async () => {
      const share = await freshShare(w);
      expect((await lease(share, one).acquireLease(-1)).leaseId).toBe(one);
      expect(await state(share)).toEqual(['leased', 'locked', 'infinite']);
      expect(await refused(share.delete())).toBe('LeaseIdMissing');
      expect(await refused(share.delete(by(two)))).toBe('LeaseIdMismatchWithContainerOperation');
      await share.rootDirectoryClient.createFile('f', 0);
      await share.setMetadata({ a: '1' });
      await share.setMetadata({ a: '2' }, by(one));
      expect(await refused(share.setMetadata({}, by(two)))).toBe('LeaseIdMismatchWithContainerOperation');
      expect(await refused(share.getProperties(by(two)))).toBe('LeaseIdMismatchWithContainerOperation');
      expect(await refused(share.setQuota(5, by(two)))).toBe('LeaseIdMismatchWithContainerOperation');
      expect(await refused(share.getAccessPolicy(by(two)))).toBe('LeaseIdMismatchWithContainerOperation');
      expect(await refused(share.setAccessPolicy([], by(two)))).toBe('LeaseIdMismatchWithContainerOperation');
      expect(await refused(share.getStatistics(by(two)))).toBe('LeaseIdMismatchWithContainerOperation');
      expect((await share.getProperties(by(one))).metadata).toEqual({ a: '2' });
      const { etag } = await share.getProperties();
      await lease(share, one).changeLease(two);
      expect((await share.getProperties()).etag).toBe(etag);
      await share.delete(by(two));
      expect(await share.exists()).toBe(false);
    });

    test('is leased to nobody else, and again to the same', async () => {
      const share = await freshShare(w);
      const { leaseId = '' } = await share.getShareLeaseClient().acquireLease(-1);
      expect(leaseId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(await refused(lease(share, one).acquireLease(-1))).toBe('LeaseAlreadyPresent');
      await lease(share, leaseId).acquireLease(30);
      expect(await state(share)).toEqual(['leased', 'locked', 'fixed']);
      expect(await refused(lease(share, one).releaseLease())).toBe('LeaseIdMismatchWithLeaseOperation');
      await lease(share, leaseId).releaseLease();
      expect(await state(share)).toEqual(['available', 'unlocked', undefined]);
      expect(await refused(lease(share, leaseId).releaseLease())).toBe('LeaseIdMismatchWithLeaseOperation');
      expect(await refused(lease(share, leaseId).changeLease(one))).toBe('LeaseNotPresentWithLeaseOperation');
      expect(await refused(share.setMetadata({}, by(one)))).toBe('LeaseNotPresentWithContainerOperation');
    });

    test.each([14, 61, 0])('is not leased for %i seconds', async (seconds) => {
      const share = await freshShare(w);
      expect(await refused(lease(share, one).acquireLease(seconds))).toBe('InvalidHeaderValue');
      expect(await refused(lease(share, 'no-guid').acquireLease(30))).toBe('InvalidHeaderValue');
    });
  });

  describe('breaking the lease of a share', () => {
    test('takes effect at once where it had no end', async () => {
      const share = await freshShare(w);
      expect(await refused(lease(share, one).breakLease())).toBe('LeaseNotPresentWithLeaseOperation');
      await lease(share, one).acquireLease(-1);
      expect(await breakIn(share, one)).toBe(0);
      expect(await state(share)).toEqual(['broken', 'unlocked', undefined]);
      expect(await refused(lease(share, one).changeLease(two))).toBe('LeaseNotPresentWithLeaseOperation');
      await lease(share, two).acquireLease(-1);
      await lease(share, two).breakLease();
      await share.delete();
    });

    test('can be waited for by a release, too', async () => {
      const share = await freshShare(w);
      await lease(share, one).acquireLease(60);
      await lease(share, one).breakLease();
      await lease(share, one).releaseLease();
      expect(await state(share)).toEqual(['available', 'unlocked', undefined]);
    });
  });

  describe('a snapshot that is leased', () => {
    test('keeps itself and its share from being deleted', async () => {
      const share = await freshShare(w);
      const { snapshot = '' } = await share.createSnapshot();
      const past = share.withSnapshot(snapshot);
      await lease(past, one).acquireLease(-1);
      expect(await state(past)).toEqual(['leased', 'locked', 'infinite']);
      expect(await state(share)).toEqual(['available', 'unlocked', undefined]);
      expect(await refused(past.delete())).toBe('LeaseIdMissing');
      expect(await refused(share.delete({ deleteSnapshots: 'include' }))).toBe('DeleteShareWhenSnapshotLeased');
      const listed = [];
      for await (const item of w.client.listShares({ prefix: share.name, includeSnapshots: true }))
        listed.push([item.snapshot, item.properties.leaseState, item.properties.leaseStatus]);
      expect(listed).toEqual([
        [snapshot, 'leased', 'locked'],
        [undefined, 'available', 'unlocked'],
      ]);
      await share.delete({ deleteSnapshots: 'include-leased' });
      expect(await share.exists()).toBe(false);
    });

    test('goes with its lease', async () => {
      const share = await freshShare(w);
      const { snapshot = '' } = await share.createSnapshot();
      const past = share.withSnapshot(snapshot);
      await lease(past, one).acquireLease(-1);
      await past.delete(by(one));
      expect(await refused(past.getProperties())).toBe('ShareSnapshotNotFound');
      expect(await refused(lease(past, one).releaseLease())).toBe('ShareSnapshotNotFound');
    });
  });
});

embeddedFiles((w) => {
  describe('a share that is leased', () => {
    test('for a time is so until then, unless it is renewed', async () => {
      const share = await freshShare(w);
      await lease(share, one).acquireLease(15);
      expect(await state(share)).toEqual(['leased', 'locked', 'fixed']);
      await w.pass(10 * second);
      expect(await renewed(w, share, one)).toBe('none');
      await w.pass(10 * second);
      expect(await state(share)).toEqual(['leased', 'locked', 'fixed']);
      expect(await renewed(w, share, two)).toBe('LeaseIdMismatchWithLeaseOperation');
      await w.pass(6 * second);
      expect(await state(share)).toEqual(['expired', 'unlocked', undefined]);
      expect(await refused(share.setMetadata({}, by(one)))).toBe('LeaseLost');
      expect(await renewed(w, share, one)).toBe('none');
      expect(await state(share)).toEqual(['leased', 'locked', 'fixed']);
      await w.pass(16 * second);
      await lease(share, two).acquireLease(60);
      expect(await renewed(w, share, one)).toBe('LeaseIdMismatchWithLeaseOperation');
      await w.pass(61 * second);
      await share.delete();
    });
  });

  describe('breaking the lease of a share', () => {
    test('waits for the end of a lease that has one', async () => {
      const share = await freshShare(w);
      await lease(share, one).acquireLease(60);
      await w.pass(20 * second);
      const leaseTime = await breakIn(share, one);
      expect(leaseTime).toBeGreaterThan(30);
      expect(leaseTime).toBeLessThanOrEqual(40);
      expect(await state(share)).toEqual(['breaking', 'locked', undefined]);
      expect(await refused(share.delete())).toBe('LeaseIdMissing');
      expect(await refused(lease(share, one).acquireLease(60))).toBe('LeaseIsBreakingAndCannotBeAcquired');
      expect(await refused(lease(share, two).acquireLease(60))).toBe('LeaseAlreadyPresent');
      expect(await refused(lease(share, one).changeLease(two))).toBe('LeaseIsBreakingAndCannotBeChanged');
      expect(await renewed(w, share, one)).toBe('LeaseIsBrokenAndCannotBeRenewed');
      await w.pass(41 * second);
      expect(await state(share)).toEqual(['broken', 'unlocked', undefined]);
      await share.delete();
    });

    test('takes effect at once where it had no end: it cannot be renewed', async () => {
      const share = await freshShare(w);
      await lease(share, one).acquireLease(-1);
      expect(await breakIn(share, one)).toBe(0);
      expect(await renewed(w, share, one)).toBe('LeaseIsBrokenAndCannotBeRenewed');
    });
  });
});
