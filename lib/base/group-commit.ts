import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Database } from './sqlite.ts';

const syncFile = promisify(fdatasync);

/**
 * Durable commits for many callers, without holding up the process. Everything asked for in one turn of the event loop
 * shares a transaction, and everything committed while the disk is busy shares the next sync. One caller's error rolls
 * back its own part alone.
 *
 * SQLite would sync inside COMMIT (synchronous = FULL) and block the event loop meanwhile. Here COMMIT only writes the
 * write-ahead log (synchronous = NORMAL), a thread syncs that file, and nobody is answered before the sync that covers his
 * part: what was acknowledged survives power loss just the same. Checkpoints sync by themselves in either mode.
 */
export class GroupCommit {
  readonly #db: Database;
  /** The write-ahead log; null for a database in memory. It is one file until the database is closed. */
  readonly #log: string | null;
  #fd: number | undefined;
  #waiting: Part[] = [];
  #unsynced: Part[] = [];
  #scheduled = false;
  #syncing = false;
  #broken: Error | undefined;

  constructor(db: Database) {
    this.#db = db;
    const file = db.location();
    this.#log = file === null ? null : `${file}-wal`;
    db.exec('PRAGMA synchronous = NORMAL');
  }

  /** `work` runs later, synchronously, inside a transaction; the promise settles when that is on disk. */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject, settle: undefined });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.commit());
    });
  }

  /** Commits what waits; the disk follows. */
  protected commit(): void {
    this.#scheduled = false;
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      if (this.#broken !== undefined) throw this.#broken;
      this.#db.exec('BEGIN IMMEDIATE');
      for (const part of batch) this.#runPart(part);
      this.#db.exec('COMMIT');
    } catch (error) {
      // Disk full or an I/O error: nothing of the batch is on disk, so nobody may be told that it is.
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
      return;
    }
    this.#unsynced.push(...batch);
    if (!this.#syncing) void this.#syncAll();
  }

  #runPart(part: Part): void {
    this.#db.exec('SAVEPOINT part');
    try {
      const value = part.work();
      part.settle = () => part.resolve(value);
    } catch (error) {
      this.#db.exec('ROLLBACK TO part');
      part.settle = () => part.reject(error);
    }
    this.#db.exec('RELEASE part');
  }

  async #syncAll(): Promise<void> {
    this.#syncing = true;
    while (this.#unsynced.length > 0) {
      const batch = this.#unsynced;
      this.#unsynced = [];
      try {
        const fd = this.#open();
        if (fd !== undefined) await syncFile(fd);
        for (const part of batch) part.settle?.();
      } catch (error) {
        this.#fail(batch, error);
      }
    }
    this.#syncing = false;
  }

  /** An error of fsync is told once, and what it was about is lost: from here on nothing is accepted any more. */
  #fail(batch: readonly Part[], error: unknown): void {
    this.#broken = error instanceof Error ? error : new Error(String(error));
    for (const { reject } of batch) reject(error);
  }

  #open(): number | undefined {
    if (this.#log === null) return undefined;
    this.#fd ??= openSync(this.#log, 'r');
    return this.#fd;
  }

  /** Commits what waits and brings it to disk, now. Call before closing the database; nothing may be asked for after it. */
  flush(): void {
    this.commit();
    const batch = this.#unsynced;
    this.#unsynced = [];
    try {
      const fd = this.#open();
      if (fd !== undefined) fdatasyncSync(fd);
      for (const part of batch) part.settle?.();
    } catch (error) {
      this.#fail(batch, error);
    }
    // A sync that a thread is still at keeps the file: its number must not become another one's meanwhile.
    const fd = this.#fd;
    if (fd === undefined || this.#syncing) return;
    this.#fd = undefined;
    closeSync(fd);
  }
}

interface Part {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  settle: (() => void) | undefined;
}
