// The file of an agent's state, as a kernel keeps it: what was committed outlives the process, what was synced outlives a
// power loss. It is held as the bytes of the database, so that one run never touches a real disk.
import { DatabaseSync } from 'node:sqlite';
import { schema } from '../../lib/agent/state/schema.ts';
import { State } from '../../lib/agent/state/state.ts';
import type { Chance } from '../support/chance.ts';
import type { Ledger } from './ledger.ts';
import type { Run } from './run.ts';

export class Disk {
  readonly db = new DatabaseSync(':memory:');
  /** What was committed since the last sync, that one first. */
  #saved: { readonly number: number; readonly bytes: Uint8Array }[] = [];
  #commits = 0;
  #ledger: Ledger | undefined;
  /** Told of the bytes after every commit. */
  onSave: (bytes: Uint8Array) => void = () => {};

  /** A new file, or what is left of one. */
  constructor(bytes: Uint8Array | undefined) {
    // Small pages: the whole of it is copied at every commit.
    if (bytes === undefined) this.db.exec(`PRAGMA page_size = 512; ${schema.create}`);
    else this.db.deserialize(bytes);
    this.#keep();
  }

  open(run: Run, isFull: () => boolean): State {
    this.#ledger = run.ledger;
    const state = new State(this.db);
    const { writes } = state;
    const { beforeSave } = writes;
    writes.beforeSave = () => {
      if (isFull()) throw new Error('database or disk is full');
      beforeSave();
    };
    const save = writes.save.bind(writes);
    writes.save = () => {
      const before = writes.counters.saves;
      save();
      if (writes.counters.saves > before) this.#keep();
    };
    const durable = writes.durable.bind(writes);
    writes.durable = async () => {
      await durable();
      const synced = this.#commits;
      await run.clock.sleep(run.chance.below(6));
      this.#saved = this.#saved.filter(({ number }) => number >= synced);
    };
    return state;
  }

  /** All rows of a tree as they are now, saved or not. */
  rows(tree: 'local' | 'synced' | 'remote'): Record<string, unknown>[] {
    return this.db.prepare(`SELECT * FROM ${tree}`).all();
  }

  /** What the next process finds. */
  after(power: boolean, chance: Chance): Disk {
    const left = power ? this.#saved.at(-1) : chance.pick(this.#saved);
    const next = new Disk(left?.bytes);
    for (const hash of this.#forgotten(next)) this.#ledger?.back.add(hash);
    return next;
  }

  /**
   * Contents of others that have their names here, and `next` does not know it: of the last 50 ms of a process that is
   * killed SQLite has nothing. Its successor meets files and contents that it never heard of, and nothing about them says
   * that they came from elsewhere. Deleted there before it can compare them, they are new files to it, or edits, and live:
   * I5 does not hold for them. Nothing is lost by that; to write each down before it gets its name would cost every
   * download a commit.
   */
  *#forgotten(next: Disk): Iterable<string> {
    const known = new Map(next.rows('local').map(({ id, hash }) => [id, hash]));
    const remote = new Set(this.rows('remote').map(({ id }) => id));
    for (const { id, hash } of this.rows('local'))
      if (typeof hash === 'string' && remote.has(id) && known.get(id) !== hash) yield hash;
  }

  #keep(): void {
    const bytes = this.db.serialize();
    this.#saved.push({ number: ++this.#commits, bytes });
    this.onSave(bytes);
  }
}
