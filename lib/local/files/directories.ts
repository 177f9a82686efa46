import { FilesError } from './errors.ts';
import { directoryOf, existing, locate, locateLive } from './locate.ts';
import type { Call } from './operation.ts';
import { freshProperties, inheritedBy, isReadOnly, metadataText, smbProperties } from './properties.ts';
import { changedHeaders, nodeHeaders, writtenReply, type Reply } from './reply.ts';
import { isoOf } from './stamps.ts';
import { directoryKind, type Node } from './tree.ts';

export async function createDirectory({ store, request }: Call): Promise<Reply> {
  return store.write(() => {
    const place = locateLive(store, request);
    const parent = directoryOf(place);
    if (place.node !== undefined) {
      store.handles.check(place.node.id, 'attributes');
      throw new FilesError('ResourceAlreadyExists');
    }
    const stamp = store.stamps.next();
    const inherited = inheritedBy(store, place.share, parent, directoryKind);
    const fresh = freshProperties(stamp, directoryKind, inherited);
    const node: Node = {
      parent: parent.id,
      fold: place.fold,
      name: place.name,
      id: stamp,
      kind: directoryKind,
      size: 0,
      content: 0,
      etag: stamp,
      ...smbProperties(store, place.share, request, fresh, () => inherited, isoOf(stamp), directoryKind),
      metadata: metadataText(request),
      headers: '',
      lease: '',
    };
    store.tree.insert(node);
    return writtenReply(201, node);
  });
}

export function getDirectory({ store, request }: Call): Reply {
  return { status: 200, headers: nodeHeaders(existing(store, locate(store, request), directoryKind)) };
}

export async function deleteDirectory({ store, request }: Call): Promise<Reply> {
  await store.write(() => {
    const place = locateLive(store, request);
    directoryOf(place); // the root goes with its share
    const node = existing(store, place, directoryKind);
    store.handles.checkBelow(node.id);
    if (isReadOnly(node)) throw new FilesError('ReadOnlyAttribute');
    if (store.tree.hasChildren(node.id)) throw new FilesError('DirectoryNotEmpty');
    store.tree.remove(node);
  });
  return { status: 202, headers: [] };
}

export async function setDirectoryProperties({ store, request }: Call): Promise<Reply> {
  return store.write(() => {
    const place = locateLive(store, request);
    const node = existing(store, place, directoryKind);
    const stamp = store.stamps.next();
    const inherited = (): string =>
      place.parent === undefined ? node.permission : inheritedBy(store, place.share, place.parent, directoryKind);
    const properties = smbProperties(store, place.share, request, node, inherited, isoOf(stamp), directoryKind);
    const next = { ...node, ...properties, etag: stamp };
    store.tree.update(next);
    return writtenReply(200, next);
  });
}

export async function setDirectoryMetadata({ store, request }: Call): Promise<Reply> {
  const stamp = await store.write(() => {
    const node = existing(store, locateLive(store, request), directoryKind);
    const etag = store.stamps.next();
    store.tree.update({ ...node, metadata: metadataText(request), etag, changed: isoOf(etag) });
    return etag;
  });
  return { status: 200, headers: [...changedHeaders(stamp), 'x-ms-request-server-encrypted', 'true'] };
}
