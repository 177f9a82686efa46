/** More rows than are on their way at once; a few megabytes at most. */
export const recentRows = 4096;

/**
 * The rows of a table that were read or written last, by key, so that the ten looks at one node on its way cost one
 * query. It knows absent rows, too. Kept are between `size` and twice as many: the younger generation, and the one before.
 *
 * Whoever rolls the table back must `clear` it, or a row that never was is read (I13).
 */
export class Recent<T> {
  readonly #size: number;
  #young = new Map<string, T | undefined>();
  #old = new Map<string, T | undefined>();

  constructor(size: number) {
    this.#size = size;
  }

  /** The row; read with `read` where it is not known. Rows are shared: nobody changes one. */
  get(key: string, read: (key: string) => T | undefined): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined || this.#young.has(key)) return young;
    const row = this.#old.has(key) ? this.#old.get(key) : read(key);
    this.set(key, row);
    return row;
  }

  /** The row if it is known to be there. */
  peek(key: string): T | undefined {
    return this.#young.has(key) ? this.#young.get(key) : this.#old.get(key);
  }

  set(key: string, row: T | undefined): void {
    if (this.#young.size >= this.#size && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, row);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
