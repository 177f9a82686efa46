// One queue, subscription or dead-letter queue: who waits for what. The order of things is always the same: the disk
// first (settlement.ts, broker.ts), then memory, then `pump` hands out what may be handed out.
import { messageLockLost, sessionLockLost } from './amqp/error.ts';
import type { Bodies } from './bodies.ts';
import type { Consumer, Fetched } from './consumer.ts';
import { Expiry } from './expiry.ts';
import { Distribution } from './distribution.ts';
import type { Source } from './distribution.ts';
import { Locks } from './locks.ts';
import type { Lock } from './locks.ts';
import { expiresAt } from './message.ts';
import type { Message } from './message.ts';
import type { Changes } from './modification.ts';
import type { Session } from './sessions.ts';
import { Settlement } from './settlement.ts';
import type { Home, Reason } from './settlement.ts';
import type { Store } from './store.ts';
import { takeAway } from './take-away.ts';
import type { Surroundings } from './surroundings.ts';
import type { QueueRules } from './topology.ts';
import type { Usage } from './usage.ts';

// A tick must not hold up the event loop: what is left over comes with the next one, at once.
const workPerTick = 500;

export interface QueueParts {
  readonly address: string;
  readonly entity: number;
  readonly rules: QueueRules;
  readonly deadLetters: Queue | undefined;
  readonly usage: Usage;
}

export class Queue implements Home, Source {
  readonly address: string;
  readonly entity: number;
  readonly rules: QueueRules;
  readonly deadLetters: Queue | undefined;
  readonly usage: Usage;
  readonly #around: Surroundings;
  readonly #distribution: Distribution;
  readonly #locks: Locks;
  readonly #deferred = new Map<number, Message>();
  readonly #expiry = new Expiry();
  readonly #settlement: Settlement;
  #duplicates = 0;
  #onward: ((message: Message) => void) | undefined;

