// The tables in SQLite. Every method runs synchronously; writes must be called inside a transaction (see write.ts).
import type { Clock } from '../../base/clock.ts';
import { type Database, openDatabase, type Schema, type Statement } from '../../base/sqlite.ts';
import { type Entity, fragmentOf, merged, propertiesOf } from './entity.ts';
import { refusal } from './errors.ts';
import type { Match, Operation } from './operation.ts';
import { Stamps } from './stamp.ts';

const schema: Schema = {
  applicationId: 0x54775462, // "TwTb"
  version: 1,
  create: `
    -- Ids are never used twice, so what a dropped table left behind cannot surface in the next one of its name.
    CREATE TABLE tables (id INTEGER PRIMARY KEY AUTOINCREMENT, fold TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
      acl TEXT NOT NULL DEFAULT '') STRICT;
    -- fragment: the entity's properties as members of a JSON object (entity.ts). stamp: microseconds (stamp.ts).
    CREATE TABLE entities (t INTEGER NOT NULL, pk TEXT NOT NULL, rk TEXT NOT NULL, stamp INTEGER NOT NULL,
      fragment TEXT NOT NULL, PRIMARY KEY (t, pk, rk)) STRICT, WITHOUT ROWID;
    -- Tables that are gone and whose entities are still to be removed.
    CREATE TABLE dropped (t INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
};

export interface Table {
  readonly id: number;
  readonly name: string;
  /** The stored access policies as the XML they were set with; '' for none. */
  readonly acl: string;
}

export class TableStore {
  readonly db: Database;
  readonly stamps: Stamps;
  readonly #statements = new Map<string, Statement>();

  /** Opens or makes the state `file`. Errors: those of openDatabase. */
  constructor(file: string, clock: Clock) {
    this.db = openDatabase(file, schema);
    this.stamps = new Stamps(clock, Number(this.setting('stamp') ?? 0), (upTo) => this.set('stamp', String(upTo)));
  }

  /** A prepared statement, kept for the next use. Only for texts from this folder: their number is small. */
  sql(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  /** The table of that name in any case. Refuses (TableNotFound). */
  table(name: string): Table {
    const row = this.sql('SELECT id, name, acl FROM tables WHERE fold = ?').get(name.toLowerCase());
    if (row === undefined) throw refusal('TableNotFound');
    return row as unknown as Table;
  }

  /** Up to `limit` table names in order, from the one whose lower-case name is `from` on. */
  tableNames(from: string, limit: number): string[] {
    const rows = this.sql('SELECT name FROM tables WHERE fold >= ? ORDER BY fold LIMIT ?').all(from, limit);
    return rows.map((row) => String(row['name']));
  }

  createTable(name: string): void {
    const { changes } = this.sql('INSERT INTO tables (fold, name) VALUES (?, ?) ON CONFLICT DO NOTHING').run(
      name.toLowerCase(),
      name,
    );
    if (changes === 0) throw refusal('TableAlreadyExists');
  }

  /** The table is gone at once; its entities are removed bit by bit (`sweep`). */
  dropTable(name: string): void {
    const { id } = this.table(name);
    this.sql('DELETE FROM tables WHERE id = ?').run(id);
    this.sql('INSERT INTO dropped (t) VALUES (?)').run(id);
  }

  setAcl(name: string, acl: string): void {
    this.sql('UPDATE tables SET acl = ? WHERE id = ?').run(acl, this.table(name).id);
  }

  /** Removes up to `limit` entities of dropped tables; false when there is nothing left to remove. */
  sweep(limit: number): boolean {
    const t = this.sql('SELECT t FROM dropped LIMIT 1').get()?.['t'];
    if (t === undefined) return false;
    const { changes } = this.sql(
      'DELETE FROM entities WHERE t = ?1 AND (pk, rk) IN (SELECT pk, rk FROM entities WHERE t = ?1 LIMIT ?2)',
    ).run(Number(t), limit);
    if (Number(changes) < limit) this.sql('DELETE FROM dropped WHERE t = ?').run(Number(t));
    return true;
  }

  setting(key: string): string | undefined {
    const value = this.sql('SELECT value FROM settings WHERE key = ?').get(key)?.['value'];
    return value === undefined ? undefined : String(value);
  }

  set(key: string, value: string): void {
    this.sql('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(
      key,
      value,
    );
  }

  entity(table: number, pk: string, rk: string): Entity | undefined {
    return this.sql('SELECT pk, rk, stamp, fragment FROM entities WHERE t = ? AND pk = ? AND rk = ?').get(
      table,
      pk,
      rk,
    ) as unknown as Entity | undefined;
  }

  /** Applies one write and tells the entity's new stamp (0 after a delete). Refuses as the service does. */
  apply(table: number, operation: Operation): number {
    switch (operation.kind) {
      case 'insert':
        return this.#insert(table, operation.pk, operation.rk, operation.fragment);
      case 'replace':
        return this.#replace(table, operation.pk, operation.rk, operation.fragment, operation.match);
      case 'merge': {
        const { pk, rk, properties, match } = operation;
        const old = this.entity(table, pk, rk);
        // Without the old entity this is an insert (upsert), or `replace` refuses it.
        const whole = old === undefined ? properties : merged(propertiesOf(old.fragment), properties);
        return this.#replace(table, pk, rk, fragmentOf(pk, rk, whole), match);
      }
      case 'delete': {
        const { pk, rk, match } = operation;
        this.#mustMatch(table, pk, rk, match);
        this.sql('DELETE FROM entities WHERE t = ? AND pk = ? AND rk = ?').run(table, pk, rk);
        return 0;
      }
    }
  }

  #insert(table: number, pk: string, rk: string, fragment: string): number {
    const stamp = this.stamps.next();
    const { changes } = this.sql('INSERT INTO entities VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING').run(
      table,
      pk,
      rk,
      stamp,
      fragment,
    );
    if (changes === 0) throw refusal('EntityAlreadyExists');
    return stamp;
  }

  #replace(table: number, pk: string, rk: string, fragment: string, match: Match | undefined): number {
    if (match !== undefined) this.#mustMatch(table, pk, rk, match);
    const stamp = this.stamps.next();
    this.sql(
      'INSERT INTO entities VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET stamp = excluded.stamp, fragment = excluded.fragment',
    ).run(table, pk, rk, stamp, fragment);
    return stamp;
  }

  #mustMatch(table: number, pk: string, rk: string, match: Match): void {
    const stamp = this.sql('SELECT stamp FROM entities WHERE t = ? AND pk = ? AND rk = ?').get(table, pk, rk)?.[
      'stamp'
    ];
    if (stamp === undefined) throw refusal('ResourceNotFound');
    if (match !== '*' && stamp !== match) throw refusal('UpdateConditionNotSatisfied');
  }
}
