import type { Database, Statement } from '../../base/sqlite.ts';
import { FilesError } from './errors.ts';

/** A row of the table `share`. */
export interface Share {
  readonly name: string;
  readonly root: number;
  readonly quota: number;
  readonly tier: string;
  readonly etag: number;
  readonly metadata: string;
  readonly acl: string;
  readonly frozen: number;
}

/** The shares of the account. There are few and every request names one, so they are kept in memory too. */
export class Shares {
  readonly #all: Statement;
  readonly #put: Statement;
  readonly #delete: Statement;
  #frozen = 0;
  #cache: Map<string, Share> | undefined;

  constructor(db: Database) {
    this.#all = db.prepare('SELECT name, root, quota, tier, etag, metadata, acl, frozen FROM share ORDER BY name');
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO share (name, root, quota, tier, etag, metadata, acl, frozen) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#delete = db.prepare('DELETE FROM share WHERE name = ?');
  }

  find(name: string): Share | undefined {
    return this.#load().get(name);
  }

  get(name: string): Share {
    const share = this.#load().get(name);
    if (share === undefined) throw new FilesError('ShareNotFound');
    return share;
  }

  all(): readonly Share[] {
    return [...this.#load().values()];
  }

  /** No snapshot holds a content with this id or a larger one. */
  get frozen(): number {
    this.#load();
    return this.#frozen;
  }

  put(s: Share): void {
    this.#cache = undefined;
    this.#put.run(s.name, s.root, s.quota, s.tier, s.etag, s.metadata, s.acl, s.frozen);
  }

  delete(name: string): void {
    this.#cache = undefined;
    this.#delete.run(name);
  }

  /** For a transaction that was rolled back: what is cached may never have been. */
  forget(): void {
    this.#cache = undefined;
  }

  #load(): Map<string, Share> {
    if (this.#cache !== undefined) return this.#cache;
    const shares = this.#all.all() as unknown as readonly Share[];
    this.#frozen = shares.reduce((latest, share) => Math.max(latest, share.frozen), 0);
    this.#cache = new Map(shares.map((share) => [share.name, share]));
    return this.#cache;
  }
}
