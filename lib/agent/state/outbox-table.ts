import type { Operation } from '../../protocol/operation.ts';
import type { Database, Statement } from '../../base/sqlite.ts';

/** An operation without a final outcome. */
export interface Flight {
  readonly n: number;
  readonly operation: Operation;
  /** Code of the latest `parked` row; null while there was none. */
  readonly parked: string | null;
}

export class OutboxTable {
  readonly #all: Statement;
  readonly #put: Statement;
  readonly #drop: Statement;
  readonly #clear: Statement;

  constructor(db: Database) {
    this.#all = db.prepare('SELECT n, operation, parked FROM outbox ORDER BY n');
    this.#put = db.prepare('INSERT OR REPLACE INTO outbox (n, operation, parked) VALUES (?, ?, ?)');
    this.#drop = db.prepare('DELETE FROM outbox WHERE n = ?');
    this.#clear = db.prepare('DELETE FROM outbox');
  }

  all(): readonly Flight[] {
    return this.#all.all().map((row) => ({
      n: row['n'] as number,
      operation: JSON.parse(row['operation'] as string) as Operation,
      parked: row['parked'] as string | null,
    }));
  }

  put(flight: Flight): void {
    this.#put.run(flight.n, JSON.stringify(flight.operation), flight.parked);
  }

  drop(n: number): void {
    this.#drop.run(n);
  }

  clear(): void {
    this.#clear.run();
  }
}
