import { sessionCannotBeLocked } from './amqp/error.ts';
import type { Consumer } from './consumer.ts';
import { Line } from './line.ts';
import type { Lock } from './locks.ts';

export interface Session {
  readonly id: string;
  readonly line: Line;
  readonly locks: Set<Lock>;
  owner: Consumer | undefined;
  until: number;
  /** Messages in this queue, in whatever state. */
  size: number;
}

/** The message sessions of one queue: who holds which, and which ones wait for somebody. */
export class Sessions {
  readonly #all = new Map<string, Session>();
  // In the order of expiry, as all session locks of a queue last equally long.
  readonly #held = new Map<Consumer, Session>();
  // Sessions without an owner that may have something to deliver, the one that waited longest first.
  readonly #available = new Set<Session>();

  get(id: string): Session {
    let session = this.#all.get(id);
    if (session === undefined) {
      session = { id, line: new Line(), locks: new Set(), owner: undefined, until: 0, size: 0 };
      this.#all.set(id, session);
    }
    return session;
  }

  heldBy(consumer: Consumer): Session | undefined {
    return this.#held.get(consumer);
  }

  held(): Session[] {
    return [...this.#held.values()];
  }

  find(id: string): Session | undefined {
    return this.#all.get(id);
  }

  /** Something to deliver has come in. */
  offer(session: Session): void {
    if (session.owner === undefined) this.#available.add(session);
  }

  /** The session that waits longest and has something; `hasMessage` sorts out those that only seemed to. */
  nextAvailable(hasMessage: (session: Session) => boolean): Session | undefined {
    for (const session of this.#available) {
      if (hasMessage(session)) return session;
      this.#available.delete(session);
      this.forgetIfIdle(session);
    }
    return undefined;
  }

  lock(session: Session, owner: Consumer, until: number): void {
    if (session.owner !== undefined) throw sessionCannotBeLocked(session.id);
    session.owner = owner;
    session.until = until;
    this.#available.delete(session);
    this.#held.set(owner, session);
  }

  renew(session: Session, until: number): void {
    const { owner } = session;
    if (owner === undefined) return;
    session.until = until;
    this.#held.delete(owner);
    this.#held.set(owner, session);
  }

  isHeld(session: Session): boolean {
    return session.owner !== undefined && this.#held.get(session.owner) === session;
  }

  /** Takes the session from its owner, without letting anybody else have it yet. */
  suspend(session: Session): void {
    if (session.owner !== undefined) this.#held.delete(session.owner);
  }

  /** Lets somebody else have the session. */
  release(session: Session): void {
    this.suspend(session);
    session.owner = undefined;
    this.#available.add(session);
  }

  expired(now: number): Session[] {
    const over: Session[] = [];
    for (const session of this.#held.values()) {
      if (session.until > now) break;
      over.push(session);
    }
    return over;
  }

  nextExpiry(): number {
    for (const session of this.#held.values()) return session.until;
    return Number.POSITIVE_INFINITY;
  }

  /** Session ids are as many as clients choose: one without messages and owner is not kept. */
  forgetIfIdle(session: Session): void {
    if (session.size > 0 || session.owner !== undefined) return;
    this.#all.delete(session.id);
    this.#available.delete(session);
  }
}
