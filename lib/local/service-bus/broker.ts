// The way of a message into the namespace.
//
//   submit -> room? -> duplicate? -> scheduled? -> route (routing.ts) -> one row each -> commit -> admit
//
// Nothing is admitted, and nobody is answered, before the commit is on disk.
import { badArgument, messageNotFound } from './amqp/error.ts';
import { Entities } from './entities.ts';
import type { Destination } from './entities.ts';
import { parseSubmission } from './message.ts';
import type { Message, Submission } from './message.ts';
import { modified } from './modification.ts';
import type { Queue } from './queue.ts';
import { follow, route } from './routing.ts';
import type { Route } from './routing.ts';
import { Schedule } from './schedule.ts';
import type { Entry } from './schedule.ts';
import type { Row } from './store.ts';
import type { Surroundings } from './surroundings.ts';
import { shorter } from './topology.ts';
import type { Topology } from './topology.ts';
import type { Usage } from './usage.ts';

/** Where a message that moves was before. */
interface From {
  readonly seq: number;
  readonly source: string | undefined;
}

interface Leaving {
  readonly routes: readonly Route[];
  readonly usage: Usage;
  readonly ttl: number | undefined;
}

const sweepPerTick = 500;
const retryAfter = 1000;
// A dead letter whose forwarding is refused (the destination is full, or disabled) is tried again after this.
const refusedAfter = 60_000;

export class Broker {
  readonly entities: Entities;
  readonly #around: Surroundings;
  readonly #schedule = new Schedule();
  #nextSweep = 0;

