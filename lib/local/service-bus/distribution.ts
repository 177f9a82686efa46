import { Line } from './line.ts';
import type { Consumer } from './consumer.ts';
import type { Message } from './message.ts';
import { SessionWaiters } from './session-waiters.ts';
import { Sessions } from './sessions.ts';
import type { Session } from './sessions.ts';

/** What the distribution needs of its queue. */
export interface Source {
  readonly requiresSession: boolean;
  now(): number;
  /** The end of a lock that is taken now. */
  lockedUntil(): number;
  wake(at: number): void;
  /** Its time to live is over: it must not be delivered. */
  expire(message: Message): void;
  hand(message: Message, taker: Consumer, session: Session | undefined): void;
}

/** Who gets which message of a queue: one line with takers in turn, or a line a session with one owner each. */
export class Distribution {
  readonly #source: Source;
  readonly #line = new Line();
  readonly #sessions = new Sessions();
  readonly #waiters: SessionWaiters;
  #consumers: Consumer[] = [];
  #paused = false;

  constructor(source: Source) {
    this.#source = source;
    this.#waiters = new SessionWaiters(source);
  }

  count(message: Message, difference: 1 | -1): void {
    const session = this.#sessionOf(message);
    if (session === undefined) return;
    session.size += difference;
    this.#sessions.forgetIfIdle(session);
  }

  /** A message is ready for delivery. */
  join(message: Message): void {
    const session = this.#sessionOf(message);
    if (session === undefined) {
      this.#line.join(message);
      this.pump();
      return;
    }
    session.line.join(message);
    this.#sessions.offer(session);
    if (session.owner === undefined) this.#serveWaiters();
    else this.#pumpSession(session);
  }

  attach(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  /** Returns the session that the consumer held; it must be released. */
  leave(consumer: Consumer): Session | undefined {
    this.#consumers = this.#consumers.filter((other) => other !== consumer);
    this.#waiters.leave(consumer);
    return this.#sessions.heldBy(consumer);
  }

  acceptSession(id: string, consumer: Consumer): Session {
    const session = this.#sessions.get(id);
    this.#sessions.lock(session, consumer, this.#source.lockedUntil());
    return session;
  }

  acceptNext(consumer: Consumer, ms: number): Promise<Session | undefined> {
    const session = this.#nextSession();
    if (session === undefined) return this.#waiters.wait(consumer, ms);
    this.#sessions.lock(session, consumer, this.#source.lockedUntil());
    return Promise.resolve(session);
  }

  /** The session, if somebody holds it. */
  heldSession(id: string): Session | undefined {
    const session = this.#sessions.find(id);
    return session !== undefined && this.#sessions.isHeld(session) ? session : undefined;
  }

  held(): Session[] {
    return this.#sessions.held();
  }

  renew(session: Session): number {
    this.#sessions.renew(session, this.#source.lockedUntil());
    return session.until;
  }

  suspend(session: Session): void {
    this.#sessions.suspend(session);
  }

  /** The session goes to whoever comes next. Its messages must be back in line before, or their order would be lost. */
  release(session: Session): void {
    this.#sessions.release(session);
    this.#sessions.forgetIfIdle(session);
    this.#serveWaiters();
  }

  /** Hands out what may be handed out, to this consumer or to all. */
  pump(consumer?: Consumer): void {
    if (this.#paused) return;
    if (this.#source.requiresSession) {
      const mine = consumer === undefined ? this.#sessions.held() : [this.#sessions.heldBy(consumer)];
      for (const session of mine) if (session !== undefined) this.#pumpSession(session);
      this.#serveWaiters();
      return;
    }
    for (let message = this.#first(this.#line); message !== undefined; message = this.#first(this.#line)) {
      const taker = this.#taker();
      if (taker === undefined) return;
      this.#line.shift();
      this.#source.hand(message, taker, undefined);
    }
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.pump();
  }

  /** Ends waits that are over, and returns the sessions whose lock is. */
  expire(now: number): Session[] {
    this.#waiters.expire(now);
    return this.#sessions.expired(now);
  }

  next(): number {
    return Math.min(this.#sessions.nextExpiry(), this.#waiters.next());
  }

  #sessionOf(message: Message): Session | undefined {
    if (message.session === undefined || !this.#source.requiresSession) return undefined;
    return this.#sessions.get(message.session);
  }

  #first(line: Line): Message | undefined {
    return line.first(this.#source.now(), (message) => this.#source.expire(message));
  }

  // Round robin: the one that was served goes to the end.
  #taker(): Consumer | undefined {
    const index = this.#consumers.findIndex((consumer) => consumer.capacity() > 0);
    const [taker] = index < 0 ? [] : this.#consumers.splice(index, 1);
    if (taker !== undefined) this.#consumers.push(taker);
    return taker;
  }

  #pumpSession(session: Session): void {
    const { owner } = session;
    if (owner === undefined || this.#paused) return;
    while (owner.capacity() > 0) {
      const message = this.#first(session.line);
      if (message === undefined) return;
      session.line.shift();
      this.#source.hand(message, owner, session);
    }
  }

  #serveWaiters(): void {
    while (this.#waiters.waiting && !this.#paused) {
      const session = this.#nextSession();
      if (session === undefined) return;
      const consumer = this.#waiters.serve(session);
      if (consumer !== undefined) this.#sessions.lock(session, consumer, this.#source.lockedUntil());
    }
  }

  #nextSession(): Session | undefined {
    return this.#sessions.nextAvailable((session) => this.#first(session.line) !== undefined);
  }
}
