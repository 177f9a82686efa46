import type { WatchEvent } from './watch-port.ts';

/** The events of one delivery, in order, each hint once as long as repeating it would say nothing new. */
export class WatchBatch {
  readonly #events: WatchEvent[] = [];
  readonly #said = new Map<string, string>();
  readonly #unsure: string[] = [];

  add(event: WatchEvent): void {
    switch (event.kind) {
      case 'changed':
      case 'written':
      case 'closed':
        if (this.#said.get(event.path) === event.kind) return;
        this.#said.set(event.path, event.kind);
        break;
      case 'moved':
        // A path names something else after a rename.
        this.#said.clear();
        break;
      case 'overflow':
      case 'limit':
      case 'gone':
        break;
    }
    this.#events.push(event);
  }

  /** To be scanned whatever the events say, once they are all told. */
  unsure(...paths: readonly string[]): void {
    this.#unsure.push(...paths);
  }

  /** The batch, complete. */
  end(): readonly WatchEvent[] {
    for (const path of this.#unsure) this.add({ kind: 'changed', path });
    return this.#events;
  }
}
