// The entities of the namespace, made from its topology.
import { notFound } from './amqp/error.ts';
import { Queue } from './queue.ts';
import type { Surroundings } from './surroundings.ts';
import { Topic } from './topic.ts';
import type { QueueRules, Topology } from './topology.ts';
import { Usage } from './usage.ts';

/** Where senders send to. */
export interface Destination {
  readonly address: string;
  readonly entity: number;
  readonly ttl: number | undefined;
  readonly duplicateWindow: number | undefined;
  readonly usage: Usage;
  readonly sendable: boolean;
  /** Undefined for a queue that takes its messages itself. */
  readonly topic: Topic | undefined;
}

export class Entities {
  readonly #around: Surroundings;
  readonly #queues = new Map<string, Queue>();
  readonly #destinations = new Map<string, Destination>();
  readonly #queuesById = new Map<number, Queue>();
  readonly #destinationsById = new Map<number, Destination>();

  constructor(topology: Topology, around: Surroundings) {
    this.#around = around;
    for (const entry of topology.queues) {
      const { name: address, ttl, duplicateWindow, sendable } = entry;
      const usage = new Usage(address, entry.maxSize);
      const { entity } = this.#addQueue(address, entry, usage);
      this.#addDestination({ address, entity, ttl, duplicateWindow, usage, sendable, topic: undefined });
    }
    for (const { name: address, maxSize, subscriptions, ttl, duplicateWindow, sendable } of topology.topics) {
      const topic = new Topic(around);
      const usage = new Usage(address, maxSize);
      for (const { rules, ...settings } of subscriptions)
        topic.subscribe(this.#addQueue(`${address}/Subscriptions/${settings.name}`, settings, usage), rules);
      const entity = around.store.entityId(address.toLowerCase());
      this.#addDestination({ address, entity, ttl, duplicateWindow, usage, sendable, topic });
    }
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

  queues(): Iterable<Queue> {
    return this.#queues.values();
  }

  destinationOf(entity: number): Destination | undefined {
    return this.#destinationsById.get(entity);
  }

  queueOf(entity: number): Queue | undefined {
    return this.#queuesById.get(entity);
  }

  #addDestination(destination: Destination): void {
    this.#destinations.set(destination.address.toLowerCase(), destination);
    this.#destinationsById.set(destination.entity, destination);
  }

  #addQueue(address: string, rules: QueueRules, usage: Usage): Queue {
    const endless = { ...rules, requiresSession: false, ttl: undefined, deadLettering: false, receivable: true };
    const dead = { ...endless, forwardTo: rules.forwardDeadLettersTo };
    const deadLetters = this.#add(`${address}/$DeadLetterQueue`, dead, undefined, usage);
    // For what cannot be sent on within a transaction: there are none here, so that it is always empty.
    this.#add(`${address}/$Transfer/$DeadLetterQueue`, { ...endless, forwardTo: undefined }, undefined, usage);
    return this.#add(address, rules, deadLetters, usage);
  }

  #add(address: string, rules: QueueRules, deadLetters: Queue | undefined, usage: Usage): Queue {
    const entity = this.#around.store.entityId(address.toLowerCase());
    const queue = new Queue({ address, entity, rules, deadLetters, usage }, this.#around);
    this.#queues.set(address.toLowerCase(), queue);
    this.#queuesById.set(entity, queue);
    return queue;
  }
}
