import { cut } from './contents.ts';
import { maxFileSize } from './create-file.ts';
import { FilesError } from './errors.ts';
import { checkLease } from './leases.ts';
import { directoryOf, existing, locateLive } from './locate.ts';
import type { Call } from './operation.ts';
import { httpHeaders, inheritedBy, isReadOnly, metadataText, smbProperties } from './properties.ts';
import { changedHeaders, writtenReply, type Reply } from './reply.ts';
import { wholeNumber } from './request.ts';
import { isoOf } from './stamps.ts';
import { fileKind, type Node } from './tree.ts';
import { changeContent } from './write-range.ts';

/** Set File Properties: HTTP headers are replaced as a whole, SMB properties and size change where named. */
export async function setFileProperties({ store, request }: Call): Promise<Reply> {
  const place = locateLive(store, request);
  const directory = directoryOf(place);
  const { id } = existing(store, place, fileKind);
  const size = wholeNumber(request.headers.get('x-ms-content-length'), 'x-ms-content-length');
  if (size !== undefined && size > maxFileSize) throw new FilesError('OutOfRangeInput', 'x-ms-content-length');
  const node = await changeContent(store, id, (old, part) => {
    store.handles.check(id, 'write');
    checkLease(old, request.headers.get('x-ms-lease-id'));
    const stamp = store.stamps.next();
    const now = isoOf(stamp);
    const base = { ...old, written: size === undefined || size === old.size ? old.written : now };
    const inherited = (): string => inheritedBy(store, place.share, directory, fileKind);
    const properties = smbProperties(store, place.share, request, base, inherited, now, fileKind);
    if (isReadOnly(old) && size !== undefined && size !== old.size) throw new FilesError('ReadOnlyAttribute');
    store.usage.check(place.share, (size ?? old.size) - old.size);
    let content = old.content;
    if (size !== undefined && size < old.size && content !== 0) {
      const next = cut(store.contents.get(content), store.ownContent(old, stamp), size);
      store.replaceContent(old, next, part);
      content = next.id;
    }
    const next: Node = {
      ...old,
      ...properties,
      size: size ?? old.size,
      content,
      etag: stamp,
      headers: httpHeaders(request),
    };
    store.handles.wrote(old);
    store.tree.update(next, old.size);
    return next;
  });
  return writtenReply(200, node);
}

/** Set File Metadata: replaced as a whole. */
export async function setFileMetadata({ store, request }: Call): Promise<Reply> {
  const stamp = await store.write(() => {
    const node = existing(store, locateLive(store, request), fileKind);
    store.handles.check(node.id, 'write');
    checkLease(node, request.headers.get('x-ms-lease-id'));
    const etag = store.stamps.next();
    store.tree.update({ ...node, metadata: metadataText(request), etag, changed: isoOf(etag) });
    return etag;
  });
  return { status: 200, headers: [...changedHeaders(stamp), 'x-ms-request-server-encrypted', 'true'] };
}

/** Delete File. Open by SMB clients that share deletion, it stays until the last of them closes it. */
export async function deleteFile({ store, request }: Call): Promise<Reply> {
  await store.write((part) => {
    const node = existing(store, locateLive(store, request), fileKind);
    store.handles.check(node.id, 'delete');
    checkLease(node, request.headers.get('x-ms-lease-id'));
    if (isReadOnly(node)) throw new FilesError('ReadOnlyAttribute');
    if (store.handles.deleteLater(node.id)) return;
    store.drop(part, node);
    store.tree.remove(node);
  });
  return { status: 202, headers: [] };
}
