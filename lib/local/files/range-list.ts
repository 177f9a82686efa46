import { FilesError } from './errors.ts';
import { checkReadLease } from './leases.ts';
import { existing, locate } from './locate.ts';
import type { Call } from './operation.ts';
import { clip, subtract, type Ranges } from './ranges.ts';
import { parseRange } from './read-file.ts';
import { changedHeaders, xmlReply, type Reply } from './reply.ts';
import { wholeNumber } from './request.ts';
import type { Store } from './store.ts';
import { fileKind, type Node } from './tree.ts';

const maxPage = 10_000;

/**
 * List Ranges: what of the file is data, or with `prevsharesnapshot` what was written or cleared since. Two contents
 * differ where their bytes may: with different ids, everything allocated in either counts as changed.
 */
export function listRanges({ store, request }: Call): Reply {
  const place = locate(store, request);
  const node = existing(store, place, fileKind);
  if (place.snapshot === 0) store.handles.check(node.id, 'read');
  checkReadLease(node, request.headers.get('x-ms-lease-id'));
  const text = request.headers.get('x-ms-range') ?? request.headers.get('range');
  const [start, end] = text === undefined ? [0, node.size] : parseRange(text);
  const from = Math.max(start, wholeNumber(request.query.get('marker'), 'marker') ?? 0);
  const limit = Math.min(wholeNumber(request.query.get('maxresults'), 'maxresults') ?? maxPage, maxPage);
  if (limit === 0) throw new FilesError('OutOfRangeQueryParameterValue', 'maxresults');

  let ranges = store.contents.get(node.content).ranges;
  let clear: Ranges = [];
  const previous = request.query.get('prevsharesnapshot');
  if (previous !== undefined) {
    const before = nodeBefore(store, request, node, previous);
    const old = before === undefined ? [] : store.contents.get(before.content).ranges;
    if (before?.content === node.content) ranges = [];
    else clear = subtract(old, ranges);
  }
  const found = clip(ranges, from, Math.min(end, node.size));
  const page = found.slice(0, limit * 2);
  const next = found[limit * 2];
  const headers = changedHeaders(node.etag);
  headers.push('x-ms-content-length', String(node.size));
  const body = `${xmlOf('Range', page)}${xmlOf('ClearRange', clip(clear, from, end))}<NextMarker>${next ?? ''}</NextMarker>`;
  return xmlReply(`<?xml version="1.0" encoding="utf-8"?><Ranges>${body}</Ranges>`, headers);
}

function nodeBefore(store: Store, request: Call['request'], node: Node, time: string): Node | undefined {
  const share = store.shares.get(request.share ?? '');
  const snapshot = store.snapshots.find(share, time).id;
  return store.past.byId(snapshot, node.id);
}

function xmlOf(name: string, ranges: Ranges): string {
  let out = '';
  for (let i = 0; i + 1 < ranges.length; i += 2)
    out += `<${name}><Start>${ranges[i]}</Start><End>${(ranges[i + 1] ?? 0) - 1}</End></${name}>`;
  return out;
}
