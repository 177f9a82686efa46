import type { FileHandle } from 'node:fs/promises';
import { must } from '../../base/errors.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import type { ContentFiles } from './content-files.ts';
import { add, clip, formatRanges, none, parseRanges, remove, type Ranges } from './ranges.ts';

/** Contents up to this many bytes live in the database: durable with their row, without a flush of their own. */
export const inlineLimit = 65_536;

export interface Content {
  readonly id: number;
  readonly ranges: Ranges;
  /** Small contents; undefined: in the file of this id. Shorter than the file's size: zeros follow. */
  readonly bytes: Uint8Array | undefined;
}

/** The rows of contents. Writes are for use inside a transaction. */
export class Contents {
  readonly files: ContentFiles;
  readonly #get: Statement;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #delete: Statement;
  readonly #inFile: Statement;

  constructor(db: Database, files: ContentFiles) {
    this.files = files;
    this.#get = db.prepare('SELECT ranges, bytes FROM content WHERE id = ?');
    this.#insert = db.prepare('INSERT INTO content (id, ranges, bytes) VALUES (?, ?, ?)');
    this.#update = db.prepare('UPDATE content SET ranges = ?, bytes = ? WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM content WHERE id = ?');
    this.#inFile = db.prepare('SELECT 1 FROM content WHERE id = ? AND bytes IS NULL');
  }

  isInFile(id: number): boolean {
    return this.#inFile.get(id) !== undefined;
  }

  /** `id` 0 is the content that is all hole. */
  get(id: number): Content {
    if (id === 0) return { id, ranges: none, bytes: undefined };
    const row = must(this.#get.get(id), `content ${id}`) as { ranges: string; bytes: Uint8Array | null };
    return { id, ranges: parseRanges(row.ranges), bytes: row.bytes ?? undefined };
  }

  insert(content: Content): void {
    this.#insert.run(content.id, formatRanges(content.ranges), content.bytes ?? null);
  }

  update(content: Content): void {
    this.#update.run(formatRanges(content.ranges), content.bytes ?? null, content.id);
  }

  delete(id: number): void {
    this.#delete.run(id);
  }
}

/** `content` with `bytes` at `offset`, all in memory. */
export function patched(content: Content, id: number, offset: number, bytes: Uint8Array): Content {
  const old = content.bytes ?? new Uint8Array(0);
  const next = Buffer.alloc(Math.max(old.length, offset + bytes.length));
  next.set(old);
  next.set(bytes, offset);
  return { id, ranges: add(content.ranges, offset, offset + bytes.length), bytes: next };
}

/** `content` without [start, end): from now on a hole. */
export function cleared(content: Content, id: number, start: number, end: number): Content {
  const ranges = remove(content.ranges, start, end);
  if (content.bytes === undefined) return { id, ranges, bytes: undefined };
  const next = Buffer.from(content.bytes);
  next.fill(0, Math.min(start, next.length), Math.min(end, next.length));
  return { id, ranges, bytes: next };
}

/** `content` cut to `size`, so that growing again shows zeros. */
export function cut(content: Content, id: number, size: number): Content {
  const ranges = clip(content.ranges, 0, size);
  return { id, ranges, bytes: content.bytes?.subarray(0, size) };
}

/** What a reader gets of an in-memory content: [start, end), zeros behind its last byte. */
export function slice(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end <= bytes.length) return bytes.subarray(start, end);
  const out = Buffer.alloc(end - start);
  if (start < bytes.length) out.set(bytes.subarray(start));
  return out;
}

export async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all);
}

const chunk = 1 << 20;

/** The bytes [start, end) of a content in a file, in pieces of at most 1 MiB; holes come as zeros. */
export async function* read(
  handle: FileHandle | undefined,
  ranges: Ranges,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, void> {
  let at = start;
  const data = clip(ranges, start, end);
  for (let i = 0; at < end; i += 2) {
    const from = data[i] ?? end;
    const to = data[i + 1] ?? end;
    for (; at < from; at += Math.min(chunk, from - at)) yield Buffer.alloc(Math.min(chunk, from - at));
    while (at < to) {
      const length = Math.min(chunk, to - at);
      const buffer = Buffer.allocUnsafe(length);
      for (let got = 0; got < length;) {
        const { bytesRead } = await must(handle, 'an open content').read(buffer, got, length - got, at + got);
        if (bytesRead === 0) throw new Error(`broken invariant: content file ends at ${at + got}`);
        got += bytesRead;
      }
      yield buffer;
      at += length;
    }
  }
}
