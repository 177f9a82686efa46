// The namespace: which entities there are, and the way of a message into them.
//
//   submit -> duplicate? -> scheduled? -> route (rules of subscriptions, forwarding) -> one row each -> commit -> admit
//
// Nothing is admitted, and nobody is answered, before the commit is on disk.
import { must } from '../../base/errors.ts';
import { badArgument, messageNotFound, notAllowed, notFound } from './amqp/error.ts';
import { modified } from './modification.ts';
import type { Message, Submission } from './message.ts';
import { Queue } from './queue.ts';
import type { Surroundings } from './surroundings.ts';
import { Schedule } from './schedule.ts';
import { Topic } from './topic.ts';
import { shorter } from './topology.ts';
import type { QueueRules, Topology } from './topology.ts';
import { parseSubmission } from './message.ts';
import type { Row } from './store.ts';

/** Where senders send to. */
export interface Destination {
  readonly address: string;
  readonly entity: number;
  readonly ttl: number | undefined;
  readonly duplicateWindow: number | undefined;
  /** Undefined for a queue that takes its messages itself. */
  readonly topic: Topic | undefined;
}

interface Route {
  readonly queue: Queue;
  /** Set where the message cannot live in the queue itself. */
  readonly refusedBecause: string | undefined;
}

const sweepPerTick = 500;
const retryAfter = 1000;
const deadLetterSuffix = '/$deadletterqueue';

export class Broker {
  readonly #around: Surroundings;
  readonly #queues = new Map<string, Queue>();
  readonly #destinations = new Map<string, Destination>();
  readonly #schedule = new Schedule();
  #nextSweep = 0;