  constructor({ address, entity, rules, deadLetters, usage }: QueueParts, around: Surroundings) {
    this.address = address;
    this.entity = entity;
    this.rules = rules;
    this.deadLetters = deadLetters;
    this.usage = usage;
    this.#around = around;
    this.#locks = new Locks(around.random);
    this.#distribution = new Distribution(this);
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

  get requiresSession(): boolean {
    return this.rules.requiresSession;
  }

  now(): number {
    return this.#around.clock.now();
  }

  lockedUntil(): number {
    return this.now() + this.rules.lockDuration;
  }

  wake(at: number): void {
    this.#around.wake(at);
  }

  /** Takes in a message that is on disk. */
  admit(message: Message): void {
    this.usage.add(message.size);
    if (this.#onward !== undefined) {
      this.#onward(message);
      return;
    }
    this.#distribution.count(message, 1);
    if (this.#expiry.add(message)) this.wake(expiresAt(message));
    this.ready(message);
  }

  /** From here on nothing stays: what is admitted goes on, by way of `onward`. */
  passOn(onward: (message: Message) => void): void {
    this.#onward = onward;
  }

  ready(message: Message): void {
    message.state = 'ready';
    if (message.deferred) this.#deferred.set(message.seq, message);
    // A commit that ends with the broker still reports here; what it wrote is for the next start.
    else if (!this.store.closed) this.#distribution.join(message);
  }

  gone(message: Message): void {
    message.state = 'gone';
    this.usage.add(-message.size);
    this.bodies.drop(message);
    this.#deferred.delete(message.seq);
    this.#expiry.forget(message);
    this.#distribution.count(message, -1);
  }

  attach(consumer: Consumer): void {
    this.#distribution.attach(consumer);
  }

  /** `counts`: the receiver vanished with messages in hand, so that they count as failed deliveries. */
  detach(consumer: Consumer, counts: boolean): void {
    const session = this.#distribution.leave(consumer);
    if (session !== undefined) this.#giveUp(session, counts);
  }

  /** Throws `com.microsoft:session-cannot-be-locked`. */
  acceptSession(id: string, consumer: Consumer): Session {
    return this.#watched(this.#distribution.acceptSession(id, consumer));
  }

  /** The session that waits longest; else the next one that gets a message within `ms`; else undefined. */
  async acceptNext(consumer: Consumer, ms: number): Promise<Session | undefined> {
    const session = await this.#distribution.acceptNext(consumer, ms);
    return session === undefined ? undefined : this.#watched(session);
  }

  /** The consumer has room. */
  pump(consumer: Consumer): void {
    if (!this.store.closed) this.#distribution.pump(consumer);
  }

  /** Throws `com.microsoft:message-lock-lost`. */
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
    const until = this.lockedUntil();
    if (!this.#locks.renew(this.lockOf(key), until)) throw messageLockLost();
    return until;
  }

  renewSession(id: string): number {
    return this.#distribution.renew(this.heldSession(id));
  }

  /** Throws `com.microsoft:session-lock-lost` where nobody holds it. */
  heldSession(id: string): Session {
    const session = this.#distribution.heldSession(id);
    if (session === undefined) throw sessionLockLost(id);
    return session;
  }

  /** Locks (or removes) deferred messages by number; numbers that are not deferred here are left out. */
  async fetchDeferred(seqs: readonly number[], session: string | undefined, removes: boolean): Promise<Fetched[]> {
    const held = session === undefined ? undefined : this.heldSession(session);
    const fetched: Fetched[] = [];
    for (const message of Array.from(new Set(seqs), (seq) => this.#deferred.get(seq))) {
      if (message?.state !== 'ready' || (this.requiresSession && message.session !== session)) continue;
      const body = this.bodies.of(message);
      if (!removes)
        fetched.push({ message, body, lock: this.#locks.take(message, this.lockedUntil(), undefined, held) });
      else fetched.push({ message, body, lock: undefined });
    }
    if (removes) await Promise.all(fetched.map(({ message }) => this.#settlement.complete(message)));
    this.wake(this.lockedUntil());
    return fetched;
  }

  /** Does what is due; returns when there is something to do next. */
  tick(now: number): number {
    const over = this.#locks.expire(now, workPerTick);
    for (const { message } of over) this.#inBackground(this.#settlement.abandon(message));
    for (const session of this.#distribution.expire(now)) this.#loseSession(session);
    const expired = this.#expiry.take(now, workPerTick);
    for (const message of expired) this.expire(message);
    if (over.length === workPerTick || expired.length === workPerTick) return now;
    return Math.min(this.#locks.nextExpiry(), this.#distribution.next(), this.#expiry.next());
  }

  expire(message: Message): void {
    // A locked one is looked at again when it comes back.
    if (message.state !== 'ready') return;
    const { deadLettering } = this.rules;
    const why = { reason: 'TTLExpiredException', description: 'The message expired and was dead lettered.' };
    this.#inBackground(
      deadLettering && this.deadLetters !== undefined
        ? this.#settlement.deadLetter(message, why)
        : this.#settlement.complete(message),
    );
  }

  hand(message: Message, taker: Consumer, session: Session | undefined): void {
    this.#around.counters.delivered++;
    if (taker.deletes) {
      takeAway(message, taker, this.#settlement, this, this.#around);
      return;
    }
    const lock = this.#locks.take(message, session?.until ?? this.lockedUntil(), taker, session);
    this.wake(lock.until);
    taker.deliver(message, this.bodies.of(message), lock);
    if (this.#duplicates > 0 && this.#locks.release(lock)) {
      this.#duplicates--;
      this.ready(message);
    }
  }

  pause(paused: boolean): void {
    this.#distribution.pause(paused);
  }

  loseLocks(): void {
    for (const lock of this.#locks.timed())
      if (this.#locks.release(lock)) this.#inBackground(this.#settlement.abandon(lock.message));
    for (const session of this.#distribution.held()) this.#loseSession(session);
  }

  duplicate(times: number): void {
    this.#duplicates += times;
  }

  #watched(session: Session): Session {
    this.wake(session.until);
    return session;
  }

  async #settle(lock: Lock, way: (message: Message) => Promise<void>): Promise<void> {
    if (!this.#locks.release(lock))
      throw lock.session === undefined ? messageLockLost() : sessionLockLost(lock.session.id);
    const work = way(lock.message);
    // Still locked here means: refused before anything was written, and without its lock it would belong to nobody.
    // (A write that fails gives the message back itself, and by then somebody else may have locked it.)
    if (lock.message.state === 'locked') this.ready(lock.message);
    await work;
    this.#around.counters.settled++;
  }

  #loseSession(session: Session): void {
    const { owner } = session;
    this.#giveUp(session, true);
    owner?.sessionLost(sessionLockLost(session.id));
  }

  #giveUp(session: Session, counts: boolean): void {
    this.#distribution.suspend(session);
    const messages = [...session.locks].map(({ message }) => message);
    for (const lock of session.locks) this.#locks.release(lock);
    if (!counts) {
      for (const message of messages) this.ready(message);
      this.#distribution.release(session);
      return;
    }
    this.#inBackground(
      Promise.all(messages.map((message) => this.#settlement.abandon(message)))
        .finally(() => this.#distribution.release(session))
        .then(() => {}),
    );
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#around.log.error('write_failed', { address: this.address, error }));
  }
}
