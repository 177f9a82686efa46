import { randomHex } from '../../base/random.ts';
import { codeOf } from '../../base/errors.ts';
import { gather, read, slice, type Content } from './contents.ts';
import { Crc64 } from './crc64.ts';
import { FilesError } from './errors.ts';
import { checkLease } from './leases.ts';
import { directoryOf, existing, locate, locateLive } from './locate.ts';
import type { Call } from './operation.ts';
import {
  freshProperties,
  inheritedBy,
  isReadOnly,
  metadataText,
  smbProperties,
  withCopy,
  type SmbProperties,
} from './properties.ts';
import { maxRange } from './create-file.ts';
import { rangeReply, updateRange } from './put-range.ts';
import { parseRange } from './read-file.ts';
import { changedHeaders, type Reply } from './reply.ts';
import type { Request } from './request.ts';
import { parseSource } from './source.ts';
import { httpDateOf, isoOf } from './stamps.ts';
import type { Part } from './store.ts';
import { fileKind, type Node } from './tree.ts';

const maxAttempts = 3;

/** The file that `x-ms-copy-source` names, if the caller may read it. Errors: CannotVerifyCopySource and SAS refusals. */
function sourceFile(call: Call): Node {
  const source = parseSource(call.request, 'x-ms-copy-source', call.account);
  call.authorizer.checkSource(call.request, source, { level: 'o', permissions: 'r', accountOnly: false, role: 'read' });
  try {
    return existing(call.store, locate(call.store, source), fileKind);
  } catch (error) {
    if (error instanceof FilesError && error.status === 404) throw new FilesError('CannotVerifyCopySource', error.code);
    throw error;
  }
}

/** Put Range from URL: bytes of another file of the account, up to 4 MiB. */
export async function putRangeFromUrl(call: Call): Promise<Reply> {
  const { headers } = call.request;
  const [start, end] = parseRange(headers.get('x-ms-range') ?? headers.get('range') ?? '');
  const [from, to] = parseRange(headers.get('x-ms-source-range') ?? '');
  if (headers.get('x-ms-write') !== 'update') throw new FilesError('InvalidHeaderValue', 'x-ms-write');
  if (to - from !== end - start) throw new FilesError('InvalidHeaderValue', 'x-ms-source-range');
  if (end - start > maxRange) throw new FilesError('RequestBodyTooLarge');
  for (let attempt = 1; ; attempt++) {
    const node = sourceFile(call);
    if (to > node.size) throw new FilesError('InvalidRange', 'x-ms-source-range');
    const bytes = await bytesOf(call, node, from, to);
    if (bytes !== undefined) {
      checkSourceBytes(headers, bytes);
      return rangeReply(await updateRange(call, start, bytes));
    }
    if (attempt === maxAttempts) throw new FilesError('ServerBusy');
  }
}

/** Errors: ConditionNotMet, Crc64Mismatch, and InvalidHeaderValue for what is no checksum. */
function checkSourceBytes(headers: Request['headers'], bytes: Uint8Array): void {
  const [meant, match, noneMatch] = ['content', 'if-match', 'if-none-match'].map((name) => {
    const header = `x-ms-source-${name}-crc64`;
    const given = headers.get(header);
    if (given === undefined) return undefined;
    const checksum = Buffer.from(given, 'base64');
    if (checksum.length !== 8) throw new FilesError('InvalidHeaderValue', header);
    return checksum;
  });
  if (meant === undefined && match === undefined && noneMatch === undefined) return;
  const found = new Crc64().update(bytes).digest();
  if (match?.equals(found) === false || noneMatch?.equals(found) === true) throw new FilesError('ConditionNotMet');
  if (meant?.equals(found) === false) throw new FilesError('Crc64Mismatch');
}

/** Undefined when the content was replaced and removed before it could be opened. */
async function bytesOf({ store }: Call, node: Node, start: number, end: number): Promise<Uint8Array | undefined> {
  const content = store.contents.get(node.content);
  if (content.bytes !== undefined) return slice(content.bytes, start, end);
  if (content.ranges.length === 0) return Buffer.alloc(end - start);
  let handle;
  try {
    handle = await store.contents.files.openForReading(content.id);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await gather(read(handle, content.ranges, start, end));
  } finally {
    await handle.close();
  }
}

