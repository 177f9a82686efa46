// An Azure file share in memory, with the semantics that the commit protocol leans on: names compare without case, a rename
// keeps file id, content and last-write and gives a new ETag, nothing is replaced, a missing source is told before a taken
// target, and what an SMB client holds open answers `busy`.
import { fold } from '../../lib/core/fold.ts';
import {
  ShareRefusal,
  type Renamed,
  type Share,
  type ShareEntry,
  type ShareFault,
  type ShareKind,
  type ShareProperties,
  type ShareSnapshot,
  type Traits,
} from '../../lib/cloud/ports.ts';
import { through, type Hooks } from './remote-call.ts';

export interface Entry {
  name: string;
  readonly kind: ShareKind;
  readonly fileId: string;
  readonly children: Map<string, Entry>;
  content: Uint8Array;
  /** Allocated ranges; the rest of the content is a hole. */
  ranges: readonly (readonly [number, number])[];
  etag: string;
  lastWrite: string;
  changedAt: number;
  metadata: Readonly<Record<string, string>>;
  traits: Traits;
  /** How many SMB clients have it open. */
  open: number;
  deletePending: boolean;
}

type Now = () => number;

export class MemoryShare {
  readonly root: Entry;
  readonly #now: Now;
  readonly #snapshots = new Map<string, ShareSnapshot & { readonly root: Entry }>();
  #stamp = 0;

  constructor(now: Now, root?: Entry) {
    this.#now = now;
    this.root = root ?? this.#entry('', 'directory', {});
  }

  client(hooks: Hooks = {}): Share {
    const call = <T>(method: string, args: readonly unknown[], apply: () => T): Promise<T> =>
      through(hooks, { service: 'share', method, args }, apply);
    /** By file id: what this client was told last. */
    const told = new Map<string, ShareProperties>();
    return {
      properties: (path, kind) =>
        call('properties', [path, kind], () => {
          const found = this.properties(path, kind);
          if (found !== undefined) told.set(found.fileId, found);
          return found;
        }),
      list: (dir, prefix) => call('list', [dir, prefix], () => this.list(dir, prefix)),
      rename: (from, to, kind, traits) =>
        call('rename', [from, to, kind, traits], () => this.rename(from, to, kind, traits)),
      mkdir: (path, metadata) => call('mkdir', [path, metadata], () => this.#make(path, 'directory', metadata)),
      create: (path, metadata) => call('create', [path, metadata], () => this.#make(path, 'file', metadata)),
      setMetadata: (path, kind, metadata) =>
        call('setMetadata', [path, kind, metadata], () => this.#set(path, kind, { metadata })),
      setLastWrite: (path, lastWrite) =>
        call('setLastWrite', [path, lastWrite], () => {
          const { fileId, lastWrite: before, content } = this.#existing(path, 'file');
          const { lastWrite: known, size } = told.get(fileId) ?? {};
          if (known !== before && size === content.length) this.writtenUnseen(content);
          return this.#set(path, 'file', { lastWrite });
        }),
      ranges: (path) => call('ranges', [path], () => this.#existing(path, 'file').ranges),
      read: (path, etag, offset, length) =>
        call('read', [path, etag, offset, length], () => {
          const entry = this.find(path);
          if (entry?.kind !== 'file' || entry.etag !== etag) return undefined;
          return entry.content.slice(offset, offset + length);
        }),
      remove: (path, kind) => call('remove', [path, kind], () => this.remove(path, kind)),
      takeSnapshot: (metadata) => call('takeSnapshot', [metadata], () => this.takeSnapshot(metadata)),
      snapshots: () => call('snapshots', [], () => this.snapshots()),
      removeSnapshot: (id) => call('removeSnapshot', [id], () => void this.#snapshots.delete(id)),
    };
  }

  /** Who sets a last-write hides one that he was not told of; a new length would still tell. */
  protected writtenUnseen(_content: Uint8Array): void {}

  /** What is at a path, whatever its kind. */
  find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.root;
    for (const name of path.split('/').filter((part) => part !== '')) entry = entry?.children.get(fold(name));
    return entry;
  }

  properties(path: string, kind: ShareKind): ShareProperties | undefined {
    if (this.find(path) === undefined) return undefined;
    const entry = this.#existing(path, kind);
    const { fileId, etag, lastWrite, metadata, traits, content } = entry;
    return { kind, size: content.length, fileId, etag, lastWrite, metadata, traits };
  }

  list(dir: string, prefix: string): readonly ShareEntry[] | undefined {
    const entry = this.find(dir);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'directory') throw refusal('mismatch', 'ResourceTypeMismatch', dir);
    return [...entry.children]
      .filter(([key]) => key.startsWith(fold(prefix)))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { name, kind, content, etag, fileId, lastWrite, changedAt }]) => ({
        name,
        kind,
        size: content.length,
        etag,
        fileId,
        lastWrite,
        changedAt,
      }));
  }

