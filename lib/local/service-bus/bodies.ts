import type { Message } from './message.ts';
import type { Store } from './store.ts';

/** Keeps the bytes of young messages in memory, so that a message that is delivered at once is not read from disk. */
export class Bodies {
  readonly #store: Store;
  #room: number;

  constructor(store: Store, bytes: number) {
    this.#store = store;
    this.#room = bytes;
  }

  keep(message: Message, body: Buffer): void {
    this.drop(message);
    if (body.length > this.#room) return;
    this.#room -= body.length;
    message.body = body;
  }

  drop(message: Message): void {
    this.#room += message.body?.length ?? 0;
    message.body = undefined;
  }

  of(message: Message): Buffer {
    return message.body ?? this.#store.body(message.seq);
  }
}
