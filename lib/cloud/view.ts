// What the namespace says, read through a cache that is exact or not used: every change of a node, id or endpoint row goes
// with a transaction on `head`, so as long as `head` carries the txnId that the cache was filled under, no row has moved.
import { rootId, type NodeId } from '../core/node.ts';
import { plainShareName } from '../core/share-name.ts';
import { ours } from '../protocol/layout.ts';
import type { Row, Table } from './ports.ts';
import {
  after,
  headKey,
  headRow,
  idKey,
  idRow,
  markedPrefix,
  markedRow,
  nameKey,
  nodeKey,
  nodePrefix,
  nodeRow,
  type HeadRow,
  type NodeRow,
} from './rows.ts';

/** A cache of one group's rows; `null` stands for a key that is known to be free. A function instance may keep it as a hint. */
export interface RowCache {
  txnId: string;
  rows: Map<string, Row | null>;
  /** Directories all of whose children are in `rows`. */
  complete: Set<NodeId>;
  /** By directory: ids of nodes under a share name that is not the plain one, by their Linux names. */
  marked: Map<NodeId, Map<string, NodeId[]>>;
}

export function emptyCache(): RowCache {
  return { txnId: '', rows: new Map(), complete: new Set(), marked: new Map() };
}

const maxRows = 60_000;
const maxChildren = 4_000;
const pageSize = 1_000;

export type Found =
  | { readonly state: 'alive'; readonly row: NodeRow; readonly key: string }
  /** Deleted, by itself or with a directory above; `row` says where and what it was. */
  | { readonly state: 'dead'; readonly row: NodeRow }
  | { readonly state: 'unknown' };

export class View {
  readonly group: string;
  /** Keys of the rows, and names, that were asked for since somebody cleared it: what a decision was made on. */
  readonly reads = new Set<string>();
  readonly #table: Table;
  readonly #cache: RowCache;
  readonly #pending = new Map<string, Promise<Row | undefined>>();
  #head: { row: HeadRow; etag: string } | undefined;

  constructor(table: Table, group: string, cache: RowCache) {
    this.#table = table;
    this.group = group;
    this.#cache = cache;
  }

  /** Reads `head` anew and drops the cache when somebody else has committed meanwhile. */
  async refresh(): Promise<{ row: HeadRow; etag: string } | undefined> {
    const row = await this.#table.get(this.group, headKey);
    if (row === undefined) return undefined;
    this.#head = { row: headRow.parse(row.value), etag: row.etag };
    if (this.#cache.txnId !== this.#head.row.txnId || this.#cache.rows.size > maxRows)
      this.#forget(this.#head.row.txnId);
    return this.#head;
  }

  get head(): { row: HeadRow; etag: string } {
    if (this.#head === undefined) throw new Error('broken invariant: the head was not read');
    return this.#head;
  }

  /** After a transaction of ours on `head` that went through: what it wrote is what the rows now are. */
  advance(head: HeadRow, etag: string, written: readonly Row[], deleted: readonly string[]): void {
    this.#head = { row: head, etag };
    this.#cache.txnId = head.txnId;
    for (const row of written) this.#cache.rows.set(row.key, row);
    for (const key of deleted) this.#cache.rows.set(key, null);
    for (const key of [...written.map((row) => row.key), ...deleted])
      if (key.startsWith('marked|')) this.#cache.marked.delete(key.split('|')[1] ?? '');
  }

  /** A directory that was made under an id never used before has no children. */
  knownEmpty(id: NodeId): void {
    this.#cache.complete.add(id);
  }

  /** Nothing cached is believed any more. */
  forget(): void {
    this.#forget('');
  }

  #forget(txnId: string): void {
    this.#cache.txnId = txnId;
    this.#cache.rows.clear();
    this.#cache.complete.clear();
    this.#cache.marked.clear();
  }

  async row(key: string): Promise<Row | undefined> {
    this.reads.add(key);
    const known = this.#cache.rows.get(key);
    if (known !== undefined) return known ?? undefined;
    const pending = this.#pending.get(key) ?? this.#get(key);
    this.#pending.set(key, pending);
    return pending;
  }

  async #get(key: string): Promise<Row | undefined> {
    try {
      const row = await this.#table.get(this.group, key);
      this.#cache.rows.set(key, row ?? null);
      return row;
    } finally {
      this.#pending.delete(key);
    }
  }

