import { FilesError } from './errors.ts';
import type { Node } from './tree.ts';

// A file's row holds the id of its lease, or `broken`, the id and the ETag that the file had then: whatever changes the
// file moves that on, and so ends what is left of a broken lease.

/** Who has the file leased; '' for nobody. */
export function holderOf({ lease }: Node): string {
  return lease.startsWith('broken') ? '' : lease;
}

/** The lease that was broken and not yet forgotten; '' for none. */
export function brokenOf({ lease, etag }: Node): string {
  const [word, id = '', then] = lease.split(' ');
  return word === 'broken' && then === String(etag) ? id : '';
}

/** What the row holds once `id` is broken. */
export function broken(id: string, etag: number): string {
  return `broken ${id} ${etag}`;
}

/** A change to a leased file must name the lease; naming one that is not there is refused too. */
export function checkLease(node: Node, leaseId: string | undefined): void {
  if (holderOf(node) === '') {
    if (leaseId !== undefined) throw new FilesError('LeaseNotPresentWithFileOperation');
  } else if (leaseId === undefined) throw new FilesError('LeaseIdMissing');
  else checkMatch(node, leaseId);
}

/** A read need not name the lease, but if it does, it must be right. */
export function checkReadLease(node: Node, leaseId: string | undefined): void {
  if (leaseId === undefined) return;
  if (holderOf(node) === '') throw new FilesError('LeaseNotPresentWithFileOperation');
  checkMatch(node, leaseId);
}

function checkMatch(node: Node, leaseId: string): void {
  if (node.lease !== leaseId.toLowerCase()) throw new FilesError('LeaseIdMismatchWithFileOperation');
}
