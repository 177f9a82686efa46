// One queue, subscription or dead-letter queue: who waits for what. The order of things is always the same: the disk
// first (settlement.ts, broker.ts), then memory, then `pump` hands out what may be handed out.
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { messageLockLost, sessionLockLost } from './amqp/error.ts';
import type { Bodies } from './bodies.ts';
import type { Consumer } from './consumer.ts';
import type { Counters } from './counters.ts';
import { Expiry } from './expiry.ts';
import { Line } from './line.ts';
import { Locks } from './locks.ts';
import type { Lock } from './locks.ts';
import { expiresAt } from './message.ts';
import type { Message } from './message.ts';
import type { Changes } from './modification.ts';
import { Sessions } from './sessions.ts';
import type { Session } from './sessions.ts';
import { Settlement } from './settlement.ts';
import type { Home, Reason } from './settlement.ts';
import type { Store } from './store.ts';
import type { QueueRules } from './topology.ts';
import { SessionWaiters } from './session-waiters.ts';

/** What all queues of one broker share. */
export interface Surroundings {
  readonly store: Store;
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly counters: Counters;
  /** Asks for a `tick` at that time (ms since 1970) at the latest. */
  wake(at: number): void;
}

// A tick must not hold up the event loop: what is left over comes with the next one, at once.
const workPerTick = 500;

export class Queue implements Home {
  readonly address: string;
  readonly entity: number;
  readonly rules: QueueRules;
  readonly deadLetters: Queue | undefined;
  readonly #around: Surroundings;
  readonly #line = new Line();
  readonly #locks: Locks;
  readonly #sessions = new Sessions();
  readonly #waiters: SessionWaiters;
  readonly #deferred = new Map<number, Message>();
  readonly #expiry = new Expiry();
  readonly #settlement: Settlement;
  #consumers: Consumer[] = [];
  #paused = false;
  #duplicates = 0;

  constructor(
    address: string,
    entity: number,
    rules: QueueRules,
    deadLetters: Queue | undefined,
    around: Surroundings,
  ) {
    this.address = address;
    this.entity = entity;
    this.rules = rules;
    this.deadLetters = deadLetters;
    this.#around = around;
    this.#locks = new Locks(around.random);
    this.#waiters = new SessionWaiters(around);
    this.#settlement = new Settlement(this);
  }

  get store(): Store {
    return this.#around.store;
  }

  get bodies(): Bodies {
    return this.#around.bodies;
  }

  get maxDeliveryCount(): number {
    return this.rules.maxDeliveryCount;
  }

