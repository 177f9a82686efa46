import { randomHex, type Random } from '../../base/random.ts';
import { FilesError } from './errors.ts';
import { broken, brokenOf, holderOf } from './leases.ts';
import { existing, locateLive } from './locate.ts';
import type { Call } from './operation.ts';
import { changedHeaders, type Reply } from './reply.ts';
import { fileKind, type Node } from './tree.ts';

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Lease File: acquire, change, release, break. A file's lease never runs out; it does not move the ETag. */
export async function leaseFile(call: Call): Promise<Reply> {
  const { store, request } = call;
  const action = request.headers.get('x-ms-lease-action');
  return store.write(() => {
    const node = existing(store, locateLive(store, request), fileKind);
    const { status, lease, headers } = actionOf(call, action, node);
    if (lease !== node.lease) store.tree.update({ ...node, lease });
    return { status, headers: [...changedHeaders(node.etag), ...headers] };
  });
}

interface Outcome {
  readonly status: number;
  /** What the row holds from now on (leases.ts). */
  readonly lease: string;
  readonly headers: readonly string[];
}

function actionOf(call: Call, action: string | undefined, node: Node): Outcome {
  const { headers } = call.request;
  const given = leaseId(headers.get('x-ms-lease-id'), 'x-ms-lease-id');
  const proposed = leaseId(headers.get('x-ms-proposed-lease-id'), 'x-ms-proposed-lease-id');
  const holder = holderOf(node);
  const held = holder === '' ? brokenOf(node) : holder;
  switch (action ?? '') {
    case 'acquire': {
      if (headers.get('x-ms-lease-duration') !== '-1')
        throw new FilesError('InvalidHeaderValue', 'x-ms-lease-duration');
      call.store.handles.check(node.id, 'write');
      const lease = proposed ?? newLeaseId(call.random);
      if (holder !== '' && holder !== lease) throw new FilesError('LeaseAlreadyPresent');
      return { status: 201, lease, headers: ['x-ms-lease-id', lease] };
    }
    case 'change': {
      if (proposed === undefined) throw new FilesError('MissingRequiredHeader', 'x-ms-proposed-lease-id');
      // Changing to what it is already succeeds, so that a lost answer can be asked for again.
      if (holder !== proposed) checkHeld(holder, given);
      return { status: 200, lease: proposed, headers: ['x-ms-lease-id', proposed] };
    }
    case 'release':
      checkHeld(held, given);
      return { status: 200, lease: '', headers: [] };
    case 'break':
      if (held === '') throw new FilesError('LeaseNotPresentWithLeaseOperation');
      if (given !== undefined) checkHeld(held, given);
      return { status: 202, lease: broken(held, node.etag), headers: ['x-ms-lease-time', '0'] };
    default:
      throw new FilesError('InvalidHeaderValue', 'x-ms-lease-action');
  }
}

function checkHeld(held: string, given: string | undefined): void {
  if (given === undefined) throw new FilesError('MissingRequiredHeader', 'x-ms-lease-id');
  if (held === '') throw new FilesError('LeaseNotPresentWithLeaseOperation');
  if (held !== given) throw new FilesError('LeaseIdMismatchWithLeaseOperation');
}

/** An id from a header, in lower case. Errors: InvalidHeaderValue. */
export function leaseId(header: string | undefined, name: string): string | undefined {
  const id = header?.toLowerCase();
  if (id !== undefined && !uuid.test(id)) throw new FilesError('InvalidHeaderValue', name);
  return id;
}

export function newLeaseId(random: Random): string {
  return randomHex(random, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
