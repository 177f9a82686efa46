import { FilesError } from './errors.ts';
import { leaseId, newLeaseId } from './lease-operations.ts';
import type { Call } from './operation.ts';
import { changedHeaders, type Reply } from './reply.ts';
import { wholeNumber } from './request.ts';
import {
  acquire,
  breakLease,
  change,
  formatLease,
  parseLease,
  release,
  renew,
  secondsLeft,
  type ShareLease,
} from './share-lease.ts';

interface Outcome {
  readonly status: number;
  readonly lease: ShareLease | undefined;
  readonly headers: readonly string[];
}

/** Lease Share, or one of its snapshots. It moves no ETag. */
export async function leaseShare(call: Call): Promise<Reply> {
  const { store, request } = call;
  const time = request.query.get('sharesnapshot');
  return store.write(() => {
    const share = store.shares.get(request.share ?? '');
    const snapshot = time === undefined ? undefined : store.snapshots.find(share, time);
    const { status, lease, headers } = outcome(call, parseLease((snapshot ?? share).lease));
    if (snapshot === undefined) store.shares.put({ ...share, lease: formatLease(lease) });
    else store.snapshots.setLease(snapshot.id, formatLease(lease));
    return { status, headers: [...changedHeaders((snapshot ?? share).etag), ...headers] };
  });
}

function outcome({ request, random, clock }: Call, lease: ShareLease | undefined): Outcome {
  const { headers } = request;
  const now = clock.now();
  const given = (): string => required(leaseId(headers.get('x-ms-lease-id'), 'x-ms-lease-id'), 'x-ms-lease-id');
  const proposed = leaseId(headers.get('x-ms-proposed-lease-id'), 'x-ms-proposed-lease-id');
  const taken = (status: number, next: ShareLease): Outcome => ({
    status,
    lease: next,
    headers: ['x-ms-lease-id', next.id],
  });
  switch (headers.get('x-ms-lease-action') ?? '') {
    case 'acquire':
      return taken(201, acquire(lease, proposed ?? newLeaseId(random), duration(headers), now));
    case 'renew':
      return taken(200, renew(lease, given(), now));
    case 'change':
      return taken(200, change(lease, given(), required(proposed, 'x-ms-proposed-lease-id'), now));
    case 'release':
      return { status: 200, lease: release(lease, given()), headers: [] };
    case 'break': {
      const id = leaseId(headers.get('x-ms-lease-id'), 'x-ms-lease-id');
      if (id !== undefined && id !== lease?.id) throw new FilesError('LeaseIdMismatchWithLeaseOperation');
      const period = wholeNumber(headers.get('x-ms-lease-break-period'), 'x-ms-lease-break-period');
      if (period !== undefined && period > 60) throw new FilesError('InvalidHeaderValue', 'x-ms-lease-break-period');
      const next = breakLease(lease, period, now);
      return { status: 202, lease: next, headers: ['x-ms-lease-time', String(secondsLeft(next, now))] };
    }
    default:
      throw new FilesError('InvalidHeaderValue', 'x-ms-lease-action');
  }
}

function duration(headers: ReadonlyMap<string, string>): number {
  const text = headers.get('x-ms-lease-duration');
  if (text === undefined) throw new FilesError('MissingRequiredHeader', 'x-ms-lease-duration');
  const seconds = text === '-1' ? -1 : wholeNumber(text, 'x-ms-lease-duration');
  if (seconds === undefined || (seconds !== -1 && (seconds < 15 || seconds > 60)))
    throw new FilesError('InvalidHeaderValue', 'x-ms-lease-duration');
  return seconds;
}

function required(value: string | undefined, header: string): string {
  if (value === undefined) throw new FilesError('MissingRequiredHeader', header);
  return value;
}
