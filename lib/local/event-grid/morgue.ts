// Brings dead letters to the folders that their subscriptions name. Each lies in the state until its file is on disk, and
// its name is chosen before: written twice it is the same file.
import { mkdirSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { documentOf } from './dead-letter.ts';
import type { EventStore } from './store.ts';

const atOnce = 100;
/** A folder that cannot be written to, a full disk for instance, is tried again as long as it takes. */
const retryMs = 10_000;

export class Morgue {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(store: EventStore, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There is something to write. */
  wake(): void {
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      let wait = 86_400_000;
      try {
        const letters = this.#store.unwritten(atOnce);
        for (const letter of letters) {
          await writeWhole(letter.file, documentOf(letter.body, letter));
          await this.#store.written(letter.seq);
        }
        if (letters.length === atOnce) continue;
      } catch (error) {
        this.#log.error('event_grid_dead_letters', { error });
        wait = retryMs;
      }
      await this.#clock.sleep(wait, this.#wake.signal).catch(() => {}); // woken
    }
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.new`;
  const handle = await open(fresh, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
}
