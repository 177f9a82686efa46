import type { AmqpError } from './amqp/error.ts';
import type { Lock } from './locks.ts';
import type { Message } from './message.ts';

/** What a queue knows of the one who receives from it. */
export interface Consumer {
  /** Receive-and-delete: a message is removed before it is sent, and may be lost with the connection. */
  readonly deletes: boolean;
  /** How many messages it would take now. */
  capacity(): number;
  /** Holds one place while a removal is on its way to the disk; `deliver` or `unreserve` gives it back. */
  reserve(): void;
  unreserve(): void;
  /** `lock` is undefined for receive-and-delete. */
  deliver(message: Message, body: Buffer, lock: Lock | undefined): void;
  /** Its session is no longer its own. */
  sessionLost(error: AmqpError): void;
}

/** A deferred message, fetched by its number; without a lock where it was removed at once. */
export interface Fetched {
  readonly message: Message;
  readonly body: Buffer;
  readonly lock: Lock | undefined;
}
