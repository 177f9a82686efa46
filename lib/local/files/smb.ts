import type { Clock } from '../../base/clock.ts';
import { randomHex, type Random } from '../../base/random.ts';
import { cut } from './contents.ts';
import { FilesError } from './errors.ts';
import type { OpenFile } from './handles.ts';
import { holderOf } from './leases.ts';
import { directoryOf, locateLive, type Place } from './locate.ts';
import { checkName } from './names.ts';
import { freshProperties, inheritedBy, isReadOnly } from './properties.ts';
import { isoOf } from './stamps.ts';
import type { Store } from './store.ts';
import { directoryKind, fileKind, type Node } from './tree.ts';
import { changeContent, checkGrowth, writeRange } from './write-range.ts';

export interface SmbPath {
  readonly share: string;
  /** Names joined by slashes, not percent-encoded; case is kept and does not matter. */
  readonly path: string;
}

export interface SmbOpen extends SmbPath {
  readonly access: 'read' | 'write';
  /** What others may do meanwhile; both false unless told, as most Windows programs open. */
  readonly shareDelete?: boolean | undefined;
  readonly shareWrite?: boolean | undefined;
}

/** An open file. What it writes is true at once for HEAD and GET, and in listings once it is closed. */
export interface SmbHandle {
  readonly id: string;
  /** Writes at `offset`; behind the end the file grows, with a hole between. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** The file goes with its last handle, and until then REST answers DeletePending. */
  deleteOnClose(): Promise<void>;
  close(): Promise<void>;
}

/** The shares as a client sees that has them mounted. Every refusal is a FilesError with the code REST would give. */
export class Smb {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #open = new Map<string, SmbHandle>();

