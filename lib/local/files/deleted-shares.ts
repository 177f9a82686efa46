import type { Database, Statement } from '../../base/sqlite.ts';
import type { Share } from './shares.ts';

/** A share that was deleted and can be restored until it expires. */
export interface DeletedShare extends Share {
  /** Stamp of the deletion: of several of one name it tells which. */
  readonly deleted: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

const columns = 'name, root, quota, tier, etag, metadata, acl, frozen, lease, deleted, expires';

/** What soft delete keeps. Writes are for use inside a transaction. */
export class DeletedShares {
  readonly #all: Statement;
  readonly #insert: Statement;
  readonly #delete: Statement;
  readonly #moveRoot: Statement;

  constructor(db: Database) {
    this.#all = db.prepare(`SELECT ${columns} FROM deleted_share ORDER BY name, deleted`);
    this.#insert = db.prepare(`INSERT INTO deleted_share (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#delete = db.prepare('DELETE FROM deleted_share WHERE deleted = ?');
    this.#moveRoot = db.prepare('UPDATE node SET fold = ? WHERE parent = 0 AND fold = ?');
  }

  all(): readonly DeletedShare[] {
    return this.#all.all() as unknown as readonly DeletedShare[];
  }

  /** Takes over a share; its root makes way for a new share of the name. */
  add(s: DeletedShare): void {
    const { name, root, quota, tier, etag, metadata, acl, frozen, lease, deleted, expires } = s;
    this.#insert.run(name, root, quota, tier, etag, metadata, acl, frozen, lease, deleted, expires);
    this.#moveRoot.run(rootName(s), s.name);
  }

  /** Gives a share back: the caller puts its row. */
  restore(s: DeletedShare): void {
    this.#moveRoot.run(s.name, rootName(s));
    this.#delete.run(s.deleted);
  }

  /** Forgets one whose tree is gone. */
  forget(s: DeletedShare): void {
    this.#delete.run(s.deleted);
  }
}

/** The key of its root directory: no name of a share has a slash. */
export function rootName({ name, deleted }: Pick<DeletedShare, 'name' | 'deleted'>): string {
  return `${name}/${deleted}`;
}