/** Copy File within the account: complete when it answers. Metadata and properties come along unless the request names others. */
export async function copyFile(call: Call): Promise<Reply> {
  const { store } = call;
  const copyId = randomHex(call.random, 16);
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const source = sourceFile(call);
    const old = store.contents.get(source.content);
    const id = store.stamps.next();
    const inFile = old.bytes === undefined && old.ranges.length > 0;
    try {
      if (inFile) await store.contents.files.copy(old.id, id);
      const content: Content = { id, ranges: old.ranges, bytes: old.bytes };
      const node = await store.write((part) => {
        // In-memory contents and ranges may have changed since; a copy mixes no two states.
        if (
          store.tree.byId(source.id)?.etag !== source.etag &&
          !call.request.headers.get('x-ms-copy-source')?.includes('sharesnapshot=')
        )
          return undefined;
        return put(call, source, content, copyId, part);
      });
      if (node !== undefined)
        return {
          status: 202,
          headers: [...changedHeaders(node.etag), 'x-ms-copy-id', copyId, 'x-ms-copy-status', 'success'],
        };
    } catch (error) {
      await store.contents.files.remove(id);
      if (!inFile || codeOf(error) !== 'ENOENT') throw error;
    }
    await store.contents.files.remove(id);
  }
  throw new FilesError('ServerBusy');
}

function put({ store, request }: Call, source: Node, content: Content, copyId: string, part: Part): Node {
  const place = locateLive(store, request);
  const directory = directoryOf(place);
  const old = place.node;
  if (old !== undefined) {
    if (old.kind !== fileKind) throw new FilesError('ResourceTypeMismatch');
    store.handles.check(old.id, 'write');
    checkLease(old, request.headers.get('x-ms-lease-id'));
    if (isReadOnly(old) && request.headers.get('x-ms-file-copy-ignore-readonly') !== 'true')
      throw new FilesError('ReadOnlyAttribute');
  }
  store.usage.check(place.share, source.size - (old?.size ?? 0));
  const stamp = store.stamps.next();
  const now = isoOf(stamp);
  // Named `source` a property comes from the source; absent it is that of a new file.
  const inherited = inheritedBy(store, place.share, directory, fileKind);
  const fresh = freshProperties(stamp, fileKind, inherited);
  const from = (header: string): boolean => request.headers.get(header) === 'source';
  const base = {
    attributes: from('x-ms-file-attributes') ? source.attributes : fresh.attributes,
    created: from('x-ms-file-creation-time') ? source.created : fresh.created,
    written: from('x-ms-file-last-write-time') ? source.written : fresh.written,
    changed: fresh.changed,
    permission: from('x-ms-file-permission-copy-mode') ? source.permission : fresh.permission,
  };
  const hole = content.ranges.length === 0;
  const node: Node = {
    parent: directory.id,
    fold: place.fold,
    name: old?.name ?? place.name,
    id: old?.id ?? stamp,
    kind: fileKind,
    size: source.size,
    content: hole ? 0 : content.id,
    etag: stamp,
    ...archived(
      request,
      smbProperties(store, place.share, request, base, () => inherited, now, fileKind),
    ),
    metadata: request.metadata.length === 0 ? source.metadata : metadataText(request),
    headers: withCopy(source.headers, copyHeaders(request, copyId, source.size, stamp)),
    lease: old?.lease ?? '',
  };
  if (!hole) store.contents.insert(content);
  if (old === undefined) store.tree.insert(node);
  else {
    store.drop(part, old);
    store.tree.update(node, old.size);
  }
  return node;
}

function archived(request: Request, properties: SmbProperties): SmbProperties {
  const { attributes } = properties;
  if (request.headers.get('x-ms-file-copy-set-archive') !== 'true' || attributes.includes('Archive')) return properties;
  return { ...properties, attributes: attributes === 'None' ? 'Archive' : `${attributes} | Archive` };
}

/** Copies here are over when they are answered, so there is never one to abort. */
export function abortCopy({ store, request }: Call): Reply {
  if (request.headers.get('x-ms-copy-action') !== 'abort')
    throw new FilesError('InvalidHeaderValue', 'x-ms-copy-action');
  if (request.query.get('copyid') === undefined) throw new FilesError('MissingRequiredQueryParameter', 'copyid');
  const node = existing(store, locateLive(store, request), fileKind);
  checkLease(node, request.headers.get('x-ms-lease-id'));
  throw new FilesError('NoPendingCopyOperation');
}

/** What Get File and Get File Properties tell of the copy that made the file; its source without what authorized it. */
function copyHeaders(request: Request, id: string, size: number, stamp: number): readonly string[] {
  const source = request.headers.get('x-ms-copy-source') ?? '';
  return [
    ['x-ms-copy-id', id],
    ['x-ms-copy-source', source.replace(/\?.*$/, '')],
    ['x-ms-copy-status', 'success'],
    ['x-ms-copy-progress', `${size}/${size}`],
    ['x-ms-copy-completion-time', httpDateOf(stamp)],
  ].flat();
}
