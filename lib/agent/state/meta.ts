import type { Database, Statement } from '../../base/sqlite.ts';

/** Everything an endpoint remembers that is one value. */
export interface MetaValues {
  /** The endpoint's id as its backend knows it. */
  readonly endpoint: string;
  /** Random, made with the state: tells this state from a copy of it. */
  readonly holder: string;
  readonly incarnation: number;
  /** Last sequence number that is in the remote tree. */
  readonly cursor: number;
  /** Id of the share's life, '' before the first contact. */
  readonly epoch: string;
  /** The number the next operation gets. */
  readonly nextN: number;
  /** Counter in the ids of new nodes. */
  readonly nextNode: number;
  /** False until the remote tree was read whole once. */
  readonly whole: boolean;
  /** The remote tree was read whole, and what hangs on nothing in it was not yet dropped. */
  readonly loose: boolean;
  /**
   * True after the remote tree was read whole before the first plan of a process: this state is older than the log, or was
   * restored. What is missing on the site then may never have been there since, and is no proof of a delete.
   */
  readonly unproven: boolean;
  /** The remote tree that was read whole lacks most of what was agreed: a person has to say that this is right. */
  readonly shrunk: boolean;
  /** True once the root has the sentinel: from then on a root without it was emptied. */
  readonly marked: boolean;
  /** What the sentinel of this very root has besides: '' as long as it is not known. */
  readonly mark: string;
}

const initial: MetaValues = {
  endpoint: '',
  holder: '',
  incarnation: 0,
  cursor: 0,
  epoch: '',
  nextN: 1,
  nextNode: 1,
  whole: false,
  loose: false,
  unproven: false,
  shrunk: false,
  marked: false,
  mark: '',
};

/** Read from memory, written when the open transaction is saved: counters move several times for each operation. */
export class Meta {
  readonly #set: Statement;
  #values: MetaValues;
  readonly #changed = new Set<keyof MetaValues>();

  constructor(db: Database) {
    this.#set = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
    const stored = db.prepare('SELECT key, value FROM meta').all();
    const found = Object.fromEntries(stored.map((row) => [String(row['key']), JSON.parse(String(row['value']))]));
    this.#values = { ...initial, ...(found as Partial<MetaValues>) };
  }

  get values(): MetaValues {
    return this.#values;
  }

  /**
   * Must run in the transaction that the new values belong to. Where that is rolled back the process must not go on
   * with this object: `State.commit` only rolls back on an I/O error, and then halts the agent.
   */
  set(values: Partial<MetaValues>): void {
    for (const key of Object.keys(values)) this.#changed.add(key as keyof MetaValues);
    this.#values = { ...this.#values, ...values };
  }

  /** Writes what was set, into the transaction that is open and about to be saved. */
  write(): void {
    for (const key of this.#changed) this.#set.run(key, JSON.stringify(this.#values[key]));
    this.#changed.clear();
  }
}
