import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { defaultKey } from './permissions.ts';
import { metadataText, parsePairs } from './properties.ts';
import { changedHeaders, type Reply } from './reply.ts';
import { wholeNumber, type Request } from './request.ts';
import { checkShareLease, shareLeaseHeaders } from './share-lease.ts';
import type { Share } from './shares.ts';
import { isoOf } from './stamps.ts';
import { directoryKind } from './tree.ts';

const maxQuota = 102_400;
const maxSnapshots = 200;
const tiers = new Set(['TransactionOptimized', 'Hot', 'Cool', 'Premium']);

export async function createShare({ store, request }: Call): Promise<Reply> {
  const name = request.share ?? '';
  const quota = quotaOf(request.headers.get('x-ms-share-quota')) ?? 5120;
  const tier = tierOf(request.headers.get('x-ms-access-tier')) ?? 'TransactionOptimized';
  checkOptions(request);
  return store.write(() => {
    if (store.shares.find(name) !== undefined) throw new FilesError('ShareAlreadyExists');
    const stamp = store.stamps.next();
    const now = isoOf(stamp);
    store.shares.put({
      name,
      root: stamp,
      quota,
      tier,
      etag: stamp,
      metadata: metadataText(request),
      acl: '[]',
      frozen: 0,
      lease: '',
    });
    store.tree.insert({
      parent: 0,
      fold: name,
      name: '',
      id: stamp,
      kind: directoryKind,
      size: 0,
      content: 0,
      etag: stamp,
      attributes: 'Directory',
      created: now,
      written: now,
      changed: now,
      permission: defaultKey,
      metadata: '',
      headers: '',
      lease: '',
    });
    return { status: 201, headers: [...changedHeaders(stamp), 'x-ms-share-quota', String(quota)] };
  });
}

export function getShare({ store, request, clock }: Call): Reply {
  const share = store.shares.get(request.share ?? '');
  const time = request.query.get('sharesnapshot');
  const seen = time === undefined ? share : { ...share, ...store.snapshots.find(share, time) };
  checkShareLease(seen.lease, request.headers.get('x-ms-lease-id'), false, clock.now());
  const headers = changedHeaders(seen.etag);
  headers.push('x-ms-share-quota', String(seen.quota), 'x-ms-access-tier', seen.tier, 'x-ms-enabled-protocols', 'SMB');
  headers.push(...shareLeaseHeaders(seen.lease, clock.now()));
  const metadata = parsePairs(seen.metadata);
  for (let i = 0; i + 1 < metadata.length; i += 2) headers.push(`x-ms-meta-${metadata[i]}`, metadata[i + 1] ?? '');
  return { status: 200, headers };
}

export function setShareProperties(call: Call): Promise<Reply> {
  const quota = quotaOf(call.request.headers.get('x-ms-share-quota'));
  const tier = tierOf(call.request.headers.get('x-ms-access-tier'));
  checkOptions(call.request);
  return change(call, (share) => ({ ...share, quota: quota ?? share.quota, tier: tier ?? share.tier }));
}

export function setShareMetadata(call: Call): Promise<Reply> {
  return change(call, (share) => ({ ...share, metadata: metadataText(call.request) }));
}

/** Changes the row of the share; its ETag moves. */
export async function change(call: Call, next: (share: Share) => Share): Promise<Reply> {
  const { store } = call;
  const stamp = await store.write(() => {
    const share = liveShare(call);
    const etag = store.stamps.next();
    store.shares.put({ ...next(share), etag });
    return etag;
  });
  return { status: 200, headers: changedHeaders(stamp) };
}

/** The share that a request is about, and its lease if it names one. Errors: ShareNotFound, lease errors, ... */
export function liveShare({ store, request, clock }: Pick<Call, 'store' | 'request' | 'clock'>): Share {
  if (request.query.has('sharesnapshot')) throw new FilesError('ShareSnapshotOperationNotSupported');
  const share = store.shares.get(request.share ?? '');
  checkShareLease(share.lease, request.headers.get('x-ms-lease-id'), false, clock.now());
  return share;
}

/** Snapshot Share: its name is the time of its making. What the share holds from now on costs a copy when it changes. */
export async function createSnapshot(call: Call): Promise<Reply> {
  const { store, request } = call;
  return store.contents.files.quietly(() =>
    store.write(() => {
      const share = liveShare(call);
      if (store.snapshots.list(share.root).length >= maxSnapshots) throw new FilesError('ShareSnapshotCountExceeded');
      const stamp = store.stamps.next();
      store.snapshots.create(share, stamp, request.metadata.length === 0 ? share.metadata : metadataText(request));
      store.shares.put({ ...share, frozen: stamp });
      return { status: 201, headers: [...changedHeaders(share.etag), 'x-ms-snapshot', isoOf(stamp)] };
    }),
  );
}

function quotaOf(header: string | undefined): number | undefined {
  const quota = wholeNumber(header, 'x-ms-share-quota');
  if (quota !== undefined && (quota < 1 || quota > maxQuota))
    throw new FilesError('InvalidHeaderValue', 'x-ms-share-quota');
  return quota;
}

function tierOf(header: string | undefined): string | undefined {
  if (header !== undefined && !tiers.has(header)) throw new FilesError('InvalidHeaderValue', 'x-ms-access-tier');
  return header;
}

/** What only shares of other kinds have: NFS shares, and those of provisioned or premium accounts. */
const unsupported = [
  'x-ms-root-squash',
  'x-ms-enable-snapshot-virtual-directory-access',
  'x-ms-share-paid-bursting-enabled',
  'x-ms-share-paid-bursting-max-iops',
  'x-ms-share-paid-bursting-max-bandwidth-mibps',
  'x-ms-share-provisioned-iops',
  'x-ms-share-provisioned-bandwidth-mibps',
];

function checkOptions({ headers }: Request): void {
  const protocols = headers.get('x-ms-enabled-protocols');
  if (protocols !== undefined && protocols !== 'SMB')
    throw new FilesError('InvalidHeaderValue', 'x-ms-enabled-protocols');
  for (const name of unsupported) if (headers.has(name)) throw new FilesError('UnsupportedHeader', name);
}
