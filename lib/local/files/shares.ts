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
  readonly lease: string;
}

const columns = 'name, root, quota, tier, etag, metadata, acl, frozen, lease';

/** The shares of the account. There are few and every request names one, so they are kept in memory too. */
export class Shares {
  readonly #all: Statement;
  readonly #put: Statement;
  readonly #delete: Statement;
  #frozen = 0;
  #byName: Map<string, Share> | undefined;
  #roots = new Map<number, Share>();

  constructor(db: Database) {
    this.#all = db.prepare(`SELECT ${columns} FROM share ORDER BY name`);
    this.#put = db.prepare(`INSERT OR REPLACE INTO share (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
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

  /** The newest snapshot of all shares; 0 if there is none. */
  get frozen(): number {
    this.#load();
    return this.#frozen;
  }

  /** The newest snapshot of the share with this root; 0 if there is none, or no such share. */
  newest(root: number): number {
    return this.byRoot(root)?.frozen ?? 0;
  }

  byRoot(root: number): Share | undefined {
    this.#load();
    return this.#roots.get(root);
  }

  put(s: Share): void {
    this.forget();
    this.#put.run(s.name, s.root, s.quota, s.tier, s.etag, s.metadata, s.acl, s.frozen, s.lease);
  }

  delete(name: string): void {
    this.forget();
    this.#delete.run(name);
  }

  /** For a transaction that was rolled back: what is cached may never have been. */
  forget(): void {
    this.#byName = undefined;
  }

  #load(): Map<string, Share> {
    if (this.#byName !== undefined) return this.#byName;
    const shares = this.#all.all() as unknown as readonly Share[];
    this.#frozen = shares.reduce((latest, share) => Math.max(latest, share.frozen), 0);
    this.#roots = new Map(shares.map((share) => [share.root, share]));
    this.#byName = new Map(shares.map((share) => [share.name, share]));
    return this.#byName;
  }
}
