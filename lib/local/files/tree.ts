import type { Database, Statement } from '../../base/sqlite.ts';
import type { Past } from './past.ts';
import type { Usage } from './usage.ts';

export const fileKind = 1;
export const directoryKind = 2;

/** A row of the table `node`: see schema.ts. Times have seven decimals, as on the wire. */
export interface Node {
  readonly parent: number;
  readonly fold: string;
  readonly name: string;
  readonly id: number;
  readonly kind: number;
  readonly size: number;
  readonly content: number;
  readonly etag: number;
  readonly attributes: string;
  readonly created: string;
  readonly written: string;
  readonly changed: string;
  readonly permission: string;
  readonly metadata: string;
  readonly headers: string;
  readonly lease: string;
}

/** Those of `node` and of `past`. */
export const columns =
  'parent, fold, name, id, kind, size, content, etag, attributes, created, written, changed, permission, metadata, headers, lease';

const maxRemembered = 10_000;

/** The tree of all shares as rows. Writes are for use inside a transaction. */
export class Tree {
  readonly #find: Statement;
  readonly #byId: Statement;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #move: Statement;
  readonly #remove: Statement;
  readonly #list: Statement;
  readonly #hasChild: Statement;
  readonly #past: Past;
  readonly #usage: Usage;
  readonly #directories = new Map<string, Node>();

  constructor(db: Database, past: Past, usage: Usage) {
    this.#past = past;
    this.#usage = usage;
    this.#find = db.prepare(`SELECT ${columns} FROM node WHERE parent = ? AND fold = ?`);
    this.#byId = db.prepare(`SELECT ${columns} FROM node WHERE id = ?`);
    this.#insert = db.prepare(`INSERT INTO node (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#update = db.prepare(
      `UPDATE node SET size = ?, content = ?, etag = ?, attributes = ?, created = ?, written = ?, changed = ?,
       permission = ?, metadata = ?, headers = ?, lease = ? WHERE parent = ? AND fold = ?`,
    );
    this.#move = db.prepare(
      `UPDATE node SET parent = ?, fold = ?, name = ?, etag = ?, attributes = ?, created = ?, written = ?, changed = ?,
       permission = ?, metadata = ?, headers = ? WHERE parent = ? AND fold = ?`,
    );
    this.#remove = db.prepare('DELETE FROM node WHERE parent = ? AND fold = ?');
    this.#list = db.prepare(`SELECT ${columns} FROM node WHERE parent = ? AND fold >= ? ORDER BY fold LIMIT ?`);
    this.#hasChild = db.prepare('SELECT 1 FROM node WHERE parent = ? LIMIT 1');
  }

  /** `snapshot` 0 is the live tree. */
  find(parent: number, fold: string, snapshot = 0): Node | undefined {
    return snapshot === 0 ? row(this.#find.get(parent, fold)) : this.#past.find(snapshot, parent, fold);
  }

  /**
   * The same for a name in the middle of a path. Paths share their directories, so these are remembered until a
   * directory changes or a transaction, which may have shown one that never came to be, is rolled back.
   */
  findDirectory(parent: number, fold: string, snapshot: number): Node | undefined {
    if (snapshot !== 0) return this.find(parent, fold, snapshot);
    const key = `${parent} ${fold}`;
    let node = this.#directories.get(key);
    if (node !== undefined) return node;
    node = this.find(parent, fold);
    if (node?.kind !== directoryKind) return node;
    if (this.#directories.size >= maxRemembered) this.#directories.clear();
    this.#directories.set(key, node);
    return node;
  }

  forget(): void {
    this.#directories.clear();
  }

  byId(id: number): Node | undefined {
    return row(this.#byId.get(id));
  }

  /** Children whose key is at or after `from`, in the order of their keys. */
  list(parent: number, from: string, limit: number, snapshot = 0): readonly Node[] {
    if (snapshot !== 0) return this.#past.list(snapshot, parent, from, limit);
    return this.#list.all(parent, from, limit) as unknown as readonly Node[];
  }

  hasChildren(id: number): boolean {
    return this.#hasChild.get(id) !== undefined;
  }

  insert(n: Node): void {
    this.#usage.add(n.size);
    this.#insert.run(
      n.parent,
      n.fold,
      n.name,
      n.id,
      n.kind,
      n.size,
      n.content,
      n.etag,
      n.attributes,
      n.created,
      n.written,
      n.changed,
      n.permission,
      n.metadata,
      n.headers,
      n.lease,
    );
  }

  /** Writes all but the place and identity of the row. `before` is its size until now, where that changes. */
  update(n: Node, before = n.size): void {
    this.#usage.add(n.size - before);
    if (n.kind === directoryKind) this.forget();
    this.#past.keep(n.parent, n.fold, n.etag);
    this.#update.run(
      n.size,
      n.content,
      n.etag,
      n.attributes,
      n.created,
      n.written,
      n.changed,
      n.permission,
      n.metadata,
      n.headers,
      n.lease,
      n.parent,
      n.fold,
    );
  }

  /** Gives the row of `from` the place and properties of `to`; size, content and lease stay. */
  move(from: Node, to: Node): void {
    if (from.kind === directoryKind) this.forget();
    this.#past.keep(from.parent, from.fold, to.etag);
    this.#move.run(
      to.parent,
      to.fold,
      to.name,
      to.etag,
      to.attributes,
      to.created,
      to.written,
      to.changed,
      to.permission,
      to.metadata,
      to.headers,
      from.parent,
      from.fold,
    );
  }

  remove(n: Node): void {
    if (n.kind === directoryKind) this.forget();
    this.#past.keep(n.parent, n.fold, 0);
    this.#usage.add(-n.size);
    this.#remove.run(n.parent, n.fold);
  }
}

function row(found: unknown): Node | undefined {
  return found as Node | undefined;
}
