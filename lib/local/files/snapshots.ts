import type { Database, Statement } from '../../base/sqlite.ts';
import { FilesError } from './errors.ts';
import type { Share } from './shares.ts';
import { isoOf, stampOf } from './stamps.ts';

/** A row of the table `snapshot`; on the wire its name is `isoOf(id)`. */
export interface Snapshot {
  readonly id: number;
  readonly share: number;
  readonly quota: number;
  readonly metadata: string;
  readonly tier: string;
  readonly etag: number;
  readonly lease: string;
}

const columns = 'id, share, quota, metadata, tier, etag, lease';

/** The snapshots of shares and what they keep of the share itself; their trees are in `Past`. */
export class Snapshots {
  readonly #list: Statement;
  readonly #find: Statement;
  readonly #insert: Statement;
  readonly #setLease: Statement;
  readonly #setGone: Statement;
  readonly #nextGone: Statement;
  readonly #before: Statement;
  readonly #delete: Statement;

  constructor(db: Database) {
    this.#list = db.prepare(`SELECT ${columns} FROM snapshot WHERE share = ? AND gone = 0 ORDER BY id`);
    this.#find = db.prepare(`SELECT ${columns} FROM snapshot WHERE id = ? AND share = ? AND gone = 0`);
    this.#insert = db.prepare(`INSERT INTO snapshot (${columns}, gone) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`);
    this.#setLease = db.prepare('UPDATE snapshot SET lease = ? WHERE id = ?');
    this.#setGone = db.prepare('UPDATE snapshot SET gone = 1 WHERE id = ?');
    this.#nextGone = db.prepare('SELECT id, share FROM snapshot WHERE gone = 1 LIMIT 1');
    this.#before = db.prepare('SELECT max(id) AS id FROM snapshot WHERE share = ? AND id < ? AND gone = 0');
    this.#delete = db.prepare('DELETE FROM snapshot WHERE id = ?');
  }

  list(root: number): readonly Snapshot[] {
    return this.#list.all(root) as unknown as readonly Snapshot[];
  }

  /** Errors: InvalidQueryParameterValue, ShareSnapshotNotFound. */
  find(share: Share, time: string): Snapshot {
    const id = stampOf(time);
    if (id === undefined) throw new FilesError('InvalidQueryParameterValue', 'sharesnapshot');
    const found = this.#find.get(id, share.root) as unknown as Snapshot | undefined;
    if (found === undefined || isoOf(found.id) !== time) throw new FilesError('ShareSnapshotNotFound');
    return found;
  }

  /** Inside a transaction. */
  create(share: Share, id: number, metadata: string): void {
    this.#insert.run(id, share.root, share.quota, metadata, share.tier, share.etag, '');
  }

  /** Inside a transaction. */
  setLease(id: number, lease: string): void {
    this.#setLease.run(lease, id);
  }

  /** Inside a transaction: from now on nobody finds it; what only it needed is still there. */
  remove(id: number): void {
    this.#setGone.run(id);
  }

  /** One that was removed and whose rows are still there. */
  nextGone(): Pick<Snapshot, 'id' | 'share'> | undefined {
    return this.#nextGone.get() as unknown as Pick<Snapshot, 'id' | 'share'> | undefined;
  }

  /** The newest one of a share that is older than `id`; 0 if there is none. */
  before(root: number, id: number): number {
    return Number(this.#before.get(root, id)?.['id'] ?? 0);
  }

  /** Inside a transaction: forgets one whose rows are gone. */
  forgetGone(id: number): void {
    this.#delete.run(id);
  }
}
