import type { Random } from '../../base/random.ts';
import type { Consumer } from './consumer.ts';
import type { Message } from './message.ts';
import type { Session } from './sessions.ts';

export interface Lock {
  /** 16 bytes in the order of a uuid's text. On the wire a delivery tag has the order of a .NET Guid: see `tagOf`. */
  readonly token: Buffer;
  readonly key: string;
  readonly message: Message;
  /** Undefined where the message was fetched by its number. */
  readonly consumer: Consumer | undefined;
  /** A message of a session is locked as long as the session is, and has no time of its own. */
  readonly session: Session | undefined;
  until: number;
}

const tokenLength = 16;

/** The locks of one queue. They live in memory alone: a restart releases them, as the cloud's failover does. */
export class Locks {
  readonly #random: Random;
  readonly #all = new Map<string, Lock>();
  // All locks of a queue last equally long, so the order of insertion is the order of expiry; a renewal goes to the end.
  readonly #timed = new Map<string, Lock>();

  constructor(random: Random) {
    this.#random = random;
  }

  take(message: Message, until: number, consumer: Consumer | undefined, session: Session | undefined): Lock {
    const token = Buffer.from(this.#random.bytes(tokenLength));
    const lock = { token, key: token.toString('hex'), message, consumer, session, until };
    message.state = 'locked';
    this.#all.set(lock.key, lock);
    if (session === undefined) this.#timed.set(lock.key, lock);
    else session.locks.add(lock);
    return lock;
  }

  find(key: string): Lock | undefined {
    return this.#all.get(key);
  }

  /** False if the lock was no longer held. */
  release(lock: Lock): boolean {
    if (this.#all.get(lock.key) !== lock) return false;
    this.#all.delete(lock.key);
    this.#timed.delete(lock.key);
    lock.session?.locks.delete(lock);
    return true;
  }

  /** False if the lock was no longer held. */
  renew(lock: Lock, until: number): boolean {
    if (!this.#timed.delete(lock.key)) return false;
    lock.until = until;
    this.#timed.set(lock.key, lock);
    return true;
  }

  /** Releases and returns at most `limit` locks whose time is over. */
  expire(now: number, limit: number): Lock[] {
    const over: Lock[] = [];
    for (const lock of this.#timed.values()) {
      if (lock.until > now || over.length === limit) break;
      over.push(lock);
    }
    for (const lock of over) this.release(lock);
    return over;
  }

  nextExpiry(): number {
    for (const lock of this.#timed.values()) return lock.until;
    return Number.POSITIVE_INFINITY;
  }

  timed(): Lock[] {
    return [...this.#timed.values()];
  }
}

/** Delivery tag of a lock token, or the reverse: the first three groups of a Guid are little-endian. */
export function tagOf(token: Buffer): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((i) => token.readUInt8(i)));
}
