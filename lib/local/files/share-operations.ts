import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { defaultKey } from './permissions.ts';
import { metadataText, parsePairs } from './properties.ts';
import { changedHeaders, leaseFree, type Reply } from './reply.ts';
import { wholeNumber, type Request } from './request.ts';
import type { Share } from './shares.ts';
import { isoOf } from './stamps.ts';
import type { Store } from './store.ts';
import { directoryKind } from './tree.ts';

const maxQuota = 102_400;
const maxSnapshots = 200;
const tiers = new Set(['TransactionOptimized', 'Hot', 'Cool', 'Premium']);

export async function createShare({ store, request }: Call): Promise<Reply> {
  const name = request.share ?? '';
  const quota = quotaOf(request.headers.get('x-ms-share-quota')) ?? 5120;
  const tier = tierOf(request.headers.get('x-ms-access-tier')) ?? 'TransactionOptimized';
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

/** Delete Share, or one of its snapshots. The share is gone at once; what it held is freed in the background, or kept. */
export async function deleteShare({ store, request, sweeper, retention }: Call): Promise<Reply> {
  const time = request.query.get('sharesnapshot');
  await store.write(() => {
    const share = store.shares.get(request.share ?? '');
    if (time !== undefined) {
      const { id } = store.snapshots.find(share, time);
      store.snapshots.remove(id);
      if (id === share.frozen) store.shares.put({ ...share, frozen: store.snapshots.before(share.root, id) });
      return;
    }
    if (store.snapshots.list(share.root).length > 0 && request.headers.get('x-ms-delete-snapshots') === undefined)
      throw new FilesError('ShareHasSnapshots');
    store.handles.checkBelow(share.root);
    store.shares.delete(share.name);
    const deleted = store.stamps.next();
    store.deletedShares.add({
      ...share,
      deleted,
      expires: retention === 0 ? 0 : Math.floor(deleted / 1000) + retention,
    });
    store.tree.forget();
  });
  sweeper.wake();
  return { status: 202, headers: [] };
}

export function getShare({ store, request }: Call): Reply {
  const share = store.shares.get(request.share ?? '');
  const time = request.query.get('sharesnapshot');
  const seen = time === undefined ? share : { ...share, ...store.snapshots.find(share, time) };
  const headers = changedHeaders(share.etag);
  headers.push('x-ms-share-quota', String(seen.quota), 'x-ms-access-tier', share.tier, 'x-ms-enabled-protocols', 'SMB');
  headers.push(...leaseFree);
  const metadata = parsePairs(seen.metadata);
  for (let i = 0; i + 1 < metadata.length; i += 2) headers.push(`x-ms-meta-${metadata[i]}`, metadata[i + 1] ?? '');
  return { status: 200, headers };
}

export function setShareProperties(call: Call): Promise<Reply> {
  const quota = quotaOf(call.request.headers.get('x-ms-share-quota'));
  const tier = tierOf(call.request.headers.get('x-ms-access-tier'));
  return change(call, (share) => ({ ...share, quota: quota ?? share.quota, tier: tier ?? share.tier }));
}

export function setShareMetadata(call: Call): Promise<Reply> {
  return change(call, (share) => ({ ...share, metadata: metadataText(call.request) }));
}

/** Changes the row of the share; its ETag moves. */
export async function change({ store, request }: Call, next: (share: Share) => Share): Promise<Reply> {
  const stamp = await store.write(() => {
    const share = liveShare(store, request);
    const etag = store.stamps.next();
    store.shares.put({ ...next(share), etag });
    return etag;
  });
  return { status: 200, headers: changedHeaders(stamp) };
}

/** The share that a request is to change. Errors: ShareNotFound, ShareSnapshotOperationNotSupported. */
export function liveShare(store: Store, request: Pick<Request, 'share' | 'query'>): Share {
  if (request.query.has('sharesnapshot')) throw new FilesError('ShareSnapshotOperationNotSupported');
  return store.shares.get(request.share ?? '');
}

/** Snapshot Share: its name is the time of its making. What the share holds from now on costs a copy when it changes. */
export async function createSnapshot({ store, request }: Call): Promise<Reply> {
  return store.contents.files.quietly(() =>
    store.write(() => {
      const share = liveShare(store, request);
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