  /** Looks up keys of which most are free, and which lie close together, with few reads. */
  async loadNew(keys: readonly string[]): Promise<void> {
    const unread = keys.filter((key) => !this.#cache.rows.has(key));
    // Counted ids sort by their numbers where they are of one length.
    await Promise.all([...Map.groupBy(unread, (key) => key.length).values()].map((same) => this.#loadBetween(same)));
  }

  async #loadBetween(keys: readonly string[]): Promise<void> {
    const sorted = keys.toSorted();
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (first === undefined || last === undefined) return;
    const rows = sorted.length < 2 ? [] : await this.#table.range(this.group, first, `${last}!`, pageSize);
    if (sorted.length < 2 || rows.length >= pageSize) {
      await Promise.all(sorted.map((key) => this.row(key)));
      return;
    }
    for (const key of sorted) this.#cache.rows.set(key, null);
    for (const row of rows) this.#cache.rows.set(row.key, row);
  }

  /** One read instead of many, before several names of one directory are asked for; false where it has more children. */
  async loadChildren(parent: NodeId, limit: number): Promise<boolean> {
    if (this.#cache.complete.has(parent)) return true;
    const prefix = nodePrefix(parent);
    const rows = await this.#table.range(this.group, prefix, after(prefix), Math.min(limit, maxChildren) + 1);
    for (const row of rows) this.#cache.rows.set(row.key, row);
    if (rows.length > Math.min(limit, maxChildren)) return false;
    this.#cache.complete.add(parent);
    this.#cache.marked.set(parent, markedOf(rows));
    return true;
  }

  async #nodeAt(key: string, parent: NodeId): Promise<NodeRow | undefined> {
    this.reads.add(key);
    if (this.#cache.complete.has(parent) && !this.#cache.rows.has(key)) return undefined;
    const row = await this.row(key);
    return row === undefined ? undefined : nodeRow.parse(row.value);
  }

  /** The seq at or below which the children of a live directory are dead; undefined when the directory itself is dead. */
  async #clearedOf(parent: NodeId): Promise<number | undefined> {
    if (parent === rootId) return 0;
    const found = await this.find(parent);
    // An id that became an alias when its directory was dead: what died below it does not come back with the other one.
    return found.state === 'alive' && found.row.id === parent ? (found.row.cleared ?? 0) : undefined;
  }

  /** Follows aliases; tells the dead from the living, ancestors included. */
  async find(id: NodeId): Promise<Found> {
    const row = await this.row(idKey(id));
    if (row === undefined) return { state: 'unknown' };
    const place = idRow.parse(row.value);
    if ('alias' in place) return this.find(place.alias);
    if ('dead' in place) return { state: 'dead', row: place.last };
    const node = await this.#nodeAt(place.key, place.parent);
    if (node === undefined || node.id !== id) return { state: 'unknown' }; // its row was taken after it died with its directory
    const cleared = await this.#clearedOf(place.parent);
    if (cleared === undefined || node.seq <= cleared) return { state: 'dead', row: node };
    return { state: 'alive', row: node, key: place.key };
  }

  /** The live child of a live directory that holds this name on the share (by fold key). */
  async childOnShare(parent: NodeId, shareName: string): Promise<NodeRow | undefined> {
    const node = await this.#nodeAt(nodeKey(parent, shareName), parent);
    if (node === undefined) return undefined;
    const cleared = await this.#clearedOf(parent);
    return cleared === undefined || node.seq <= cleared ? undefined : node;
  }

  /** The live child with exactly this Linux name, wherever its share name had to go. */
  async childNamed(parent: NodeId, name: string): Promise<NodeRow | undefined> {
    this.reads.add(nameKey(parent, name));
    const plain = plainShareName(name);
    const there = plain === undefined ? undefined : await this.childOnShare(parent, plain);
    if (there?.name === name) return there;
    for (const id of (await this.#markedIn(parent)).get(name) ?? []) {
      const found = await this.find(id);
      if (found.state === 'alive' && found.row.parent === parent && found.row.name === name) return found.row;
    }
    return undefined;
  }

  async #markedIn(parent: NodeId): Promise<ReadonlyMap<string, readonly NodeId[]>> {
    const known = this.#cache.marked.get(parent);
    if (known !== undefined) return known;
    const out = new Map<string, NodeId[]>();
    const prefix = markedPrefix(parent);
    for await (const row of this.#rows(prefix, after(prefix))) {
      const { name } = markedRow.parse(row.value);
      out.set(name, [...(out.get(name) ?? []), row.key.slice(prefix.length)]);
    }
    this.#cache.marked.set(parent, out);
    return out;
  }

  /** The live directory at a path of the share. */
  async directoryAt(path: string): Promise<NodeId | undefined> {
    let id = rootId;
    for (const name of path.split('/').filter((each) => each !== '')) {
      const child = await this.childOnShare(id, name);
      if (child?.kind !== 'directory') return undefined;
      id = child.id;
    }
    return id;
  }

  /** All live children of a live directory. */
  async children(parent: NodeId): Promise<readonly NodeRow[]> {
    const cleared = await this.#clearedOf(parent);
    if (cleared === undefined) return [];
    const out: NodeRow[] = [];
    const prefix = nodePrefix(parent);
    for await (const row of this.#rows(prefix, after(prefix))) {
      const node = nodeRow.parse(row.value);
      if (node.seq > cleared) out.push(node);
    }
    return out;
  }

  async *#rows(from: string, to: string): AsyncIterable<Row> {
    for (let at = from; ;) {
      const rows = await this.#table.range(this.group, at, to, pageSize);
      yield* rows;
      const last = rows.at(-1);
      if (rows.length < pageSize || last === undefined) return;
      at = `${last.key}!`; // sorts right behind it
    }
  }

  /** From the node up to, not including, the root; undefined where the node is not alive. */
  async ancestry(id: NodeId): Promise<readonly NodeRow[] | undefined> {
    const chain: NodeRow[] = [];
    for (let at = id; at !== rootId;) {
      const found = await this.find(at);
      if (found.state !== 'alive') return undefined;
      chain.push(found.row);
      at = found.row.parent;
    }
    return chain;
  }

  /** The share path of a live directory (or file). */
  async pathOf(id: NodeId): Promise<string> {
    const chain = await this.ancestry(id);
    if (chain === undefined) throw new Error(`broken invariant: ${id} is not alive`);
    return chain
      .toReversed()
      .map((node) => shareNameOf(node))
      .join('/');
  }
}

/** Nodes among the rows of a directory that are not under their plain share names, by their Linux names. */
function markedOf(rows: readonly Row[]): Map<string, NodeId[]> {
  const out = new Map<string, NodeId[]>();
  for (const row of rows) {
    const { id, name, share } = nodeRow.parse(row.value);
    if (share !== undefined) out.set(name, [...(out.get(name) ?? []), id]);
  }
  return out;
}

export function shareNameOf(node: { readonly name: string; readonly share?: string | undefined }): string {
  return node.share ?? plainShareName(node.name) ?? node.name;
}

export function join(dir: string, name: string): string {
  return dir === '' ? name : `${dir}/${name}`;
}

/** `.tideway` at the root is ours, on the share as at a site. */
export function isOurs(parent: NodeId, shareName: string): boolean {
  return parent === rootId && shareName.toLowerCase() === ours;
}
