import { Heap } from './heap.ts';
import { expiresAt } from './message.ts';
import type { Message } from './message.ts';

/** Messages that wait for delivery, by sequence number. Ones that expired or were taken otherwise are passed over. */
export class Line {
  readonly #heap = new Heap<Message>((message) => message.seq);

  join(message: Message): void {
    this.#heap.push(message);
  }

  /** The first message that may be delivered. `onExpired` gets those in front of it whose time to live is over. */
  first(now: number, onExpired: (message: Message) => void): Message | undefined {
    for (let message = this.#heap.peek(); message !== undefined; message = this.#heap.peek()) {
      if (message.state === 'ready' && !message.deferred) {
        if (expiresAt(message) > now) return message;
        onExpired(message);
      }
      this.#heap.pop();
    }
    return undefined;
  }

  shift(): void {
    this.#heap.pop();
  }
}