  constructor(store: Store, clock: Clock, random: Random) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  /** Opens what exists. Errors: ResourceNotFound, SharingViolation, DeletePending, ... */
  open(options: SmbOpen): SmbHandle {
    const place = this.#locate(options);
    const { node } = place;
    if (node === undefined) throw new FilesError('ResourceNotFound');
    const shareWrite = options.shareWrite === true;
    this.#store.handles.checkOpen(node.id, options.access, shareWrite);
    if (options.access === 'write') {
      if (node.kind === directoryKind) throw new FilesError('ResourceTypeMismatch');
      if (isReadOnly(node)) throw new FilesError('ReadOnlyAttribute');
      if (holderOf(node) !== '') throw new FilesError('SharingViolation');
    }
    const file: OpenFile = {
      handleId: randomHex(this.#random, 8),
      share: options.share,
      node: node.id,
      openedAt: this.#clock.now(),
      access: options.access,
      shareWrite,
      shareDelete: options.shareDelete === true,
    };
    this.#store.handles.add(file, place.above);
    const handle = new Handle(this.#store, file, () => this.#open.delete(file.handleId));
    this.#open.set(file.handleId, handle);
    return handle;
  }

  /** An open handle by its id. Errors: ResourceNotFound. */
  handle(id: string): SmbHandle {
    const handle = this.#open.get(id);
    if (handle === undefined) throw new FilesError('ResourceNotFound', 'handle');
    return handle;
  }

  /** Makes a directory, or a file with these bytes (none unless given). Errors: ResourceAlreadyExists, ParentNotFound. */
  async create(
    options: SmbPath & { readonly directory?: boolean | undefined; readonly content?: Uint8Array | undefined },
  ): Promise<void> {
    const kind = options.directory === true ? directoryKind : fileKind;
    const { content } = options;
    const node = await this.#store.write(() => this.#insert(this.#locate(options), kind));
    if (content === undefined || content.length === 0) return;
    await writeRange(this.#store, node.id, smbWrite(0, content));
  }

  /** Renames within the share. An existing target is refused, or replaced if it is a file and `replace` says so. */
  async rename(options: SmbPath & { readonly to: string; readonly replace?: boolean | undefined }): Promise<void> {
    const store = this.#store;
    await store.write((part) => {
      const from = this.#locate(options);
      const to = this.#locate({ share: options.share, path: options.to });
      const { node } = from;
      if (node === undefined) throw new FilesError('ResourceNotFound');
      const [, directory] = [directoryOf(from), directoryOf(to)];
      store.handles.check(node.id, 'delete');
      if (node.kind === directoryKind) store.handles.checkBelow(node.id);
      if (to.above.includes(node.id)) throw new FilesError('InvalidInput');
      if (to.node !== undefined && to.node.id !== node.id) {
        if (options.replace !== true || to.node.kind === directoryKind) throw new FilesError('ResourceAlreadyExists');
        store.handles.check(to.node.id, 'delete');
        if (store.handles.isOpenNode(to.node.id)) throw new FilesError('SharingViolation');
        store.drop(part, to.node);
        store.tree.remove(to.node);
      }
      const etag = store.stamps.next();
      const place = { parent: directory.id, fold: to.fold, name: to.name };
      store.tree.move(node, { ...node, ...place, etag, changed: isoOf(etag) });
      store.handles.moved(node.id, to.above);
    });
  }

  /** Removes a file or an empty directory. Errors: ResourceNotFound, DirectoryNotEmpty, SharingViolation, ... */
  async remove(options: SmbPath): Promise<void> {
    const store = this.#store;
    await store.write((part) => {
      const place = this.#locate(options);
      const { node } = place;
      if (node === undefined) throw new FilesError('ResourceNotFound');
      directoryOf(place);
      store.handles.check(node.id, 'delete');
      if (isReadOnly(node)) throw new FilesError('ReadOnlyAttribute');
      if (holderOf(node) !== '') throw new FilesError('SharingViolation');
      if (node.kind === directoryKind && store.tree.hasChildren(node.id)) throw new FilesError('DirectoryNotEmpty');
      if (store.handles.deleteLater(node.id)) return;
      store.drop(part, node);
      store.tree.remove(node);
    });
  }

  #insert(place: Place, kind: number): Node {
    const parent = directoryOf(place);
    if (place.node !== undefined) throw new FilesError('ResourceAlreadyExists');
    const id = this.#store.stamps.next();
    const node: Node = {
      parent: parent.id,
      fold: place.fold,
      name: place.name,
      id,
      kind,
      size: 0,
      content: 0,
      etag: id,
      ...freshProperties(id, kind, inheritedBy(this.#store, place.share, parent, kind)),
      metadata: '',
      headers: '',
      lease: '',
    };
    this.#store.tree.insert(node);
    return node;
  }

  #locate({ share, path }: SmbPath): Place {
    const names = path.split('/').filter((name) => name !== '');
    for (const name of names) checkName(name);
    return locateLive(this.#store, { share, names, query: new Map() });
  }
}

class Handle implements SmbHandle {
  readonly id: string;
  readonly #store: Store;
  readonly #file: OpenFile;
  readonly #onClose: () => void;

  constructor(store: Store, file: OpenFile, onClose: () => void) {
    this.id = file.handleId;
    this.#store = store;
    this.#file = file;
    this.#onClose = onClose;
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#checkWritable();
    await writeRange(this.#store, this.#file.node, smbWrite(offset, bytes));
  }

  async truncate(size: number): Promise<void> {
    this.#checkWritable();
    const store = this.#store;
    await changeContent(store, this.#file.node, (old, part) => {
      checkGrowth(store, old, size);
      const stamp = store.stamps.next();
      let content = old.content;
      if (size < old.size && content !== 0) {
        const next = cut(store.contents.get(content), store.ownContent(old, stamp), size);
        store.replaceContent(old, next, part);
        content = next.id;
      }
      const now = isoOf(stamp);
      const next = { ...old, size, content, etag: stamp, written: now, changed: now };
      store.handles.wrote(old);
      store.tree.update(next, old.size);
      return next;
    });
  }

  async deleteOnClose(): Promise<void> {
    this.#checkOpen();
    const node = this.#store.tree.byId(this.#file.node);
    if (node === undefined) throw new FilesError('ResourceNotFound');
    if (isReadOnly(node)) throw new FilesError('CannotDeleteFileOrDirectory');
    this.#store.handles.deleteLater(node.id);
  }

  async close(): Promise<void> {
    this.#checkOpen();
    const store = this.#store;
    const last = store.handles.close(this.#file);
    this.#onClose();
    if (!last) return;
    await store.write((part) => {
      const node = store.tree.byId(this.#file.node);
      if (node === undefined || (node.kind === directoryKind && store.tree.hasChildren(node.id))) return;
      store.drop(part, node);
      store.tree.remove(node);
    });
  }

  #checkOpen(): void {
    if (!this.#store.handles.isOpen(this.#file)) throw new FilesError('ResourceNotFound', 'handle');
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.#file.access !== 'write') throw new FilesError('AuthorizationPermissionMismatch', 'handle');
  }
}

function smbWrite(offset: number, bytes: Uint8Array) {
  return {
    offset,
    bytes,
    grows: true,
    check: (): void => undefined,
    written: (_node: Node, now: string): string => now,
  };
}
