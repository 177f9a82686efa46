// Rows of one group, read through a cache that is exact or not used: every change of a node, id or endpoint row goes with a
// transaction on `head`, so as long as `head` carries the txnId that the cache was filled under, no row has moved.
import type { NodeId } from '../core/node.ts';
import { keyRuns } from './key-runs.ts';
import type { Row, Table } from './ports.ts';
import {
  after,
  headKey,
  headRow,
  markedPrefix,
  markedRow,
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
  /** Monotonic ms of this instance when it last told that the group's log has grown. */
  publishedAt: number;
}

export function emptyCache(): RowCache {
  return { txnId: '', rows: new Map(), complete: new Set(), marked: new Map(), publishedAt: -Infinity };
}

const parsed = new WeakMap<Row, unknown>();

/** What a row says: one in the cache is asked for again and again, a directory's for every file in it. Always by one schema. */
export function parsedOnce<T>(row: Row, schema: { parse(value: unknown): T }): T {
  let value = parsed.get(row);
  if (value === undefined) parsed.set(row, (value = schema.parse(row.value)));
  return value as T;
}

const maxRows = 60_000;
const maxChildren = 4_000;
const pageSize = 1_000;

export class CachedRows {
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
    this.#cache.marked.set(id, new Map());
  }

  /** This is the head; nothing else is known. */
  startFrom(head: { readonly row: HeadRow; readonly etag: string }): void {
    this.#head = head;
    this.#forget(head.row.txnId);
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

  /** For a row that others change without the head: read again, whatever is cached. */
  async fresh(key: string): Promise<Row | undefined> {
    return this.#get(key);
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
    await Promise.all(keyRuns(unread).map((run) => this.#loadBetween(run)));
  }

  async #loadBetween(run: readonly string[]): Promise<void> {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) return;
    const rows = run.length < 2 ? [] : await this.#table.range(this.group, first, `${last}!`, pageSize);
    if (run.length < 2 || rows.length >= pageSize) {
      await Promise.all(run.map((key) => this.row(key)));
      return;
    }
    for (const key of run) this.#cache.rows.set(key, null);
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

  /** The node row under a key of a directory's children. */
  async nodeAt(key: string, parent: NodeId): Promise<NodeRow | undefined> {
    this.reads.add(key);
    if (this.#cache.complete.has(parent) && !this.#cache.rows.has(key)) return undefined;
    const row = await this.row(key);
    return row === undefined ? undefined : parsedOnce(row, nodeRow);
  }

  /** Ids of nodes of a directory that are not, or once were not, under their plain share names, by Linux names. */
  async markedIn(parent: NodeId): Promise<ReadonlyMap<string, readonly NodeId[]>> {
    const known = this.#cache.marked.get(parent);
    if (known !== undefined) return known;
    const out = new Map<string, NodeId[]>();
    const prefix = markedPrefix(parent);
    for await (const row of this.pages(prefix, after(prefix))) {
      const { name } = markedRow.parse(row.value);
      out.set(name, [...(out.get(name) ?? []), row.key.slice(prefix.length)]);
    }
    this.#cache.marked.set(parent, out);
    return out;
  }

  /** All rows with from <= key < to. */
  async *pages(from: string, to: string): AsyncIterable<Row> {
    for (let at = from; ;) {
      const rows = await this.#table.range(this.group, at, to, pageSize);
      yield* rows;
      const last = rows.at(-1);
      if (rows.length < pageSize || last === undefined) return;
      at = `${last.key}!`; // sorts right behind it
    }
  }
}

/** Nodes among the rows of a directory that are not under their plain share names, by their Linux names. */
function markedOf(rows: readonly Row[]): Map<string, NodeId[]> {
  const out = new Map<string, NodeId[]>();
  for (const row of rows) {
    const { id, name, share } = parsedOnce(row, nodeRow);
    if (share !== undefined) out.set(name, [...(out.get(name) ?? []), id]);
  }
  return out;
}
