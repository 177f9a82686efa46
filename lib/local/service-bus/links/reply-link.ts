import type { AmqpLink, AmqpSession } from '../amqp/rhea.ts';
import { encodeMessage } from '../amqp/rhea.ts';
import type { Connection } from './connection.ts';
import type { Link } from './link.ts';

/** The link on which a client gets the answers to its requests. */
export class ReplyLink implements Link {
  readonly path = '';
  readonly claims = [];
  readonly #link: AmqpLink;
  readonly #connection: Connection;
  readonly #key: AmqpSession | string;
  readonly #waiting: Buffer[] = [];
  #sent = 0;

  private constructor(link: AmqpLink, connection: Connection, key: AmqpSession | string) {
    this.#link = link;
    this.#connection = connection;
    this.#key = key;
  }

  static attach(link: AmqpLink, connection: Connection, key: AmqpSession | string): ReplyLink {
    const reply = new ReplyLink(link, connection, key);
    connection.replies.set(key, reply);
    return reply;
  }

  send(message: object): void {
    this.#waiting.push(encodeMessage(message));
    this.onFlow();
  }

  onFlow(): void {
    while (this.#link.credit > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const tag = Buffer.alloc(4);
      tag.writeUInt32BE(this.#sent++ >>> 0);
      this.#connection.transfers(this.#link).send(this.#link, tag, next);
    }
  }

  onClose(): void {
    if (this.#connection.replies.get(this.#key) === this) this.#connection.replies.delete(this.#key);
  }
}
