import type { DeletedShare } from './deleted-shares.ts';
import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { parsePairs } from './properties.ts';
import { xmlReply, type Reply } from './reply.ts';
import { wholeNumber } from './request.ts';
import { shareLeaseHeaders } from './share-lease.ts';
import type { Share } from './shares.ts';
import type { Snapshot } from './snapshots.ts';
import { etagOf, httpDateOf, isoOf } from './stamps.ts';
import type { Store } from './store.ts';
import { escape } from './xml.ts';

const maxPage = 5000;
const day = 86_400_000;

interface Entry {
  /** Sorts as the entries come; the marker of a page is that of the first entry left. */
  readonly key: string;
  readonly share: Pick<Share, 'name' | 'quota' | 'tier' | 'etag' | 'metadata' | 'lease'>;
  readonly snapshot?: Snapshot;
  readonly deleted?: DeletedShare;
}

/** List Shares: by name, each after its snapshots, the oldest first, and before those of its name that were deleted. */
export function listShares(call: Call): Reply {
  const { store, request, endpoint, clock } = call;
  const { query } = request;
  const limit = wholeNumber(query.get('maxresults'), 'maxresults') ?? maxPage;
  if (limit < 1 || limit > maxPage) throw new FilesError('OutOfRangeQueryParameterValue', 'maxresults');
  const [prefix, marker] = [query.get('prefix') ?? '', query.get('marker') ?? ''];
  const include = new Set((query.get('include') ?? '').split(','));
  const from = marker === '' ? '' : Buffer.from(marker, 'base64url').toString('utf8');
  const found = entriesOf(store, include, clock.now()).filter(
    ({ key, share }) => share.name.startsWith(prefix) && key >= from,
  );
  const next = found[limit];
  const body = found.slice(0, limit).map((entry) => element(entry, include.has('metadata'), clock.now()));
  return xmlReply(
    `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="${escape(endpoint)}">` +
      `<Prefix>${escape(prefix)}</Prefix><Marker>${escape(marker)}</Marker><MaxResults>${limit}</MaxResults>` +
      `<Shares>${body.join('')}</Shares>` +
      `<NextMarker>${next === undefined ? '' : Buffer.from(next.key).toString('base64url')}</NextMarker></EnumerationResults>`,
  );
}

function entriesOf(store: Store, include: ReadonlySet<string>, now: number): readonly Entry[] {
  const entries: Entry[] = [];
  for (const share of store.shares.all()) {
    if (include.has('snapshots'))
      for (const snapshot of store.snapshots.list(share.root))
        entries.push({ key: `${share.name} 1 ${snapshot.id}`, share: { ...share, ...snapshot }, snapshot });
    entries.push({ key: `${share.name} 2`, share });
  }
  if (include.has('deleted'))
    for (const deleted of store.deletedShares.all())
      if (deleted.expires > now) entries.push({ key: `${deleted.name} 3 ${deleted.deleted}`, share: deleted, deleted });
  return entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function element({ share, snapshot, deleted }: Entry, withMetadata: boolean, now: number): string {
  let out = `<Share><Name>${share.name}</Name>`;
  if (snapshot !== undefined) out += `<Snapshot>${isoOf(snapshot.id)}</Snapshot>`;
  if (deleted !== undefined) out += `<Deleted>true</Deleted><Version>${versionOf(deleted)}</Version>`;
  out +=
    `<Properties><Last-Modified>${httpDateOf(share.etag)}</Last-Modified><Etag>${etagOf(share.etag)}</Etag>` +
    `<Quota>${share.quota}</Quota><AccessTier>${share.tier}</AccessTier>${leaseElements(share.lease, now)}` +
    '<EnabledProtocols>SMB</EnabledProtocols>';
  if (deleted !== undefined)
    out +=
      `<DeletedTime>${httpDateOf(deleted.deleted)}</DeletedTime>` +
      `<RemainingRetentionDays>${Math.floor((deleted.expires - now) / day)}</RemainingRetentionDays>`;
  out += '</Properties>';
  if (withMetadata) {
    const pairs = parsePairs(share.metadata);
    out += '<Metadata>';
    for (let i = 0; i + 1 < pairs.length; i += 2) out += `<${pairs[i]}>${escape(pairs[i + 1] ?? '')}</${pairs[i]}>`;
    out += '</Metadata>';
  }
  return `${out}</Share>`;
}

const leaseNames = new Map([
  ['x-ms-lease-state', 'LeaseState'],
  ['x-ms-lease-status', 'LeaseStatus'],
  ['x-ms-lease-duration', 'LeaseDuration'],
]);

function leaseElements(lease: string, now: number): string {
  const headers = shareLeaseHeaders(lease, now);
  let out = '';
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = leaseNames.get(headers[i] ?? '') ?? '';
    out += `<${name}>${headers[i + 1]}</${name}>`;
  }
  return out;
}

/** 16 hex digits that tell apart deleted shares of one name. */
export function versionOf({ deleted }: Pick<DeletedShare, 'deleted'>): string {
  return deleted.toString(16).toUpperCase().padStart(16, '0');
}