  /** Takes in a message that is on disk. */
  admit(message: Message): void {
    if (message.session !== undefined && this.rules.requiresSession) this.#sessions.get(message.session).size++;
    if (this.#expiry.add(message)) this.#around.wake(expiresAt(message));
    this.ready(message);
  }

  ready(message: Message): void {
    message.state = 'ready';
    if (message.deferred) {
      this.#deferred.set(message.seq, message);
      return;
    }
    const session = this.#sessionOf(message);
    if (session === undefined) this.#line.join(message);
    else {
      session.line.join(message);
      this.#sessions.offer(session);
    }
    this.#pumpSoon(session);
  }

  gone(message: Message): void {
    message.state = 'gone';
    this.bodies.drop(message);
    this.#deferred.delete(message.seq);
    this.#expiry.forget(message);
    const session = this.#sessionOf(message);
    if (session === undefined) return;
    session.size--;
    this.#sessions.forgetIfIdle(session);
  }

  attach(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  /** `counts`: the receiver vanished with messages in hand, so that they count as failed deliveries. */
  detach(consumer: Consumer, counts: boolean): void {
    this.#consumers = this.#consumers.filter((other) => other !== consumer);
    this.#waiters.leave(consumer);
    const session = this.#sessions.heldBy(consumer);
    if (session !== undefined) this.#giveUp(session, counts);
  }

  acceptSession(id: string, consumer: Consumer): Session {
    const session = this.#sessions.get(id);
    this.#sessions.lock(session, consumer, this.#lockedUntil());
    return session;
  }

  /** The session that waits longest; else the next one that gets a message within `ms`; else undefined. */
  acceptNext(consumer: Consumer, ms: number): Promise<Session | undefined> {
    const session = this.#nextSession();
    if (session === undefined) return this.#waiters.wait(consumer, ms);
    this.#sessions.lock(session, consumer, this.#lockedUntil());
    return Promise.resolve(session);
  }

  /** Hands out what may be handed out to this consumer, or to all. */
  pump(consumer?: Consumer): void {
    if (this.#paused || this.#around.store.closed) return;
    if (this.rules.requiresSession) {
      const mine = consumer === undefined ? this.#sessions.held() : [this.#sessions.heldBy(consumer)];
      for (const session of mine) if (session !== undefined) this.#pumpSession(session);
      this.#serveWaiters();
      return;
    }
    for (let message = this.#first(this.#line); message !== undefined; message = this.#first(this.#line)) {
      const taker = this.#taker();
      if (taker === undefined) return;
      this.#line.shift();
      this.#hand(message, taker, undefined);
    }
  }

  lockOf(key: string): Lock {
    const lock = this.#locks.find(key);
    if (lock === undefined) throw messageLockLost();
    return lock;
  }

  complete(lock: Lock): Promise<void> {
    return this.#settle(lock, (message) => this.#settlement.complete(message));
  }

  abandon(lock: Lock, changes: Changes): Promise<void> {
    return this.#settle(lock, (message) => this.#settlement.abandon(message, changes));
  }

  defer(lock: Lock, changes: Changes): Promise<void> {
    return this.#settle(lock, (message) => this.#settlement.defer(message, changes));
  }

  deadLetter(lock: Lock, why: Reason, changes: Changes): Promise<void> {
    return this.#settle(lock, (message) => this.#settlement.deadLetter(message, why, changes));
  }

  /** Returns the new end of the lock, in ms since 1970. */
  renew(key: string): number {
    const until = this.#lockedUntil();
    if (!this.#locks.renew(this.lockOf(key), until)) throw messageLockLost();
    return until;
  }

  renewSession(id: string): number {
    const session = this.heldSession(id);
    this.#sessions.renew(session, this.#lockedUntil());
    return session.until;
  }

  /** Throws `com.microsoft:session-lock-lost` where nobody holds it. */
  heldSession(id: string): Session {
    const session = this.#sessions.find(id);
    if (session?.owner === undefined) throw sessionLockLost(id);
    return session;
  }

  /** Locks (or removes) deferred messages by number; numbers that are not deferred here are left out. */
  async fetchDeferred(seqs: readonly number[], session: string | undefined, removes: boolean): Promise<Fetched[]> {
    const held = session === undefined ? undefined : this.heldSession(session);
    const found = seqs
      .map((seq) => this.#deferred.get(seq))
      .filter((message) => message?.state === 'ready' && (!this.rules.requiresSession || message.session === session));
    const fetched: Fetched[] = [];
    for (const message of found) {
      if (message === undefined) continue;
      const body = this.bodies.of(message);
      if (!removes)
        fetched.push({ message, body, lock: this.#locks.take(message, this.#lockedUntil(), undefined, held) });
      else fetched.push({ message, body, lock: undefined });
    }
    if (removes) await Promise.all(fetched.map(({ message }) => this.#settlement.complete(message)));
    this.#around.wake(this.#lockedUntil());
    return fetched;
  }

  /** Does what is due; returns when there is something to do next. */
  tick(now: number): number {
    const over = this.#locks.expire(now, workPerTick);
    for (const { message } of over) this.#inBackground(this.#settlement.abandon(message));
    for (const session of this.#sessions.expired(now)) this.#loseSession(session);
    this.#waiters.expire(now);
    const expired = this.#expiry.take(now, workPerTick);
    for (const message of expired) this.#expire(message);
    if (over.length === workPerTick || expired.length === workPerTick) return now;
    return Math.min(this.#locks.nextExpiry(), this.#sessions.nextExpiry(), this.#waiters.next(), this.#expiry.next());
  }

  /** Fault switches. */
  pause(paused: boolean): void {
    this.#paused = paused;
    this.pump();
  }

  loseLocks(): void {
    for (const lock of this.#locks.timed()) {
      if (this.#locks.release(lock)) this.#inBackground(this.#settlement.abandon(lock.message));
    }
    for (const session of this.#sessions.held()) this.#loseSession(session);
  }

  duplicate(times: number): void {
    this.#duplicates += times;
  }

  #sessionOf(message: Message): Session | undefined {
    if (message.session === undefined || !this.rules.requiresSession) return undefined;
    return this.#sessions.get(message.session);
  }

  #lockedUntil(): number {
    return this.#around.clock.now() + this.rules.lockDuration;
  }

  #first(line: Line): Message | undefined {
    return line.first(this.#around.clock.now(), (message) => this.#expire(message));
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
    if (owner === undefined) return;
    while (owner.capacity() > 0) {
      const message = this.#first(session.line);
      if (message === undefined) return;
      session.line.shift();
      this.#hand(message, owner, session);
    }
  }

  #pumpSoon(session: Session | undefined): void {
    if (this.#paused || this.#around.store.closed) return;
    if (session === undefined) this.pump();
    else if (session.owner === undefined) this.#serveWaiters();
    else this.#pumpSession(session);
  }

  #serveWaiters(): void {
    while (this.#waiters.waiting) {
      const session = this.#nextSession();
      if (session === undefined) return;
      const consumer = this.#waiters.serve(session);
      if (consumer !== undefined) this.#sessions.lock(session, consumer, this.#lockedUntil());
    }
  }

  #nextSession(): Session | undefined {
    return this.#sessions.nextAvailable((session) => this.#first(session.line) !== undefined);
  }

  #hand(message: Message, taker: Consumer, session: Session | undefined): void {
    this.#around.counters.delivered++;
    if (taker.deletes) {
      this.#remove(message, taker);
      return;
    }
    const until = this.#lockedUntil();
    const lock = this.#locks.take(message, session?.until ?? until, taker, session);
    this.#around.wake(session?.until ?? until);
    const body = this.bodies.of(message);
    taker.deliver(message, body, lock);
    if (this.#duplicates > 0 && this.#locks.release(lock)) {
      this.#duplicates--;
      this.ready(message);
    }
  }

  #remove(message: Message, taker: Consumer): void {
    taker.reserve();
    const body = this.bodies.of(message);
    this.#settlement.complete(message).then(
      () => {
        this.#around.counters.settled++;
        taker.deliver(message, body, undefined);
      },
      (error: unknown) => {
        taker.unreserve();
        this.#around.log.error('removal_failed', { address: this.address, error });
      },
    );
  }

  async #settle(lock: Lock, way: (message: Message) => Promise<void>): Promise<void> {
    if (!this.#locks.release(lock))
      throw lock.session === undefined ? messageLockLost() : sessionLockLost(lock.session.id);
    try {
      await way(lock.message);
    } catch (error) {
      // Refused before anything was written: without its lock the message would belong to nobody.
      if (lock.message.state === 'locked') this.ready(lock.message);
      throw error;
    }
    this.#around.counters.settled++;
  }

  #loseSession(session: Session): void {
    const { owner } = session;
    this.#giveUp(session, true);
    owner?.sessionLost(sessionLockLost(session.id));
  }

  #giveUp(session: Session, counts: boolean): void {
    const locks = [...session.locks];
    for (const lock of locks) this.#locks.release(lock);
    this.#sessions.release(session);
    for (const { message } of locks) {
      if (counts) this.#inBackground(this.#settlement.abandon(message));
      else this.ready(message);
    }
    this.#sessions.forgetIfIdle(session);
    this.#serveWaiters();
  }

  #expire(message: Message): void {
    if (message.state !== 'ready') return;
    const { deadLettering } = this.rules;
    const why = { reason: 'TTLExpiredException', description: 'The message expired and was dead lettered.' };
    this.#inBackground(
      deadLettering && this.deadLetters !== undefined
        ? this.#settlement.deadLetter(message, why)
        : this.#settlement.complete(message),
    );
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#around.log.error('write_failed', { address: this.address, error }));
  }
}

export interface Fetched {
  readonly message: Message;
  readonly body: Buffer;
  readonly lock: Lock | undefined;
}
