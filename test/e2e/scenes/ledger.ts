// What became of every content that somebody saved (I3): it is there, or somebody who had it before him replaced or
// deleted it. Contents are unique, so a hash names one.
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow } from '../support/files.ts';

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

interface Verdict {
  /** Saved, taken away by nobody, and not there: hash, and what is known of it. */
  readonly lost: ReadonlyMap<string, string>;
  /** There, although nobody ever wrote that: file, and hash. */
  readonly invented: readonly string[];
}

/** Unique, and such that any beginning of it can be told from what nobody wrote. */
export function contentOf(tag: string, size: number, fill: number): Buffer {
  return Buffer.concat([Buffer.from(`${tag}\n`), Buffer.alloc(size, 1 + (fill % 255))]);
}

/** What a file held in the middle of being written may be seen, where the writer took its time. */
function isPartOfContent(bytes: Buffer): boolean {
  const end = bytes.indexOf('\n');
  if (end < 0) return bytes.length < 20;
  const fill = bytes[end + 1];
  return fill !== 0 && bytes.subarray(end + 1).every((byte) => byte === fill);
}

export class Ledger {
  readonly #file: string;
  readonly #saved = new Map<string, string>();
  /** A conflict may bring them back all the same: what one person takes away another one may still work on. */
  readonly #taken = new Set<string>();

  /** Every entry is a line in `file`, too, for whoever wants to know how it came about. */
  constructor(file: string) {
    this.#file = file;
  }

  get size(): number {
    return this.#saved.size;
  }

  /** A file was closed with this content. */
  saved(bytes: Uint8Array, where: string): void {
    this.#saved.set(this.#note('saved', bytes, where), where);
  }

  /** Somebody wrote over this content, having had it. */
  replaced(bytes: Uint8Array, where: string): void {
    this.#taken.add(this.#note('replaced', bytes, where));
  }

  deleted(bytes: Uint8Array, where: string): void {
    this.#taken.add(this.#note('deleted', bytes, where));
  }

  #note(what: string, bytes: Uint8Array, where: string): string {
    const hash = hashOf(bytes);
    const first = Buffer.from(bytes.subarray(0, 20)).toString('latin1').split('\n')[0] ?? '';
    appendFileSync(this.#file, `${new Date().toISOString()} ${what} ${hash.slice(0, 12)} ${first} ${where}\n`);
    return hash;
  }

  /** Of the tree at `root`, once all sites hold the same. */
  judge(root: string): Verdict {
    const here = new Set<string>();
    const invented: string[] = [];
    for (const file of filesBelow(root)) {
      const bytes = readFileSync(path.join(root, file));
      const hash = hashOf(bytes);
      here.add(hash);
      if (!this.#saved.has(hash) && !isPartOfContent(bytes)) invented.push(`${file} (${hash})`);
    }
    const lost = [...this.#saved].filter(([hash]) => !this.#taken.has(hash) && !here.has(hash));
    return { lost: new Map(lost), invented };
  }
}
