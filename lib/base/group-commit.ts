import type { Database } from './sqlite.ts';

/**
 * One durable commit for many callers: everything asked for in one turn of the event loop shares a transaction, and
 * each caller is answered only after that transaction is on disk. One caller's error rolls back its own part alone.
 */
export class GroupCommit {
  readonly #db: Database;
  #waiting: { work: () => unknown; resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = [];
  #scheduled = false;

  constructor(db: Database) {
    this.#db = db;
  }

  /** `work` runs later, synchronously, inside a transaction; the promise settles after the commit. */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      if (!this.#scheduled) {
        this.#scheduled = true;
        setImmediate(() => this.flush());
      }
    });
  }

  /** Commits what waits, now. Call before closing the database. */
  flush(): void {
    this.#scheduled = false;
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    const settle: (() => void)[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const { work, resolve, reject } of batch) {
        this.#db.exec('SAVEPOINT part');
        try {
          const value = work();
          settle.push(() => resolve(value));
        } catch (error) {
          this.#db.exec('ROLLBACK TO part');
          settle.push(() => reject(error));
        }
        this.#db.exec('RELEASE part');
      }
      this.#db.exec('COMMIT');
    } catch (error) {
      // Disk full or an I/O error: nothing of the batch is on disk, so nobody may be told that it is.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const tell of settle) tell();
  }
}
