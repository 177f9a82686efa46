import { cleared } from './contents.ts';
import { checkMd5, maxRange, md5 } from './create-file.ts';
import { FilesError } from './errors.ts';
import { checkLease } from './leases.ts';
import { existing, locateLive } from './locate.ts';
import type { Call } from './operation.ts';
import { isReadOnly, time } from './properties.ts';
import { parseRange } from './read-file.ts';
import { changedHeaders, type Reply } from './reply.ts';
import type { Request } from './request.ts';
import { isoOf } from './stamps.ts';
import type { Store } from './store.ts';
import { fileKind, type Node } from './tree.ts';
import { changeContent, writeRange, type RangeWrite } from './write-range.ts';

/** Put Range: update with the body, or clear. */
export async function putRange(call: Call): Promise<Reply> {
  const { request, body } = call;
  const [start, end] = parseRange(request.headers.get('x-ms-range') ?? request.headers.get('range') ?? '');
  const kind = request.headers.get('x-ms-write');
  if (kind === 'clear') {
    if (body.length > 0) throw new FilesError('InvalidHeaderValue', 'content-length');
    return rangeReply(await clearRange(call, start, end));
  }
  if (kind !== 'update') throw new FilesError('InvalidHeaderValue', 'x-ms-write');
  if (end - start > maxRange) throw new FilesError('RequestBodyTooLarge');
  if (body.length !== end - start) throw new FilesError('InvalidHeaderValue', 'content-length');
  checkMd5(request, body);
  const node = await updateRange(call, start, body);
  const reply = rangeReply(node);
  if (request.headers.has('content-md5')) reply.headers.push('Content-MD5', md5(body));
  return reply;
}

/** Writes `bytes` at `start` into the file of the request. */
export function updateRange({ store, request }: Call, start: number, bytes: Uint8Array): Promise<Node> {
  const node = existing(store, locateLive(store, request), fileKind);
  return writeRange(store, node.id, restWrite(store, request, start, bytes));
}

export function rangeReply(node: Node): Reply {
  const headers = changedHeaders(node.etag);
  headers.push('x-ms-request-server-encrypted', 'true', 'x-ms-file-last-write-time', node.written);
  return { status: 201, headers };
}

function restWrite(store: Store, request: Request, offset: number, bytes: Uint8Array): RangeWrite {
  return {
    offset,
    bytes,
    grows: false,
    check: (node) => checkWrite(store, node, request),
    written: (node, now) => writtenTime(request, node, now),
  };
}

function writtenTime(request: Request, node: Node, now: string): string {
  const header = request.headers.get('x-ms-file-last-write-time') ?? 'now';
  return time(header, node.written, now, 'x-ms-file-last-write-time');
}

/** What a request that changes the bytes or properties of a file must not meet. */
function checkWrite(store: Store, node: Node, request: Request): void {
  store.handles.check(node.id, 'write');
  checkLease(node, request.headers.get('x-ms-lease-id'));
  if (isReadOnly(node)) throw new FilesError('ReadOnlyAttribute');
}

/** A cleared range is a hole from then on: zeros to readers, absent from List Ranges. */
async function clearRange({ store, request }: Call, start: number, end: number): Promise<Node> {
  const { id } = existing(store, locateLive(store, request), fileKind);
  return changeContent(store, id, (node, part) => {
    checkWrite(store, node, request);
    if (end > node.size) throw new FilesError('InvalidRange');
    const stamp = store.stamps.next();
    let content = 0;
    if (node.content !== 0) {
      const next = cleared(store.contents.get(node.content), store.ownContent(node, stamp), start, end);
      store.replaceContent(node, next, part);
      content = next.id;
    }
    const now = isoOf(stamp);
    const after = { ...node, content, etag: stamp, written: writtenTime(request, node, now), changed: now };
    store.handles.wrote(node);
    store.tree.update(after);
    return after;
  });
}
