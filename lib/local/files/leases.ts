import { FilesError } from './errors.ts';
import type { Node } from './tree.ts';

/** A change to a leased file must name the lease; naming one that is not there is refused too. */
export function checkLease(node: Node, leaseId: string | undefined): void {
  if (node.lease === '') {
    if (leaseId !== undefined) throw new FilesError('LeaseNotPresentWithFileOperation');
  } else if (leaseId === undefined) throw new FilesError('LeaseIdMissing');
  else checkMatch(node, leaseId);
}

/** A read need not name the lease, but if it does, it must be right. */
export function checkReadLease(node: Node, leaseId: string | undefined): void {
  if (leaseId === undefined) return;
  if (node.lease === '') throw new FilesError('LeaseNotPresentWithFileOperation');
  checkMatch(node, leaseId);
}

function checkMatch(node: Node, leaseId: string): void {
  if (node.lease !== leaseId.toLowerCase()) throw new FilesError('LeaseIdMismatchWithFileOperation');
}
