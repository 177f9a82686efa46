// What becomes of a message that was locked: each way is on disk before anybody is told, and memory follows the disk.
import { modified } from './modification.ts';
import type { Changes } from './modification.ts';
import { notAllowed } from './amqp/error.ts';
import type { Bodies } from './bodies.ts';
import type { Message } from './message.ts';
import type { Store } from './store.ts';

/** What a settlement needs of the queue that it works for. */
export interface Home {
  readonly address: string;
  readonly store: Store;
  readonly bodies: Bodies;
  readonly maxDeliveryCount: number;
  /** Undefined in a dead-letter queue, where nothing can be dead-lettered again. */
  readonly deadLetters: { readonly entity: number; admit(message: Message): void } | undefined;
  /** Back in line. */
  ready(message: Message): void;
  /** No longer in this queue. */
  gone(message: Message): void;
}

export interface Reason {
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

export class Settlement {
  readonly #home: Home;

  constructor(home: Home) {
    this.#home = home;
  }

  complete(message: Message): Promise<void> {
    return this.#write(
      message,
      () => this.#home.store.remove(message.seq),
      () => this.#home.gone(message),
    );
  }

  /** Counts a failed delivery; the last that is allowed sends the message to the dead-letter queue. */
  async abandon(message: Message, changes?: Changes): Promise<void> {
    const count = message.deliveryCount + 1;
    const { maxDeliveryCount, deadLetters } = this.#home;
    if (count >= maxDeliveryCount && deadLetters !== undefined) {
      const description = `Message could not be consumed after ${maxDeliveryCount} delivery attempts.`;
      return this.deadLetter(message, { reason: 'MaxDeliveryCountExceeded', description }, changes, count);
    }
    return this.#keep(message, message.deferred, count, changes);
  }

  async defer(message: Message, changes?: Changes): Promise<void> {
    return this.#keep(message, true, message.deliveryCount, changes);
  }

  async deadLetter(message: Message, why: Reason, changes?: Changes, count = message.deliveryCount): Promise<void> {
    const { store, bodies, deadLetters, address } = this.#home;
    if (deadLetters === undefined) throw notAllowed('A message of a dead-letter queue cannot be dead-lettered again.');
    const all = new Map(changes);
    if (why.reason !== undefined) all.set('DeadLetterReason', why.reason);
    if (why.description !== undefined) all.set('DeadLetterErrorDescription', why.description);
    const body = modified(bodies.of(message), all);
    const moved: Message = {
      seq: message.seq,
      size: body.length,
      origin: message.origin,
      session: message.session,
      enqueuedAt: message.enqueuedAt,
      ttl: undefined,
      deliveryCount: count,
      deferred: false,
      state: 'ready',
      source: address,
      body: undefined,
    };
    await this.#write(
      message,
      () => {
        store.rewrite(message.seq, body);
        store.deadLetter(message.seq, deadLetters.entity, count, address);
      },
      () => {
        this.#home.gone(message);
        bodies.keep(moved, body);
        deadLetters.admit(moved);
      },
    );
  }

  #keep(message: Message, deferred: boolean, count: number, changes: Changes | undefined): Promise<void> {
    const { store, bodies } = this.#home;
    const body = changes === undefined || changes.size === 0 ? undefined : modified(bodies.of(message), changes);
    return this.#write(
      message,
      () => {
        store.update(message.seq, deferred ? 'deferred' : 'active', count);
        if (body !== undefined) store.rewrite(message.seq, body);
      },
      () => {
        message.deliveryCount = count;
        message.deferred = deferred;
        if (body !== undefined) bodies.keep(message, body);
        this.#home.ready(message);
      },
    );
  }

  // While the write is on its way the message belongs to nobody. A write that fails puts it back in line: its lock is
  // gone already, and a message that comes twice is better than one that never comes.
  async #write(message: Message, write: () => void, then: () => void): Promise<void> {
    message.state = 'settling';
    try {
      await this.#home.store.commit(write);
    } catch (error) {
      this.#home.ready(message);
      throw error;
    }
    then();
  }
}
