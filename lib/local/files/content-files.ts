import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { copyFile, open, rm, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { count } from '../../base/counters.ts';
import { codeOf } from '../../base/errors.ts';
import { checkRoom } from './room.ts';
import { Syncer } from './syncer.ts';

interface Holder {
  readonly start: number;
  readonly end: number;
  readonly done: Promise<void>;
}

/**
 * The bytes of large files: one sparse file a content, named by its id. A write has reached the disk when its promise
 * settles; whoever records it in the database does so only then. What the files hold beyond the recorded ranges is
 * never read, so a torn or unrecorded write is not visible.
 */
export class ContentFiles {
  readonly #dir: string;
  readonly #syncer = new Syncer();
  readonly #known = new Set<number>();
  readonly #holders = new Map<number, Holder[]>();
  #quiet: Promise<void> | undefined;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  /** Removes files that no row names: a crash came between file and row, or between row and removal. */
  sweep(named: (id: number) => boolean): number {
    let swept = 0;
    for (const entry of readdirSync(this.#dir)) {
      if (/^\d+$/.test(entry) && named(Number(entry))) continue;
      rmSync(join(this.#dir, entry));
      swept++;
    }
    return swept;
  }

  /** Opens for reading; the bytes stay readable through it when the file is removed meanwhile. ENOENT if it is gone. */
  openForReading(id: number): Promise<FileHandle> {
    return open(this.#path(id), 'r');
  }

  /** Runs `work` alone among those whose ranges of this content overlap; the others run at the same time. */
  async exclusively<T>(id: number, start: number, end: number, work: () => Promise<T>): Promise<T> {
    while (this.#quiet !== undefined) await this.#quiet;
    const holders = this.#holders.get(id) ?? [];
    const before = holders.filter((other) => other.start < end && start < other.end).map((other) => other.done);
    const { promise, resolve } = Promise.withResolvers<void>();
    const holder: Holder = { start, end, done: promise };
    holders.push(holder);
    this.#holders.set(id, holders);
    try {
      await Promise.all(before);
      return await work();
    } finally {
      resolve();
      holders.splice(holders.indexOf(holder), 1);
      if (holders.length === 0) this.#holders.delete(id);
    }
  }

  /** Runs `work` while no `exclusively` is under way: those that began are waited for, others wait. */
  async quietly<T>(work: () => Promise<T>): Promise<T> {
    while (this.#quiet !== undefined) await this.#quiet;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#quiet = promise;
    try {
      await Promise.all([...this.#holders.values()].flatMap((holders) => holders.map((holder) => holder.done)));
      return await work();
    } finally {
      this.#quiet = undefined;
      resolve();
    }
  }

  /** Writes and makes durable. Errors: ShareSizeLimitReached. */
  async write(id: number, offset: number, bytes: Uint8Array): Promise<void> {
    checkRoom(this.#dir, bytes.length);
    const handle = await this.#openForWriting(id);
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at);
        at += bytesWritten;
      }
      await this.#makeDurable(id, handle);
    } finally {
      await handle.close();
    }
  }

  /** Makes `to` a durable copy of `from`, by reflink where the file system can. */
  async copy(from: number, to: number): Promise<void> {
    await copyFile(this.#path(from), this.#path(to), constants.COPYFILE_FICLONE);
    const handle = await open(this.#path(to), 'r+');
    try {
      await this.#makeDurable(to, handle);
    } finally {
      await handle.close();
    }
  }

  async remove(id: number): Promise<void> {
    this.#known.delete(id);
    await rm(this.#path(id), { force: true });
  }

  async #makeDurable(id: number, handle: FileHandle): Promise<void> {
    // The length of a sparse file is metadata that fdatasync includes; its name is not, and is synced once.
    await this.#syncer.sync(id, () => {
      count('fsyncs.contents');
      return handle.datasync();
    });
    if (this.#known.has(id)) return;
    await this.#syncer.sync(this.#dir, () => syncDirectory(this.#dir));
    this.#known.add(id);
  }

  async #openForWriting(id: number): Promise<FileHandle> {
    try {
      return await open(this.#path(id), 'r+');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return open(this.#path(id), constants.O_RDWR | constants.O_CREAT);
    }
  }

  #path(id: number): string {
    return join(this.#dir, String(id));
  }
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
