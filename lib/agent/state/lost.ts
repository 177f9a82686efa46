import type { Database } from '../../base/sqlite.ts';
import type { NodeId } from '../../core/node.ts';

/** What was agreed on and is missing at one side, or at the other; or that there is nothing which could be. */
export class Lost {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What was agreed and is not on the site. */
  here(): readonly NodeId[] {
    const rows = this.#db.prepare('SELECT id FROM synced WHERE id NOT IN (SELECT id FROM local)').all();
    return rows.map((row) => row['id'] as string);
  }

  /** Of the files that were agreed and are on the site: how many there are, and how many the remote tree lacks. */
  there(): { readonly lost: number; readonly of: number } {
    const row = this.#db
      .prepare(
        `SELECT count(*) AS agreed, count(*) FILTER (WHERE remote.id IS NULL) AS lost FROM synced
           JOIN local ON local.id = synced.id LEFT JOIN remote ON remote.id = synced.id WHERE synced.kind <> 'directory'`,
      )
      .get();
    return { lost: Number(row?.['lost'] ?? 0), of: Number(row?.['agreed'] ?? 0) };
  }

  /** Nothing was ever found on the site, nor agreed on, as far as is known. */
  isNothing(): boolean {
    return this.#db.prepare('SELECT id FROM local UNION ALL SELECT id FROM synced LIMIT 1').get() === undefined;
  }
}
