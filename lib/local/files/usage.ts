import type { Database, Statement } from '../../base/sqlite.ts';
import { FilesError } from './errors.ts';
import type { Share } from './shares.ts';

const gib = 2 ** 30;

/**
 * Bytes of the files, holes included, as the quota counts them. One total of all shares is kept in memory, and a share is
 * asked for its own only when the total alone could be too much for its quota: so a request costs an addition.
 */
export class Usage {
  readonly #sum: Statement;
  readonly #below: Statement;
  readonly #isAlone: () => boolean;
  #total: number | undefined;
  /** Bytes by which files have grown since the start: no share has grown by more. */
  #grown = 0;
  /** For shares that were asked: what they held, and `#grown` at that time. */
  readonly #known = new Map<number, { readonly bytes: number; readonly grown: number }>();

  /** `isAlone` tells whether there is one share only, of which the total is then what it holds. */
  constructor(db: Database, isAlone: () => boolean) {
    this.#isAlone = isAlone;
    this.#sum = db.prepare('SELECT sum(size) AS bytes FROM node');
    this.#below = db.prepare(
      `WITH RECURSIVE below(id) AS (SELECT ? UNION ALL SELECT node.id FROM below JOIN node ON node.parent = below.id)
       SELECT sum(node.size) AS bytes FROM below JOIN node USING (id)`,
    );
  }

  /** Bytes of all files of a share. */
  of(share: Share): number {
    return this.#isAlone() ? this.#load() : Number(this.#below.get(share.root)?.['bytes'] ?? 0);
  }

  /** Refuses a share to hold `growth` bytes more than it may. Errors: ShareSizeLimitReached. */
  check(share: Share, growth: number): void {
    const limit = share.quota * gib;
    if (growth <= 0 || this.#load() + growth <= limit) return;
    const known = this.#known.get(share.root);
    if (known !== undefined && known.bytes + this.#grown - known.grown + growth <= limit) return;
    const bytes = this.of(share);
    this.#known.set(share.root, { bytes, grown: this.#grown });
    if (bytes + growth > limit) throw new FilesError('ShareSizeLimitReached');
  }

  add(bytes: number): void {
    if (this.#total !== undefined) this.#total += bytes;
    if (bytes > 0) this.#grown += bytes;
  }

  /** What a part of a transaction adds is taken back if it fails: `undo(mark())`. */
  mark(): number | undefined {
    return this.#total;
  }

  undo(mark: number | undefined): void {
    this.#total = mark;
    this.#known.clear();
  }

  #load(): number {
    this.#total ??= Number(this.#sum.get()?.['bytes'] ?? 0);
    return this.#total;
  }
}
