import { createHash } from 'node:crypto';
import { FilesError } from './errors.ts';
import { inlineLimit } from './contents.ts';
import { checkLease } from './leases.ts';
import { directoryOf, locateLive } from './locate.ts';
import type { Call } from './operation.ts';
import { freshProperties, httpHeaders, inheritedBy, isReadOnly, metadataText, smbProperties } from './properties.ts';
import { writtenReply, type Reply } from './reply.ts';
import { wholeNumber, type Request } from './request.ts';
import { isoOf } from './stamps.ts';
import type { Part } from './store.ts';
import { fileKind, type Node } from './tree.ts';

/** Bytes of a file, holes included. */
export const maxFileSize = 4 * 2 ** 40;

/** Most bytes of content in one request. */
export const maxRange = 4 * 2 ** 20;

/**
 * Create File, with the first bytes of its content or without: what no body covers is a hole. An existing file is
 * overwritten and keeps its id. A large body is on disk, under a content id of its own, before the row names it.
 */
export async function createFile(call: Call): Promise<Reply> {
  const { store, request, body } = call;
  const size = wholeNumber(request.headers.get('x-ms-content-length'), 'x-ms-content-length');
  if (size === undefined) throw new FilesError('MissingRequiredHeader', 'x-ms-content-length');
  if (size > maxFileSize) throw new FilesError('OutOfRangeInput', 'x-ms-content-length');
  if (body.length > maxRange) throw new FilesError('RequestBodyTooLarge');
  if (body.length > size) throw new FilesError('InvalidHeaderValue', 'x-ms-content-length');
  checkMd5(request, body);
  if (body.length <= inlineLimit) return store.write((part) => writtenReply(201, put(call, size, 0, part)));

  directoryOf(locateLive(store, request)); // refuse early what would be written for nothing
  const content = store.stamps.next();
  try {
    await store.contents.files.write(content, 0, body);
    return await store.write((part) => writtenReply(201, put(call, size, content, part)));
  } catch (error) {
    await store.contents.files.remove(content);
    throw error;
  }
}

/** `content` is the id under which the body is in a file already; 0 if it is to live in the row, or there is none. */
function put(call: Call, size: number, content: number, part: Part): Node {
  const { store, request } = call;
  const place = locateLive(store, request);
  const directory = directoryOf(place);
  const old = place.node;
  if (old !== undefined) {
    if (old.kind !== fileKind) throw new FilesError('ResourceTypeMismatch');
    store.handles.check(old.id, 'write');
    checkLease(old, request.headers.get('x-ms-lease-id'));
    if (isReadOnly(old)) throw new FilesError('ReadOnlyAttribute');
  }
  store.usage.check(place.share, size - (old?.size ?? 0));
  const stamp = store.stamps.next();
  const inherited = inheritedBy(store, place.share, directory, fileKind);
  const fresh = freshProperties(stamp, fileKind, inherited);
  const properties = smbProperties(store, place.share, request, fresh, () => inherited, isoOf(stamp), fileKind);
  const node: Node = {
    parent: directory.id,
    fold: place.fold,
    name: old?.name ?? place.name,
    id: old?.id ?? stamp,
    kind: fileKind,
    size,
    content: insertContent(call, size, content, stamp),
    etag: stamp,
    // A new file is there to be archived, also where no attribute is asked for.
    attributes: properties.attributes === 'None' ? 'Archive' : properties.attributes,
    created: properties.created,
    written: properties.written,
    changed: properties.changed,
    permission: properties.permission,
    metadata: metadataText(request),
    headers: httpHeaders(request),
    lease: old?.lease ?? '',
  };
  if (old === undefined) store.tree.insert(node);
  else {
    store.handles.wrote(old);
    store.drop(part, old);
    store.tree.update(node, old.size);
  }
  return node;
}

function insertContent({ store, body }: Call, size: number, content: number, stamp: number): number {
  const ranges = [0, body.length];
  if (content !== 0) store.contents.insert({ id: content, ranges, bytes: undefined });
  else if (body.length > 0) store.contents.insert({ id: stamp, ranges, bytes: body });
  else if (size > inlineLimit) store.contents.insert({ id: stamp, ranges: [], bytes: undefined });
  else return 0;
  return content === 0 ? stamp : content;
}

/** Errors: InvalidMd5, Md5Mismatch. */
export function checkMd5(request: Request, body: Uint8Array): void {
  const given = request.headers.get('content-md5');
  if (given === undefined) return;
  if (Buffer.from(given, 'base64').length !== 16) throw new FilesError('InvalidMd5');
  if (md5(body) !== given) throw new FilesError('Md5Mismatch');
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}
