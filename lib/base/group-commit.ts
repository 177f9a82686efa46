import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { count } from './counters.ts';
import type { Database, Statement } from './sqlite.ts';

const syncFile = promisify(fdatasync);

/** So many parts in one sync are a crowd: more of them are on their way, and share the next one if it waits a little. */
const crowd = 4;
/** The wait is as long as the sync took, within these bounds in ms: who is answered one at a time never meets it. */
const shortestRest = 1;
const longestRest = 4;

/**
 * Durable commits for many callers, without holding up the process. Everything asked for in one turn of the event loop
 * shares a transaction, and so does everything asked for while the disk is busy or, after a crowd, rests. One caller's
 * error rolls back its own part alone.
 *
 * SQLite would sync inside COMMIT (synchronous = FULL) and block the event loop meanwhile. Here COMMIT only writes the
 * write-ahead log (synchronous = NORMAL), a thread syncs that file, and nobody is answered before the sync that covers his
 * part: what was acknowledged survives power loss just the same. Checkpoints sync by themselves in either mode.
 */
export class GroupCommit {
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #end: Statement;
  readonly #savepoint: Statement;
  readonly #back: Statement;
  readonly #release: Statement;
  /** The write-ahead log; null for a database in memory. It is one file until the database is closed. */
  readonly #log: string | null;
  readonly #counter: string;
  #fd: number | undefined;
  #waiting: Part[] = [];
  #unsynced: Part[] = [];
  #scheduled = false;
  /** From a commit until nothing is left to sync, rests included. */
  #syncing = false;
  #atDisk = false;
  #broken: Error | undefined;

  constructor(db: Database) {
    this.#db = db;
    const file = db.location();
    this.#log = file === null ? null : `${file}-wal`;
    this.#counter = `fsyncs.${path.basename(file ?? '')}`;
    db.exec('PRAGMA synchronous = NORMAL');
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#end = db.prepare('COMMIT');
    this.#savepoint = db.prepare('SAVEPOINT part');
    this.#back = db.prepare('ROLLBACK TO part');
    this.#release = db.prepare('RELEASE part');
  }

  /** `work` runs later, synchronously, inside a transaction; the promise settles when that is on disk. */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject, settle: undefined });
      // While the disk is busy nobody could be answered earlier: what comes meanwhile is one transaction after it.
      if (this.#scheduled || this.#syncing) return;
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
      this.#begin.run();
      const [only] = batch;
      if (batch.length === 1 && only !== undefined) this.#runAlone(only);
      else for (const part of batch) this.#runPart(part);
      if (this.#db.isTransaction) this.#end.run();
    } catch (error) {
      // Disk full or an I/O error: nothing of the batch is on disk, so nobody may be told that it is.
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
      return;
    }
    this.#unsynced.push(...batch);
    if (!this.#syncing) void this.#syncAll();
  }

  /** A savepoint costs as much as a row: what shares its transaction with nobody has the transaction for it. */
  #runAlone(part: Part): void {
    try {
      const value = part.work();
      part.settle = () => part.resolve(value);
    } catch (error) {
      this.#db.exec('ROLLBACK');
      part.settle = () => part.reject(error);
    }
  }

  #runPart(part: Part): void {
    this.#savepoint.run();
    try {
      const value = part.work();
      part.settle = () => part.resolve(value);
    } catch (error) {
      this.#back.run();
      part.settle = () => part.reject(error);
    }
    this.#release.run();
  }

  async #syncAll(): Promise<void> {
    this.#syncing = true;
    while (this.#unsynced.length > 0) {
      const batch = this.#unsynced;
      this.#unsynced = [];
      const began = performance.now();
      try {
        const fd = this.#open();
        if (fd !== undefined) {
          count(this.#counter);
          this.#atDisk = true;
          await syncFile(fd);
        }
        for (const part of batch) part.settle?.();
      } catch (error) {
        this.#fail(batch, error);
      } finally {
        this.#atDisk = false;
      }
      if (batch.length >= crowd && this.#log !== null)
        await sleep(Math.min(longestRest, Math.max(shortestRest, performance.now() - began)));
      if (this.#waiting.length > 0) this.commit();
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
      if (fd !== undefined) {
        count(this.#counter);
        fdatasyncSync(fd);
      }
      for (const part of batch) part.settle?.();
    } catch (error) {
      this.#fail(batch, error);
    }
    // A sync that a thread is still at keeps the file: its number must not become another one's meanwhile.
    const fd = this.#fd;
    if (fd === undefined || this.#atDisk) return;
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
