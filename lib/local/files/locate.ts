import { FilesError } from './errors.ts';
import { fold } from './names.ts';
import type { Request } from './request.ts';
import type { Share } from './shares.ts';
import type { Store } from './store.ts';
import { directoryKind, type Node } from './tree.ts';

/** Where a path leads: `node` is undefined when there is nothing, but its directory exists. */
export interface Place {
  readonly share: Share;
  /** 0: the live tree. */
  readonly snapshot: number;
  /** Ids of the directories above, the root first. */
  readonly above: readonly number[];
  readonly parent: Node | undefined;
  readonly fold: string;
  readonly name: string;
  readonly node: Node | undefined;
}

type Target = Pick<Request, 'share' | 'names' | 'query'>;

/** Errors: ShareNotFound, ShareSnapshotNotFound, ParentNotFound. */
export function locate(store: Store, target: Target): Place {
  const share = store.shares.get(target.share ?? '');
  const time = target.query.get('sharesnapshot');
  const snapshot = time === undefined ? 0 : store.snapshots.find(share, time).id;
  let parent: Node | undefined;
  let key = share.name;
  let name = '';
  let node = store.tree.findDirectory(0, key, snapshot);
  const above: number[] = [];
  const last = target.names.length - 1;
  for (let i = 0; i <= last; i++) {
    if (node?.kind !== directoryKind) throw new FilesError('ParentNotFound');
    parent = node;
    above.push(parent.id);
    name = target.names[i] ?? '';
    key = fold(name);
    node = i === last ? store.tree.find(parent.id, key, snapshot) : store.tree.findDirectory(parent.id, key, snapshot);
  }
  return { share, snapshot, above, parent, fold: key, name, node };
}

/** The same for what must be in the live tree. Errors also: ShareSnapshotOperationNotSupported. */
export function locateLive(store: Store, target: Target): Place {
  if (target.query.has('sharesnapshot')) throw new FilesError('ShareSnapshotOperationNotSupported');
  return locate(store, target);
}

/** Errors also: ResourceNotFound, ResourceTypeMismatch, DeletePending. */
export function existing(store: Store, place: Place, kind: number): Node {
  const { node } = place;
  if (node === undefined) throw new FilesError('ResourceNotFound');
  if (node.kind !== kind) throw new FilesError('ResourceTypeMismatch');
  if (place.snapshot === 0) store.handles.check(node.id, 'attributes');
  // A lease is on the live file; nobody needs it to read what was.
  return place.snapshot === 0 || node.lease === '' ? node : { ...node, lease: '' };
}

/** The directory that holds the place; the root of a share is in none. */
export function directoryOf(place: Place): Node {
  if (place.parent === undefined) throw new FilesError('InvalidUri');
  return place.parent;
}