  constructor(topology: Topology, around: Surroundings) {
    this.#around = around;
    this.entities = new Entities(topology, around);
    for (const queue of this.entities.queues())
      if (queue.rules.forwardTo !== undefined) queue.passOn((message) => this.#passOn(queue, message));
    this.#load();
  }

  /** Accepts messages, all or none. Resolves when they are durable; scheduled ones are kept until their time. */
  async publish(to: Destination, messages: readonly Submission[]): Promise<void> {
    to.usage.check();
    const now = this.#around.clock.now();
    const planned = messages.map((message) => ({ message, routes: route(this.entities, to, message) }));
    const admitted = await this.#around.store.commit(() =>
      planned.flatMap(({ message, routes }) => {
        if (this.#isDuplicate(to, message, now)) return [];
        if (message.scheduledFor === undefined || message.scheduledFor <= now) return this.#insert(routes, now, to.ttl);
        return [this.#keep(to, message, message.scheduledFor).remember];
      }),
    );
    this.#around.counters.messagesIn += messages.length;
    for (const admit of admitted) admit();
  }

  /** Keeps messages until `at` (ms since 1970); returns their sequence numbers. */
  async scheduleAt(to: Destination, messages: readonly { message: Submission; at: number }[]): Promise<number[]> {
    to.usage.check();
    for (const { message } of messages) route(this.entities, to, message);
    const now = this.#around.clock.now();
    const kept = await this.#around.store.commit(() =>
      messages.map(({ message, at }) =>
        this.#isDuplicate(to, message, now) ? this.#drop(to, message, at) : this.#keep(to, message, at),
      ),
    );
    this.#around.counters.messagesIn += messages.length;
    for (const { remember } of kept) remember();
    return kept.map(({ seq }) => seq);
  }

  /** Throws `com.microsoft:message-not-found` if one of them is not scheduled (any more); then none is cancelled. */
  async cancel(to: Destination, seqs: readonly number[]): Promise<void> {
    for (const seq of seqs)
      if (this.#schedule.entityOf(seq) !== to.entity) throw messageNotFound(`No message ${seq} is scheduled.`);
    // Out of the schedule first, so that none becomes due while it is being cancelled.
    const entries = seqs.flatMap((seq) => this.#schedule.remove(seq) ?? []);
    try {
      await this.#around.store.commit(() => {
        for (const seq of seqs) this.#around.store.remove(seq);
      });
    } catch (error) {
      for (const entry of entries) this.#schedule.add(entry);
      throw error;
    }
    for (const { size } of entries) to.usage.add(-size);
  }

  tick(now: number): number {
    for (const entry of this.#schedule.take(now, sweepPerTick))
      this.#activate(entry).catch((error: unknown) => {
        // A full disk, as a rule: the message stays where it is and is tried again until it goes.
        this.#around.log.error('activation_failed', { seq: entry.seq, error });
        this.#later(entry, now + retryAfter);
      });
    let next = this.#schedule.next();
    for (const queue of this.entities.queues()) next = Math.min(next, queue.tick(now));
    if (this.#nextSweep <= now) this.#sweep(now);
    return Math.min(next, this.#nextSweep);
  }

  #load(): void {
    let unknown = 0;
    for (const row of this.#around.store.load()) {
      const { seq, entity, size } = row;
      if (row.state === 'scheduled') {
        this.#schedule.add({ kind: 'scheduled', seq, entity, at: row.enqueuedAt, size });
        this.entities.destinationOf(entity)?.usage.add(size);
        continue;
      }
      const queue = this.entities.queueOf(entity);
      if (queue === undefined) unknown++;
      else queue.admit(messageOf(row));
    }
    if (unknown > 0) this.#around.log.warn('messages_without_entity', { messages: unknown });
  }

  // Inside a commit. Returns what memory has to do once the commit is on disk.
  #insert(routes: readonly Route[], now: number, ttl?: number, from?: From): (() => void)[] {
    return routes.flatMap(({ home, message, through, refused }) => {
      if (through.some((next) => this.#isDuplicate(next, message, now))) return [];
      const reason = new Map(refused === undefined ? [] : [['DeadLetterReason', refused.because]]);
      const row = {
        entity: home.entity,
        state: 'active' as const,
        session: message.session,
        messageId: message.messageId,
        enqueuedAt: now,
        deliveryCount: 0,
        body: modified(message.bytes, reason),
        ttl: refused === undefined ? shorter(shorter(message.ttl, ttl), home.rules.ttl) : undefined,
        source: refused === undefined ? from?.source : refused.by.address,
        origin: from?.seq,
      };
      const seq = this.#around.store.insert(row);
      const admitted = messageOf({ ...row, seq, origin: from?.seq ?? seq, size: row.body.length });
      return () => {
        this.#around.bodies.keep(admitted, row.body);
        home.admit(admitted);
      };
    });
  }

  // Inside a commit, as #insert.
  #keep(to: Destination, message: Submission, at: number): { seq: number; remember: () => void } {
    if (!Number.isFinite(at)) throw badArgument('The time to enqueue is missing.');
    const seq = this.#around.store.insert({
      entity: to.entity,
      state: 'scheduled',
      session: message.session,
      messageId: message.messageId,
      enqueuedAt: at,
      ttl: message.ttl,
      body: message.bytes,
    });
    const remember = (): void => {
      const size = message.bytes.length;
      to.usage.add(size);
      this.#later({ kind: 'scheduled', seq, entity: to.entity, at, size }, at);
    };
    return { seq, remember };
  }

  // Inside a commit, as #keep, for a duplicate: it gets a number, and nothing is behind that.
  #drop(to: Destination, message: Submission, at: number): { seq: number; remember: () => void } {
    const { seq } = this.#keep(to, message, at);
    this.#around.store.remove(seq);
    return { seq, remember: () => {} };
  }

  #later(entry: Entry, at: number): void {
    this.#schedule.add({ ...entry, at });
    this.#around.wake(at);
  }

  // A message of an entity that only passes on: it is on disk there, and moves like one that was scheduled for now.
  #passOn(queue: Queue, { seq, size }: Message): void {
    const now = this.#around.clock.now();
    this.#later({ kind: 'passing', seq, entity: queue.entity, at: now, size }, now);
  }

  // A message that is due, or passed on, enters like a new one, under a new sequence number.
  async #activate(entry: Entry): Promise<void> {
    const { store, random, clock } = this.#around;
    const { seq } = entry;
    const { body, source } = store.stored(seq);
    const leaving = this.#leaving(entry, parseSubmission(body, random));
    if (leaving === undefined) return;
    const { routes, usage, ttl } = leaving;
    const now = clock.now();
    if (entry.kind === 'passing' && routes.some(({ home }) => home.entity === entry.entity)) {
      this.#later(entry, now + refusedAfter);
      return;
    }
    const admitted = await store.commit(() => {
      store.remove(seq);
      return this.#insert(routes, now, ttl, { seq, source });
    });
    usage.add(-entry.size);
    for (const admit of admitted) admit();
  }

  // Undefined for an entity that left the topology: what is there waits for it to come back.
  #leaving({ kind, entity }: Entry, message: Submission): Leaving | undefined {
    if (kind === 'scheduled') {
      const to = this.entities.destinationOf(entity);
      return to && { routes: route(this.entities, to, message), usage: to.usage, ttl: to.ttl };
    }
    const from = this.entities.queueOf(entity);
    return from && { routes: follow(this.entities, from, message), usage: from.usage, ttl: undefined };
  }

  #isDuplicate(to: Destination, message: Submission, now: number): boolean {
    if (to.duplicateWindow === undefined) return false;
    return !this.#around.store.firstSeen(to.entity, message.messageId, now, now + to.duplicateWindow);
  }

  #sweep(now: number): void {
    const { store, log } = this.#around;
    this.#nextSweep = now + 60_000;
    store
      .commit(() => store.sweepSeen(now, sweepPerTick))
      .then((swept) => {
        if (swept < sweepPerTick) return;
        this.#nextSweep = now;
        this.#around.wake(now);
      })
      .catch((error: unknown) => log.error('sweep_failed', { error }));
  }
}

function messageOf(row: Omit<Row, 'entity'>): Message {
  return {
    seq: row.seq,
    size: row.size,
    origin: row.origin,
    session: row.session,
    enqueuedAt: row.enqueuedAt,
    ttl: row.ttl,
    deliveryCount: row.deliveryCount,
    source: row.source,
    deferred: row.state === 'deferred',
    state: 'ready',
    body: undefined,
  };
}
