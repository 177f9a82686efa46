// Removes the entities of dropped tables in small pieces between other requests: in one piece, a million of them would
// stop the service for seconds.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import type { TableStore } from './store.ts';
import type { Writer } from './writer.ts';

const pieceLength = 500;

export class Sweeper {
  readonly #store: TableStore;
  readonly #writer: Writer;
  readonly #log: Log;
  #running: Promise<void> | undefined;
  #wanted = false;
  #stopped = false;

  constructor(store: TableStore, writer: Writer, log: Log) {
    this.#store = store;
    this.#writer = writer;
    this.#log = log;
  }

  /** Starts, unless it is at work already: that run then also takes what was dropped meanwhile. */
  wake(): void {
    this.#wanted = true;
    this.#running ??= this.#run();
  }

  /** Ends after the piece at hand; the rest is taken up at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#wanted && !this.#stopped) {
        this.#wanted = false;
        while (!this.#stopped && (await this.#writer.write(() => this.#store.sweep(pieceLength)))) await nextTurn();
      }
    } catch (error) {
      // A full disk, say. Nothing is lost: the rows are invisible, and the next drop or start tries again.
      this.#log.error('sweep_failed', { error });
    }
    this.#running = undefined;
  }
}
