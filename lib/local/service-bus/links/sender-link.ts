import { asAmqpError, disabled, messageTooLarge } from '../amqp/error.ts';
import type { AmqpLink, IncomingDelivery } from '../amqp/rhea.ts';
import { largestMessage } from '../amqp/transfers.ts';
import type { Transfers } from '../amqp/transfers.ts';
import type { Destination } from '../entities.ts';
import { parseTransfer } from '../message.ts';
import { pathOf } from '../sas.ts';
import type { Connection } from './connection.ts';
import type { Link } from './link.ts';

// A client may have this many messages on their way before it waits for answers.
const window = 1000;
// Credit is given back by the hundred: a flow frame for each message would cost both sides as much as its answer does.
const refill = 100;

/** A client's sender: each transfer is answered when its messages are durable. */
export class SenderLink implements Link {
  readonly claims = ['Send'] as const;
  readonly path: string;
  readonly #link: AmqpLink;
  readonly #connection: Connection;
  readonly #transfers: Transfers;
  readonly #destination: Destination;
  #used = 0;

  private constructor(link: AmqpLink, connection: Connection, destination: Destination) {
    this.path = pathOf(destination.address);
    this.#link = link;
    this.#connection = connection;
    this.#transfers = connection.transfers(link);
    this.#destination = destination;
  }

  static attach(link: AmqpLink, connection: Connection, address: string, accept: () => void): SenderLink {
    const destination = connection.namespace.broker.entities.destination(address);
    const sender = new SenderLink(link, connection, destination);
    connection.authorize(sender.path, sender.claims);
    if (!destination.sendable) throw disabled(address);
    accept();
    link.local.attach['max_message_size'] = largestMessage;
    link.add_credit(window);
    return sender;
  }

  onMessage(delivery: IncomingDelivery, bytes: Buffer, format: number): void {
    const { gate, broker, around } = this.#connection.namespace;
    const size = this.#transfers.sizeOf(this.#link);
    const publish = (): Promise<void> => {
      if (size > largestMessage) throw messageTooLarge(size, largestMessage);
      return broker.publish(this.#destination, parseTransfer(bytes, format, around.random));
    };
    gate
      .pass(this.#connection.amqp, () => `send ${this.#destination.address}`, publish)
      .then(
        () => this.#transfers.answer(delivery),
        (error: unknown) => this.#transfers.answer(delivery, asAmqpError(error)),
      )
      .finally(() => this.#giveCredit())
      .catch((error: unknown) => around.log.error('answer_failed', { error }));
  }

  #giveCredit(): void {
    if (++this.#used < refill) return;
    this.#link.add_credit(this.#used);
    this.#used = 0;
  }

  onClose(): void {
    // Nothing is held: what came in goes its way.
  }
}