  constructor(topology: Topology, around: Surroundings) {
    this.#around = around;
    for (const entry of topology.queues) {
      const queue = this.#addQueue(entry.name, entry);
      const { address, entity, rules } = queue;
      const { ttl, duplicateWindow } = rules;
      this.#destinations.set(address.toLowerCase(), { address, entity, ttl, duplicateWindow, topic: undefined });
    }
    for (const entry of topology.topics) {
      const topic = new Topic(around.store);
      for (const { rules, ...settings } of entry.subscriptions)
        topic.subscribe(this.#addQueue(`${entry.name}/Subscriptions/${settings.name}`, settings), rules);
      const { name: address, ttl, duplicateWindow } = entry;
      const entity = around.store.entityId(address.toLowerCase());
      this.#destinations.set(address.toLowerCase(), { address, entity, ttl, duplicateWindow, topic });
    }
    this.#load();
  }

  /** Throws `amqp:not-found`. */
  destination(address: string): Destination {
    const destination = this.#destinations.get(address.toLowerCase());
    if (destination === undefined) throw notFound(address);
    return destination;
  }

  /** A queue, a subscription, or the dead-letter queue of either. Throws `amqp:not-found`. */
  queue(address: string): Queue {
    const queue = this.#queues.get(address.toLowerCase());
    if (queue === undefined) throw notFound(address);
    return queue;
  }

  exists(address: string): boolean {
    return this.#queues.has(address.toLowerCase()) || this.#destinations.has(address.toLowerCase());
  }

  topicOf(subscription: Queue): Topic | undefined {
    for (const { topic } of this.#destinations.values()) if (topic?.has(subscription) === true) return topic;
    return undefined;
  }

  /** Accepts messages, all or none. Resolves when they are durable; scheduled ones are kept until their time. */
  async publish(to: Destination, messages: readonly Submission[]): Promise<void> {
    const now = this.#around.clock.now();
    const planned = messages.map((message) => ({ message, routes: this.#route(to, message) }));
    const admitted = await this.#around.store.commit(() =>
      planned.flatMap(({ message, routes }) => {
        if (this.#isDuplicate(to, message, now)) return [];
        if (message.scheduledFor === undefined || message.scheduledFor <= now)
          return this.#insert(to, message, routes, now);
        return [this.#keep(to, message, message.scheduledFor).remember];
      }),
    );
    this.#around.counters.messagesIn += messages.length;
    for (const admit of admitted) admit();
  }

  /** Keeps messages until `times` (ms since 1970); returns their sequence numbers. */
  async scheduleAt(to: Destination, messages: readonly { message: Submission; at: number }[]): Promise<number[]> {
    for (const { message } of messages) this.#route(to, message);
    const kept = await this.#around.store.commit(() => messages.map(({ message, at }) => this.#keep(to, message, at)));
    this.#around.counters.messagesIn += messages.length;
    for (const { remember } of kept) remember();
    return kept.map(({ seq }) => seq);
  }

  /** Throws `com.microsoft:message-not-found` if one of them is not scheduled (any more); then none is cancelled. */
  async cancel(to: Destination, seqs: readonly number[]): Promise<void> {
    for (const seq of seqs)
      if (this.#schedule.entityOf(seq) !== to.entity) throw messageNotFound(`No message ${seq} is scheduled.`);
    // Out of the schedule first, so that none becomes due while it is being cancelled.
    const entries = seqs.map((seq) => this.#schedule.remove(seq));
    try {
      await this.#around.store.commit(() => {
        for (const seq of seqs) this.#around.store.remove(seq);
      });
    } catch (error) {
      for (const entry of entries) if (entry !== undefined) this.#schedule.add(entry.seq, entry.entity, entry.at);
      throw error;
    }
  }

  tick(now: number): number {
    for (const { seq, entity } of this.#schedule.take(now, sweepPerTick))
      this.#activate(seq, entity).catch((error: unknown) => {
        // A full disk, as a rule: the message stays where it is and is tried again until it goes.
        this.#around.log.error('activation_failed', { seq, error });
        this.#schedule.add(seq, entity, now + retryAfter);
        this.#around.wake(now + retryAfter);
      });
    let next = this.#schedule.next();
    for (const queue of this.#queues.values()) next = Math.min(next, queue.tick(now));
    if (this.#nextSweep <= now) this.#sweep(now);
    return Math.min(next, this.#nextSweep);
  }

  #addQueue(address: string, rules: QueueRules): Queue {
    const { store } = this.#around;
    const dead = `${address}/$DeadLetterQueue`;
    const endless = { ...rules, requiresSession: false, ttl: undefined, deadLettering: false, forwardTo: undefined };
    const deadLetters = new Queue(dead, store.entityId(dead.toLowerCase()), endless, undefined, this.#around);
    const queue = new Queue(address, store.entityId(address.toLowerCase()), rules, deadLetters, this.#around);
    this.#queues.set(address.toLowerCase(), queue);
    this.#queues.set(address.toLowerCase() + deadLetterSuffix, deadLetters);
    return queue;
  }

  #load(): void {
    const byEntity = new Map([...this.#queues.values()].map((queue) => [queue.entity, queue]));
    let unknown = 0;
    for (const row of this.#around.store.load()) {
      const queue = byEntity.get(row.entity);
      if (row.state === 'scheduled') this.#schedule.add(row.seq, row.entity, row.enqueuedAt);
      else if (queue === undefined) unknown++;
      else queue.admit(messageOf(row));
    }
    if (unknown > 0) this.#around.log.warn('messages_without_entity', { messages: unknown });
  }

  #route(to: Destination, message: Submission): Route[] {
    if (to.topic === undefined) {
      const queue = this.queue(to.address);
      if (queue.rules.requiresSession && message.session === undefined)
        throw notAllowed(
          'The SessionId was not set on a message, and it cannot be sent to the entity. ' +
            'Entities that have session support enabled can only receive messages that have the SessionId set.',
        );
      return this.#follow(queue, message);
    }
    return to.topic.matching(message).flatMap((queue) => this.#follow(queue, message));
  }

  // The topology has no circles (checkForwarding), so this ends.
  #follow(queue: Queue, message: Submission): Route[] {
    const { forwardTo, requiresSession } = queue.rules;
    if (forwardTo !== undefined) {
      const next = this.destination(forwardTo);
      if (next.topic !== undefined) return next.topic.matching(message).flatMap((each) => this.#follow(each, message));
      return this.#follow(this.queue(forwardTo), message);
    }
    const refused = requiresSession && message.session === undefined;
    return [{ queue, refusedBecause: refused ? 'Session id is null.' : undefined }];
  }

  // Inside a commit. Returns what memory has to do once the commit is on disk.
  #insert(to: Destination, message: Submission, routes: Route[], now: number, origin?: number): (() => void)[] {
    return routes.map(({ queue, refusedBecause }) => {
      const home = refusedBecause === undefined ? queue : must(queue.deadLetters, 'dead-letter queue');
      const reason = new Map(refusedBecause === undefined ? [] : [['DeadLetterReason', refusedBecause]]);
      const row = {
        entity: home.entity,
        state: 'active' as const,
        session: message.session,
        messageId: message.messageId,
        enqueuedAt: now,
        deliveryCount: 0,
        body: modified(message.bytes, reason),
        ttl: home === queue ? shorter(shorter(message.ttl, to.ttl), queue.rules.ttl) : undefined,
        source: home === queue ? undefined : queue.address,
        origin,
      };
      const seq = this.#around.store.insert(row);
      const admitted = messageOf({ ...row, seq, origin: origin ?? seq });
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
      this.#schedule.add(seq, to.entity, at);
      this.#around.wake(at);
    };
    return { seq, remember };
  }

  // A scheduled message that is due enters like a new one, under a new sequence number.
  async #activate(seq: number, entity: number): Promise<void> {
    const { store, random, clock } = this.#around;
    const to = [...this.#destinations.values()].find((destination) => destination.entity === entity);
    if (to === undefined) return;
    const message = parseSubmission(store.body(seq), random);
    const routes = this.#route(to, message);
    const admitted = await store.commit(() => {
      store.remove(seq);
      return this.#insert(to, message, routes, clock.now(), seq);
    });
    for (const admit of admitted) admit();
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