  rename(from: string, to: string, kind: ShareKind, traits?: Traits): Renamed {
    const entry = this.#existing(from, kind);
    this.#refuseOpen(entry, from);
    const [oldParent] = this.#place(from);
    const [parent, name] = this.#place(to);
    const there = parent.children.get(fold(name));
    if (kind === 'directory' && below(entry).includes(parent)) throw new Error(`InvalidInput: ${from} into itself`);
    if (there !== undefined && there !== entry) throw this.#taken(there, to);
    oldParent.children.delete(fold(entry.name));
    entry.name = name;
    parent.children.set(fold(name), entry);
    if (traits !== undefined) entry.traits = { ...entry.traits, ...traits };
    return this.#touch(entry);
  }

  remove(path: string, kind: ShareKind): void {
    if (this.find(path) === undefined) return;
    const entry = this.#existing(path, kind);
    this.#refuseOpen(entry, path);
    if (entry.children.size > 0) throw refusal('not-empty', 'DirectoryNotEmpty', path);
    this.#place(path)[0].children.delete(fold(entry.name));
  }

  /** Everything as it is now; answers the name of the snapshot. */
  takeSnapshot(metadata: Readonly<Record<string, string>>): string {
    if (this.#snapshots.size >= 200) throw refusal('limit', 'ShareSnapshotCountExceeded', '');
    const id = this.#time();
    this.#snapshots.set(id, { id, metadata, root: copyOf(this.root) });
    return id;
  }

  snapshots(): readonly ShareSnapshot[] {
    return [...this.#snapshots.values()]
      .map(({ id, metadata }) => ({ id, metadata }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The share as it was, to look at. */
  past(id: string): MemoryShare | undefined {
    const snapshot = this.#snapshots.get(id);
    return snapshot === undefined ? undefined : new MemoryShare(this.#now, snapshot.root);
  }

  /** A file whole in one request, as agents upload into staging and SMB clients save anew. */
  upload(
    path: string,
    content: Uint8Array,
    more: { metadata?: Readonly<Record<string, string>>; lastWrite?: string; ranges?: Entry['ranges'] } = {},
  ): Renamed {
    this.#make(path, 'file', more.metadata ?? {});
    const entry = this.#existing(path, 'file');
    entry.content = content;
    entry.ranges = more.ranges ?? (content.length === 0 ? [] : [[0, content.length]]);
    if (more.lastWrite !== undefined) entry.lastWrite = more.lastWrite;
    return factsOf(entry);
  }

  mkdir(path: string): Renamed {
    return this.#make(path, 'directory', {});
  }

  /** Other content in the same file, as an SMB client writes it: the file id stays. */
  write(path: string, content: Uint8Array): Renamed {
    const entry = this.#existing(path, 'file');
    entry.content = content;
    entry.ranges = content.length === 0 ? [] : [[0, content.length]];
    const facts = this.#touch(entry);
    entry.lastWrite = this.#time();
    return { ...facts, lastWrite: entry.lastWrite };
  }

  /** A new ETag and nothing else: an attribute was set. */
  touch(path: string): Renamed {
    const entry = this.find(path);
    if (entry === undefined) throw refusal('absent', 'ResourceNotFound', path);
    return this.#touch(entry);
  }

  /** An SMB client opens it without share-delete; the answer closes it. */
  open(path: string): () => void {
    const entry = this.find(path);
    if (entry === undefined) throw refusal('absent', 'ResourceNotFound', path);
    entry.open++;
    return () => {
      entry.open--;
    };
  }

  /** Deleted while somebody has it open: until the answer is called every request is told so, then the file is gone. */
  deletePending(path: string): () => void {
    const entry = this.find(path);
    if (entry === undefined) throw refusal('absent', 'ResourceNotFound', path);
    entry.deletePending = true;
    return () => {
      entry.deletePending = false;
      this.remove(path, entry.kind);
    };
  }

  /** Every file and directory below a directory with its path; the directory itself is not among them. */
  walk(dir = ''): readonly (readonly [path: string, entry: Entry])[] {
    const from = this.find(dir);
    const out: (readonly [string, Entry])[] = [];
    for (const [, child] of [...(from?.children ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const path = dir === '' ? child.name : `${dir}/${child.name}`;
      out.push([path, child], ...this.walk(path));
    }
    return out;
  }

  #make(path: string, kind: ShareKind, metadata: Readonly<Record<string, string>>): Renamed {
    const [parent, name] = this.#place(path);
    const there = parent.children.get(fold(name));
    if (there !== undefined) throw this.#taken(there, path);
    const entry = this.#entry(name, kind, metadata);
    parent.children.set(fold(name), entry);
    return factsOf(entry);
  }

  #set(path: string, kind: ShareKind, change: Partial<Pick<Entry, 'metadata' | 'lastWrite'>>): Renamed {
    const entry = this.#existing(path, kind);
    Object.assign(entry, change);
    return this.#touch(entry);
  }

  #existing(path: string, kind: ShareKind): Entry {
    const entry = this.find(path);
    if (entry === undefined) throw refusal('absent', 'ResourceNotFound', path);
    if (entry.kind !== kind) throw refusal('mismatch', 'ResourceTypeMismatch', path);
    if (entry.deletePending) throw refusal('busy', 'DeletePending', path);
    return entry;
  }

  #refuseOpen(entry: Entry, path: string): void {
    if (entry.open > 0 || below(entry).some((each) => each.open > 0)) throw refusal('busy', 'SharingViolation', path);
  }

  #taken(there: Entry, path: string): ShareRefusal {
    return there.deletePending
      ? refusal('busy', 'DeletePending', path)
      : refusal('exists', 'ResourceAlreadyExists', path);
  }

  #place(path: string): readonly [parent: Entry, name: string] {
    const slash = path.lastIndexOf('/');
    const parent = this.find(path.slice(0, Math.max(slash, 0)));
    if (parent?.kind !== 'directory') throw refusal('absent', 'ParentNotFound', path);
    const name = path.slice(slash + 1);
    if (!isShareName(name)) throw new Error(`InvalidResourceName: ${JSON.stringify(path)}`);
    return [parent, name];
  }

  #entry(name: string, kind: ShareKind, metadata: Readonly<Record<string, string>>): Entry {
    const stamp = ++this.#stamp;
    const lastWrite = this.#time();
    const content = new Uint8Array();
    const facts = { fileId: `f${stamp}`, etag: `"0x${stamp.toString(16)}"`, lastWrite, changedAt: this.#now() };
    const rest = { children: new Map<string, Entry>(), content, ranges: [], open: 0, deletePending: false };
    return { name, kind, metadata, traits: {}, ...facts, ...rest };
  }

  #touch(entry: Entry): Renamed {
    entry.etag = `"0x${(++this.#stamp).toString(16)}"`;
    entry.changedAt = this.#now();
    return factsOf(entry);
  }

  /** Never the same twice, as 100 ns are a short time; the stamp takes the place of the digits below a millisecond. */
  #time(): string {
    const digits = (++this.#stamp % 10_000).toString().padStart(4, '0');
    return new Date(this.#now()).toISOString().replace('Z', `${digits}Z`);
  }
}

/** As Azure Files documents it. */
function isShareName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || name.length > 255) return false;
  if (/["\\/:|<>*?\p{Cc}]/u.test(name) || !name.isWellFormed()) return false;
  return !/^(con|prn|aux|nul|clock\$|com[1-9]|lpt[1-9])$/i.test(name);
}

function factsOf({ etag, fileId, lastWrite }: Entry): Renamed {
  return { etag, fileId, lastWrite };
}

/** Contents and metadata are never changed in place. */
function copyOf(entry: Entry): Entry {
  const children = [...entry.children].map(([key, child]) => [key, copyOf(child)] as const);
  return { ...entry, children: new Map(children) };
}

function below(entry: Entry): readonly Entry[] {
  return [entry, ...[...entry.children.values()].flatMap((child) => below(child))];
}

function refusal(fault: ShareFault, code: string, path: string): ShareRefusal {
  return new ShareRefusal(fault, code, `${path}: ${code}`);
}
