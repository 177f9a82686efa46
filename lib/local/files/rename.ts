import { FilesError } from './errors.ts';
import { checkLease } from './leases.ts';
import { directoryOf, existing, locateLive, type Place } from './locate.ts';
import type { Call } from './operation.ts';
import { formatPairs, inheritedBy, isReadOnly, metadataText, parsePairs, smbProperties } from './properties.ts';
import { writtenReply, type Reply } from './reply.ts';
import type { Request } from './request.ts';
import { parseSource } from './source.ts';
import { isoOf } from './stamps.ts';
import type { Part, Store } from './store.ts';
import { directoryKind, fileKind, type Node } from './tree.ts';

export function renameFile(call: Call): Promise<Reply> {
  return rename(call, fileKind);
}

export function renameDirectory(call: Call): Promise<Reply> {
  return rename(call, directoryKind);
}

/**
 * Moves one row: the id, the content and all below stay. The target is the URL, the source a header. Unless told to
 * replace a file, nothing that exists is touched (ResourceAlreadyExists); a directory is never replaced.
 */
async function rename(call: Call, kind: number): Promise<Reply> {
  const { store, request } = call;
  const source = parseSource(request, 'x-ms-file-rename-source', call.account);
  if (source.share !== request.share) throw new FilesError('InvalidHeaderValue', 'x-ms-file-rename-source');
  call.authorizer.checkSource(request, source, { level: 'o', permissions: 'd', accountOnly: false, role: 'write' });
  return store.write((part) => {
    const from = locateLive(store, source);
    const old = existing(store, from, kind);
    directoryOf(from);
    const to = locateLive(store, request);
    checkSource(store, request, old);
    if (to.above.includes(old.id)) throw new FilesError('InvalidInput', 'a directory cannot move into itself');
    if (to.node !== undefined && to.node.id !== old.id) replace(store, request, to.node, part);
    return writtenReply(200, move(store, request, old, to));
  });
}

function checkSource(store: Store, request: Request, node: Node): void {
  store.handles.check(node.id, 'delete');
  if (node.kind === directoryKind) store.handles.checkBelow(node.id);
  else checkLease(node, request.headers.get('x-ms-source-lease-id'));
}

function replace(store: Store, request: Request, node: Node, part: Part): void {
  const { headers } = request;
  store.handles.check(node.id, 'attributes');
  if (headers.get('x-ms-file-rename-replace-if-exists') !== 'true' || node.kind === directoryKind)
    throw new FilesError('ResourceAlreadyExists');
  store.handles.check(node.id, 'delete');
  if (store.handles.isOpenNode(node.id)) throw new FilesError('SharingViolation');
  checkLease(node, headers.get('x-ms-destination-lease-id'));
  if (isReadOnly(node) && headers.get('x-ms-file-rename-ignore-readonly') !== 'true')
    throw new FilesError('ReadOnlyAttribute');
  store.drop(part, node);
  store.tree.remove(node);
}

function move(store: Store, request: Request, old: Node, to: Place): Node {
  const directory = directoryOf(to);
  const stamp = store.stamps.next();
  const inherited = (): string => inheritedBy(store, to.share, directory, old.kind);
  const properties = smbProperties(store, to.share, request, old, inherited, isoOf(stamp), old.kind);
  const node: Node = {
    ...old,
    ...properties,
    parent: directory.id,
    fold: to.fold,
    name: to.name,
    etag: stamp,
    metadata: request.metadata.length === 0 ? old.metadata : metadataText(request),
    headers: contentType(request, old.headers),
  };
  store.tree.move(old, node);
  store.handles.moved(old.id, to.above);
  return node;
}

/** A rename may set the content type; all other stored headers stay. */
function contentType(request: Request, headers: string): string {
  const type = request.headers.get('x-ms-content-type');
  if (type === undefined) return headers;
  const kept = parsePairs(headers);
  const at = kept.indexOf('Content-Type');
  const others = at < 0 ? kept : kept.toSpliced(at, 2);
  return formatPairs(['Content-Type', type, ...others]);
}
