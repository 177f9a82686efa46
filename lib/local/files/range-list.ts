import { changedRanges, type Changes } from './changed-ranges.ts';
import { FilesError } from './errors.ts';
import { checkReadLease } from './leases.ts';
import { existing, locate, type Place } from './locate.ts';
import type { Call } from './operation.ts';
import { clip, type Ranges } from './ranges.ts';
import { parseRange } from './read-file.ts';
import { changedHeaders, xmlReply, type Reply } from './reply.ts';
import { wholeNumber } from './request.ts';
import { fileKind, type Node } from './tree.ts';

const maxPage = 10_000;
const maxAttempts = 3;

/** List Ranges: what of the file is data, or with `prevsharesnapshot` what was written or cleared since. */
export async function listRanges(call: Call): Promise<Reply> {
  const { store, request } = call;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const place = locate(store, request);
    const node = existing(store, place, fileKind);
    if (place.snapshot === 0) store.handles.check(node.id, 'read');
    checkReadLease(node, request.headers.get('x-ms-lease-id'));
    const content = store.contents.get(node.content);
    const previous = request.query.get('prevsharesnapshot');
    if (previous === undefined) return page(call, node, { written: content.ranges, cleared: [] });
    const before = store.contents.get(previousNode(call, place, node, previous).content);
    const changes = await changedRanges(store, before, content);
    if (changes !== undefined) return page(call, node, changes);
  }
  throw new FilesError('ServerBusy');
}

function page({ request }: Call, node: Node, { written, cleared }: Changes): Reply {
  const text = request.headers.get('x-ms-range') ?? request.headers.get('range');
  const [start, end] = text === undefined ? [0, Number.MAX_SAFE_INTEGER] : parseRange(text);
  const from = Math.max(start, wholeNumber(request.query.get('marker'), 'marker') ?? 0);
  const limit = Math.min(wholeNumber(request.query.get('maxresults'), 'maxresults') ?? maxPage, maxPage);
  if (limit === 0) throw new FilesError('OutOfRangeQueryParameterValue', 'maxresults');
  const found = clip(written, from, Math.min(end, node.size));
  const next = found[limit * 2];
  // Of what was cleared each page has its part, so that no page needs more than its own marker.
  const gone = clip(cleared, from, Math.min(end, next ?? Number.MAX_SAFE_INTEGER));
  const headers = changedHeaders(node.etag);
  headers.push('x-ms-content-length', String(node.size));
  const body = `${xmlOf('Range', found.slice(0, limit * 2))}${xmlOf('ClearRange', gone)}<NextMarker>${next ?? ''}</NextMarker>`;
  return xmlReply(`<?xml version="1.0" encoding="utf-8"?><Ranges>${body}</Ranges>`, headers);
}

/**
 * The file as it was in an earlier snapshot: under the same path, or wherever it was if the request supports renames.
 * Errors: PreviousSnapshotNotFound, FileGenerationMismatch, InvalidQueryParameterValue, ShareSnapshotNotFound.
 */
function previousNode({ store, request }: Call, place: Place, node: Node, time: string): Node {
  const { id } = store.snapshots.find(place.share, time);
  if (place.snapshot !== 0 && id > place.snapshot)
    throw new FilesError('InvalidQueryParameterValue', 'prevsharesnapshot');
  if (request.headers.get('x-ms-file-support-rename') === 'true') {
    const found = store.past.byId(id, node.id);
    if (found === undefined) throw new FilesError('PreviousSnapshotNotFound');
    return found;
  }
  const query = new Map([['sharesnapshot', time]]);
  const found = there(() => locate(store, { share: request.share, names: request.names, query }).node);
  if (found === undefined) throw new FilesError('PreviousSnapshotNotFound');
  if (found.id !== node.id) throw new FilesError('FileGenerationMismatch');
  return found;
}

/** What `look` finds; undefined also where a directory above was not there yet. */
function there(look: () => Node | undefined): Node | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof FilesError && error.code === 'ParentNotFound') return undefined;
    throw error;
  }
}

function xmlOf(name: string, ranges: Ranges): string {
  let out = '';
  for (let i = 0; i + 1 < ranges.length; i += 2)
    out += `<${name}><Start>${ranges[i]}</Start><End>${(ranges[i + 1] ?? 0) - 1}</End></${name}>`;
  return out;
}
