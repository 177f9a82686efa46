// All writes go through one group commit: what arrives in one turn of the event loop shares one fsync.
import { GroupCommit } from '../../base/group-commit.ts';
import type { TableStore } from './store.ts';

export interface Counters {
  requests: number;
  /** Entity-group transactions that were committed. */
  transactions: number;
  /** Entities inserted, changed or deleted, alone and in transactions. */
  entitiesWritten: number;
  /** Durable commits: one may carry the writes of many requests. */
  commits: number;
}

export class Writer {
  readonly #store: TableStore;
  readonly #commit: CountedCommit;

  constructor(store: TableStore, counters: Counters) {
    this.#store = store;
    this.#commit = new CountedCommit(store, counters);
  }

  /** Runs `work` in a transaction and resolves once it is on disk; what `work` throws undoes its part alone. */
  async write<T>(work: () => T): Promise<T> {
    const { stamps } = this.#store;
    try {
      return await this.#commit.run(() => {
        try {
          return work();
        } catch (error) {
          // Before the next part of the same commit takes a stamp that only the undone part had reserved.
          stamps.forgetReservation();
          throw error;
        }
      });
    } catch (error) {
      stamps.forgetReservation();
      throw error;
    }
  }

  /** Commits what waits, now. */
  flush(): void {
    this.#commit.flush();
  }
}

class CountedCommit extends GroupCommit {
  readonly #counters: Counters;
  readonly #isOpen: () => boolean;
  #worked = false;

  constructor(store: TableStore, counters: Counters) {
    super(store.db);
    this.#counters = counters;
    this.#isOpen = () => store.db.isOpen;
  }

  override run<T>(work: () => T): Promise<T> {
    return super.run(() => {
      const result = work();
      this.#worked = true;
      return result;
    });
  }

  protected override commit(): void {
    // A write that was asked for in the very turn in which the service stopped has been flushed by `stop` already.
    if (!this.#isOpen()) return;
    super.commit();
    if (this.#worked) this.#counters.commits++;
    this.#worked = false;
  }
}
