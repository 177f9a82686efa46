import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { systemClock } from '../../base/clock.ts';
import { TidewayError } from '../../base/errors.ts';
import { isNoRoom } from '../../base/no-room.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import { Flush } from '../apply/flush.ts';

const syncFile = promisify(fdatasync);

/** Four who wait for one sync are a flood, which is better served by fewer and larger ones. */
const rest = { clock: systemClock, crowd: 4, atLeastMs: 5 };

/**
 * Writes share one open transaction: each is seen by all reads at once. `save` hands it to the kernel, which is enough
 * against the death of the process; `durable` waits for the disk, without holding up the process: SQLite does not sync on
 * commit (synchronous = NORMAL), and the write-ahead log is synced by a thread instead. What a power loss takes is always
 * the end, and what is left is the state of one earlier moment, from which scan and log find the way; only what must not
 * be lost at all (a number that was sent) has to wait.
 */
export class Writes {
  readonly #db: Database;
  readonly #log: string | undefined;
  readonly #disk: Flush;
  readonly #savepoint: Statement;
  readonly #release: Statement;
  #fd: number | undefined;
  #open = false;
  #broken: Error | undefined;
  /** Called when something was written that is not saved yet. */
  onOpen: () => void = () => {};
  /** Called before the transaction is saved, to write what is kept back in memory. */
  beforeSave: () => void = () => {};
  /** Called after a part was taken back: what memory holds of it is wrong. */
  onRollback: () => void = () => {};
  readonly counters = { saves: 0, syncs: 0 };

  constructor(db: Database, file: string) {
    this.#db = db;
    this.#log = file === ':memory:' ? undefined : `${file}-wal`;
    this.#savepoint = db.prepare('SAVEPOINT part');
    this.#release = db.prepare('RELEASE part');
    this.#disk = new Flush(() => this.#sync(), this.#log === undefined ? undefined : rest);
    // A checkpoint writes each page once, however often the log has it, and the process waits for it: so not every 4 MB.
    db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
  }

  /** Runs `work` now, all of it or nothing. */
  run<T>(work: () => T): T {
    this.#begin();
    this.#savepoint.run();
    try {
      return work();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK TO part');
      this.onRollback();
      throw error;
    } finally {
      if (this.#db.isTransaction) this.#release.run();
    }
  }

  /** Runs `work` now, which writes one row: that alone is all or nothing, and a savepoint would double what it costs. */
  runOne<T>(work: () => T): T {
    this.#begin();
    return work();
  }

  #begin(): void {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#open) return;
    this.#db.exec('BEGIN IMMEDIATE');
    this.#open = true;
    this.onOpen();
  }

  /** An error is final: memory is ahead of the file by then, so nothing may go on. Throws `state_full` where there is no room. */
  save(): void {
    if (this.#broken !== undefined) throw this.#broken;
    if (!this.#open) return;
    try {
      this.beforeSave();
      this.#db.exec('COMMIT');
    } catch (error) {
      throw this.#break(error);
    }
    this.#open = false;
    this.counters.saves++;
  }

  /** Resolves when everything written before the call is on disk; many callers share one sync. */
  durable(): Promise<void> {
    return this.#disk.run();
  }

  /** Not while `durable` is waited for: the descriptor may be another file's by then. */
  close(): void {
    if (this.#broken === undefined) this.save();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#db.close();
  }

  async #sync(): Promise<void> {
    this.save();
    if (this.#log === undefined) return;
    // The log is there since the first commit, and stays the same file until the database is closed.
    this.#fd ??= openSync(this.#log, 'r');
    this.counters.syncs++;
    try {
      await syncFile(this.#fd);
    } catch (error) {
      throw this.#break(error);
    }
  }

  #break(error: unknown): Error {
    this.#broken = stateFull(error) ?? (error instanceof Error ? error : new Error(String(error)));
    return this.#broken;
  }
}

function stateFull(cause: unknown): TidewayError | undefined {
  if (!isNoRoom(cause)) return undefined;
  return new TidewayError('state_full', 'There is no room for the state of this site', { cause });
}
