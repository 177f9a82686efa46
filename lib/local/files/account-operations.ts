import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { parsePairs } from './properties.ts';
import { xmlReply, type Reply } from './reply.ts';
import { wholeNumber } from './request.ts';
import type { Share } from './shares.ts';
import type { Snapshot } from './snapshots.ts';
import { etagOf, httpDateOf, isoOf } from './stamps.ts';
import { escape } from './xml.ts';

const maxPage = 5000;

/** List Shares, with their snapshots and metadata if asked for; the marker is the next share's name. */
export function listShares({ store, request, endpoint }: Call): Reply {
  const { query } = request;
  const limit = wholeNumber(query.get('maxresults'), 'maxresults') ?? maxPage;
  if (limit < 1 || limit > maxPage) throw new FilesError('OutOfRangeQueryParameterValue', 'maxresults');
  const [prefix, marker] = [query.get('prefix') ?? '', query.get('marker') ?? ''];
  const include = new Set((query.get('include') ?? '').split(','));
  const found = store.shares.all().filter(({ name }) => name.startsWith(prefix) && name >= marker);
  let body = '';
  for (const share of found.slice(0, limit)) {
    if (include.has('snapshots'))
      for (const snapshot of store.snapshots.list(share.root))
        body += shareElement(share, snapshot, include.has('metadata'));
    body += shareElement(share, undefined, include.has('metadata'));
  }
  return xmlReply(
    `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="${escape(endpoint)}">` +
      `<Prefix>${escape(prefix)}</Prefix><Marker>${escape(marker)}</Marker><MaxResults>${limit}</MaxResults>` +
      `<Shares>${body}</Shares><NextMarker>${found[limit]?.name ?? ''}</NextMarker></EnumerationResults>`,
  );
}

function shareElement(share: Share, snapshot: Snapshot | undefined, withMetadata: boolean): string {
  const { quota, metadata } = snapshot ?? share;
  let out = `<Share><Name>${share.name}</Name>`;
  if (snapshot !== undefined) out += `<Snapshot>${isoOf(snapshot.id)}</Snapshot>`;
  out +=
    `<Properties><Last-Modified>${httpDateOf(share.etag)}</Last-Modified><Etag>${etagOf(share.etag)}</Etag>` +
    `<Quota>${quota}</Quota><AccessTier>${share.tier}</AccessTier><LeaseStatus>unlocked</LeaseStatus>` +
    `<LeaseState>available</LeaseState><EnabledProtocols>SMB</EnabledProtocols></Properties>`;
  if (withMetadata) {
    const pairs = parsePairs(metadata);
    out += '<Metadata>';
    for (let i = 0; i + 1 < pairs.length; i += 2) out += `<${pairs[i]}>${escape(pairs[i + 1] ?? '')}</${pairs[i]}>`;
    out += '</Metadata>';
  }
  return `${out}</Share>`;
}

const defaultProperties =
  '<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><HourMetrics><Version>1.0</Version>' +
  '<Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>' +
  '<MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled>' +
  '</RetentionPolicy></MinuteMetrics><Cors/></StorageServiceProperties>';

/** Get File Service Properties: the document that was set last. They change nothing in the embedded service. */
export function getServiceProperties({ store }: Call): Reply {
  const row = store.db.prepare('SELECT properties FROM account').get();
  return xmlReply(String(row?.['properties'] ?? '') || defaultProperties);
}

export async function setServiceProperties({ store, body }: Call): Promise<Reply> {
  const xml = Buffer.from(body).toString('utf8');
  if (!/<StorageServiceProperties[\s>][^]*<\/StorageServiceProperties>\s*$/.test(xml))
    throw new FilesError('InvalidXmlDocument');
  await store.write(() => store.db.prepare('UPDATE account SET properties = ?').run(xml));
  return { status: 202, headers: [] };
}
