import type { DeletedShare } from './deleted-shares.ts';
import { FilesError } from './errors.ts';
import { versionOf } from './list-shares.ts';
import type { Call } from './operation.ts';
import { changedHeaders, type Reply } from './reply.ts';
import { checkShareLease, stateOf, parseLease } from './share-lease.ts';
import type { Share } from './shares.ts';

/**
 * Delete Share, or one of its snapshots. The share is gone at once and its name free: with its snapshots it can be restored
 * until its retention is over, and what it held is freed in the background then.
 */
export async function deleteShare(call: Call): Promise<Reply> {
  const { store, request, sweeper } = call;
  const time = request.query.get('sharesnapshot');
  await store.write(() => {
    const share = store.shares.get(request.share ?? '');
    if (time === undefined) remove(call, share);
    else removeSnapshot(call, share, time);
  });
  sweeper.wake();
  return { status: 202, headers: [] };
}

function removeSnapshot({ store, request, clock }: Call, share: Share, time: string): void {
  const { id, lease } = store.snapshots.find(share, time);
  checkShareLease(lease, request.headers.get('x-ms-lease-id'), true, clock.now());
  store.snapshots.remove(id);
  if (id === share.frozen) store.shares.put({ ...share, frozen: store.snapshots.before(share.root, id) });
}

function remove({ store, request, clock, retention }: Call, share: Share): void {
  const now = clock.now();
  checkShareLease(share.lease, request.headers.get('x-ms-lease-id'), true, now);
  const snapshots = store.snapshots.list(share.root);
  const mode = request.headers.get('x-ms-delete-snapshots');
  if (mode !== undefined && mode !== 'include' && mode !== 'include-leased')
    throw new FilesError('InvalidHeaderValue', 'x-ms-delete-snapshots');
  if (snapshots.length > 0 && mode === undefined) throw new FilesError('ShareHasSnapshots');
  const isLeased = (lease: string): boolean => ['leased', 'breaking'].includes(stateOf(parseLease(lease), now));
  if (mode !== 'include-leased' && snapshots.some(({ lease }) => isLeased(lease)))
    throw new FilesError('DeleteShareWhenSnapshotLeased');
  store.handles.checkBelow(share.root);
  store.shares.delete(share.name);
  const deleted = store.stamps.next();
  const expires = retention === 0 ? 0 : Math.floor(deleted / 1000) + retention;
  store.deletedShares.add({ ...share, lease: '', deleted, expires });
  store.tree.forget();
}

/** Restore Share: as it was, with its snapshots. Errors: MissingRequiredHeader, ShareNotFound, ShareAlreadyExists. */
export async function undeleteShare({ store, request, clock }: Call): Promise<Reply> {
  const name = request.headers.get('x-ms-deleted-share-name');
  const version = request.headers.get('x-ms-deleted-share-version');
  if (name === undefined) throw new FilesError('MissingRequiredHeader', 'x-ms-deleted-share-name');
  if (version === undefined) throw new FilesError('MissingRequiredHeader', 'x-ms-deleted-share-version');
  if (name !== request.share) throw new FilesError('InvalidHeaderValue', 'x-ms-deleted-share-name');
  return store.write(() => {
    const isIt = (share: DeletedShare): boolean => share.name === name && versionOf(share) === version.toUpperCase();
    const found = store.deletedShares.all().find(isIt);
    if (found === undefined || found.expires <= clock.now()) throw new FilesError('ShareNotFound');
    if (store.shares.find(name) !== undefined) throw new FilesError('ShareAlreadyExists');
    store.deletedShares.restore(found);
    const etag = store.stamps.next();
    store.shares.put({ ...found, etag });
    store.tree.forget();
    return { status: 201, headers: [...changedHeaders(etag), 'x-ms-share-quota', String(found.quota)] };
  });
}
