import { FilesError } from './errors.ts';

// The life of a share's lease, as "Lease Share" (learn.microsoft.com) has it: unlike that of a file it may end by itself,
// and a break may take its time. Times in milliseconds, periods in seconds.

export interface ShareLease {
  readonly id: string;
  /** -1: until it is released or broken. */
  readonly seconds: number;
  /** When it ends, or ended; 0: never by itself. */
  readonly until: number;
  /** A break was asked for: it ends at `until`, whatever happens. */
  readonly breaking: boolean;
}

export type LeaseState = 'available' | 'leased' | 'expired' | 'breaking' | 'broken';

/** `text` is what a row holds: '' for a share that nobody ever leased. */
export function parseLease(text: string): ShareLease | undefined {
  return text === '' ? undefined : (JSON.parse(text) as ShareLease);
}

export function formatLease(lease: ShareLease | undefined): string {
  return lease === undefined ? '' : JSON.stringify(lease);
}

export function stateOf(lease: ShareLease | undefined, now: number): LeaseState {
  if (lease === undefined) return 'available';
  const over = lease.until !== 0 && now >= lease.until;
  if (lease.breaking) return over ? 'broken' : 'breaking';
  return over ? 'expired' : 'leased';
}

/** Errors: LeaseAlreadyPresent, LeaseIsBreakingAndCannotBeAcquired. */
export function acquire(lease: ShareLease | undefined, id: string, seconds: number, now: number): ShareLease {
  const state = stateOf(lease, now);
  if (lease?.id !== id && (state === 'leased' || state === 'breaking')) throw new FilesError('LeaseAlreadyPresent');
  if (state === 'breaking') throw new FilesError('LeaseIsBreakingAndCannotBeAcquired');
  return fresh(id, seconds, now);
}

/** Errors: LeaseIdMismatchWithLeaseOperation, LeaseIsBrokenAndCannotBeRenewed. */
export function renew(lease: ShareLease | undefined, id: string, now: number): ShareLease {
  if (lease?.id !== id) throw new FilesError('LeaseIdMismatchWithLeaseOperation');
  if (lease.breaking) throw new FilesError('LeaseIsBrokenAndCannotBeRenewed');
  return fresh(id, lease.seconds, now);
}

/** Errors: LeaseNotPresentWithLeaseOperation, LeaseIsBreakingAndCannotBeChanged, LeaseIdMismatchWithLeaseOperation. */
export function change(lease: ShareLease | undefined, id: string, proposed: string, now: number): ShareLease {
  const state = stateOf(lease, now);
  if (lease === undefined || state === 'broken' || state === 'expired')
    throw new FilesError('LeaseNotPresentWithLeaseOperation');
  // What it is already can be asked for again, for the answer may have been lost.
  if (lease.id !== id && lease.id !== proposed) throw new FilesError('LeaseIdMismatchWithLeaseOperation');
  if (state === 'breaking') throw new FilesError('LeaseIsBreakingAndCannotBeChanged');
  return { ...lease, id: proposed };
}

/** Errors: LeaseIdMismatchWithLeaseOperation. */
export function release(lease: ShareLease | undefined, id: string): undefined {
  if (lease?.id !== id) throw new FilesError('LeaseIdMismatchWithLeaseOperation');
  return undefined;
}

/**
 * Without a `period` an infinite lease is broken at once and another when it would have ended; a period can only shorten
 * that. Errors: LeaseNotPresentWithLeaseOperation.
 */
export function breakLease(lease: ShareLease | undefined, period: number | undefined, now: number): ShareLease {
  if (lease === undefined) throw new FilesError('LeaseNotPresentWithLeaseOperation');
  const left = lease.until === 0 ? Infinity : Math.max(0, lease.until - now);
  const wished = period === undefined ? (left === Infinity ? 0 : left) : period * 1000;
  return { ...lease, breaking: true, until: now + Math.min(left, wished) };
}

/** Seconds until it ends, rounded up. */
export function secondsLeft({ until }: ShareLease, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** What a request on the share must say: nothing, unless it says something; to delete, the lease there is. */
export function checkShareLease(text: string, given: string | undefined, needed: boolean, now: number): void {
  const lease = parseLease(text);
  const state = stateOf(lease, now);
  const held = state === 'leased' || state === 'breaking';
  if (given === undefined) {
    if (needed && held) throw new FilesError('LeaseIdMissing');
    return;
  }
  if (!held) throw new FilesError(state === 'available' ? 'LeaseNotPresentWithContainerOperation' : 'LeaseLost');
  if (lease?.id !== given.toLowerCase()) throw new FilesError('LeaseIdMismatchWithContainerOperation');
}

/** Headers by name and value that tell of the lease of a share. */
export function shareLeaseHeaders(text: string, now: number): readonly string[] {
  const lease = parseLease(text);
  const state = stateOf(lease, now);
  const held = state === 'leased' || state === 'breaking';
  const headers = ['x-ms-lease-state', state, 'x-ms-lease-status', held ? 'locked' : 'unlocked'];
  if (state === 'leased') headers.push('x-ms-lease-duration', lease?.seconds === -1 ? 'infinite' : 'fixed');
  return headers;
}

function fresh(id: string, seconds: number, now: number): ShareLease {
  return { id, seconds, until: seconds === -1 ? 0 : now + seconds * 1000, breaking: false };
}
