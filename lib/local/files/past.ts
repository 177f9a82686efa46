import type { Database, Statement } from '../../base/sqlite.ts';
import type { Shares } from './shares.ts';
import { columns, type Node } from './tree.ts';

const maxRemembered = 10_000;

/**
 * The trees of snapshots, of which only what has changed since is kept: making one costs a row whatever the share holds,
 * and a change costs a second row only if it is the first one since the newest snapshot of its share. See schema.ts for what
 * a row of `past` belongs to. Writes are for use inside a transaction.
 */
export class Past {
  readonly #shares: Shares;
  readonly #keep: Statement;
  readonly #find: Statement;
  readonly #findLive: Statement;
  readonly #list: Statement;
  readonly #byId: Statement;
  readonly #liveById: Statement;
  readonly #holds: Statement;
  readonly #parent: Statement;
  readonly #some: Statement;
  readonly #shorten: Statement;
  readonly #delete: Statement;
  readonly #roots = new Map<number, number>();

  constructor(db: Database, shares: Shares) {
    this.#shares = shares;
    this.#keep = db.prepare(
      `INSERT INTO past (${columns}, until) SELECT ${columns}, ?1 FROM node
       WHERE parent = ?2 AND fold = ?3 AND etag < ?1 AND etag <> ?4`,
    );
    this.#find = db.prepare(
      `SELECT ${columns} FROM past WHERE parent = ? AND fold = ? AND until >= ? ORDER BY until LIMIT 1`,
    );
    this.#findLive = db.prepare(`SELECT ${columns} FROM node WHERE parent = ? AND fold = ? AND etag < ?`);
    this.#list = db.prepare(
      `SELECT ${columns} FROM past WHERE parent = ?1 AND fold >= ?2 AND until >= ?3 AND etag < ?3 UNION ALL
       SELECT ${columns} FROM node WHERE parent = ?1 AND fold >= ?2 AND etag < ?3 ORDER BY fold LIMIT ?4`,
    );
    this.#byId = db.prepare(`SELECT ${columns} FROM past WHERE id = ? AND until >= ? ORDER BY until LIMIT 1`);
    this.#liveById = db.prepare(`SELECT ${columns} FROM node WHERE id = ? AND etag < ?`);
    // The second condition is that of the index, which is used only if the statement says the same.
    this.#holds = db.prepare('SELECT 1 FROM past WHERE content = ? AND content <> 0 LIMIT 1');
    this.#parent = db.prepare('SELECT parent FROM node WHERE id = ?');
    this.#some = db.prepare(`SELECT ${columns} FROM past WHERE until = ? LIMIT ?`);
    this.#shorten = db.prepare('UPDATE past SET until = ? WHERE parent = ? AND fold = ? AND until = ?');
    this.#delete = db.prepare('DELETE FROM past WHERE parent = ? AND fold = ? AND until = ?');
  }

  /** Before a live row changes to another state (with the ETag `etag`; 0: goes away): keeps it if a snapshot needs it. */
  keep(parent: number, fold: string, etag: number): void {
    if (this.#shares.frozen === 0) return;
    const newest = this.#newest(parent, fold);
    if (newest !== 0) this.#keep.run(newest, parent, fold, etag);
  }

  /** True if the content of this live row, as it is now, is that of a snapshot too. */
  shares(node: Pick<Node, 'parent' | 'fold' | 'content' | 'etag'>): boolean {
    if (node.content >= this.#shares.frozen) return false;
    return node.etag < this.#newest(node.parent, node.fold) || this.holds(node.content);
  }

  holds(content: number): boolean {
    return this.#holds.get(content) !== undefined;
  }

  find(snapshot: number, parent: number, fold: string): Node | undefined {
    const found = row(this.#find.get(parent, fold, snapshot));
    return found !== undefined && found.etag < snapshot ? found : row(this.#findLive.get(parent, fold, snapshot));
  }

  byId(snapshot: number, id: number): Node | undefined {
    const found = row(this.#byId.get(id, snapshot));
    return found !== undefined && found.etag < snapshot ? found : row(this.#liveById.get(id, snapshot));
  }

  list(snapshot: number, parent: number, from: string, limit: number): readonly Node[] {
    return this.#list.all(parent, from, snapshot, limit) as unknown as readonly Node[];
  }

  /**
   * Works off at most `limit` rows whose newest snapshot is `snapshot`, which is gone: those that belong to `previous` (0
   * if there is none) too stay for its sake, the others are removed and given back. None seen: done.
   */
  release(snapshot: number, previous: number, limit: number): { readonly seen: number; readonly removed: Node[] } {
    const found = this.#some.all(snapshot, limit) as unknown as readonly Node[];
    const removed: Node[] = [];
    for (const node of found)
      if (node.etag < previous) this.#shorten.run(previous, node.parent, node.fold, snapshot);
      else {
        this.#delete.run(node.parent, node.fold, snapshot);
        removed.push(node);
      }
    return { seen: found.length, removed };
  }

  /** The newest snapshot of the share that the place is in; 0 if there is none. */
  #newest(parent: number, fold: string): number {
    return parent === 0 ? (this.#shares.find(fold)?.frozen ?? 0) : this.#shares.newest(this.rootOf(parent));
  }

  /** The root above a directory. No directory moves to another share and no id is given out twice: it stays true. */
  rootOf(directory: number): number {
    const known = this.#roots.get(directory);
    if (known !== undefined) return known;
    let root = directory;
    for (let above = this.#above(root); above !== 0; above = this.#above(root)) root = above;
    if (this.#roots.size >= maxRemembered) this.#roots.clear();
    this.#roots.set(directory, root);
    return root;
  }

  #above(directory: number): number {
    return Number(this.#parent.get(directory)?.['parent'] ?? 0);
  }
}

function row(found: unknown): Node | undefined {
  return found as Node | undefined;
}
