import { AmqpError, notFound } from './amqp/error.ts';
import { compile } from './filter.ts';
import type { Filter, Predicate, Rule } from './filter.ts';
import type { Submission } from './message.ts';
import type { Queue } from './queue.ts';
import type { Store } from './store.ts';

interface Subscription {
  readonly queue: Queue;
  readonly rules: Map<string, { readonly rule: Rule; readonly matches: Predicate }>;
}

/** The subscriptions of a topic and their rules: a message goes to each subscription that has a rule that fits. */
export class Topic {
  readonly #store: Store;
  readonly #subscriptions = new Map<Queue, Subscription>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** `declared` are the rules of the topology; what clients changed since goes before them. */
  subscribe(queue: Queue, declared: readonly Rule[]): void {
    const rules: Subscription['rules'] = new Map();
    for (const rule of declared) rules.set(rule.name, { rule, matches: compile(rule.filter) });
    for (const { name, definition } of this.#store.rules(queue.entity)) {
      if (definition === undefined) rules.delete(name);
      else {
        const filter = JSON.parse(definition) as Filter;
        rules.set(name, { rule: { name, filter }, matches: compile(filter) });
      }
    }
    this.#subscriptions.set(queue, { queue, rules });
  }

  has(subscription: Queue): boolean {
    return this.#subscriptions.has(subscription);
  }

  matching(message: Submission): Queue[] {
    const fitting: Queue[] = [];
    const properties = message.properties();
    for (const { queue, rules } of this.#subscriptions.values())
      for (const { matches } of rules.values())
        if (matches(properties)) {
          fitting.push(queue);
          break;
        }
    return fitting;
  }

  rulesOf(subscription: Queue): Rule[] {
    return [...this.#get(subscription).rules.values()].map(({ rule }) => rule);
  }

  /** Throws for a name that is taken, or a filter that cannot be read. */
  async addRule(subscription: Queue, rule: Rule): Promise<void> {
    const { rules } = this.#get(subscription);
    const matches = compile(rule.filter);
    if (rules.has(rule.name))
      throw new AmqpError('com.microsoft:entity-already-exists', `A rule named '${rule.name}' is there already.`);
    const definition = JSON.stringify(rule.filter);
    await this.#store.commit(() => this.#store.setRule(subscription.entity, rule.name, definition));
    rules.set(rule.name, { rule, matches });
  }

  async removeRule(subscription: Queue, name: string): Promise<void> {
    const { rules } = this.#get(subscription);
    if (!rules.has(name)) throw notFound(`rule ${name}`);
    await this.#store.commit(() => this.#store.setRule(subscription.entity, name, undefined));
    rules.delete(name);
  }

  #get(queue: Queue): Subscription {
    const subscription = this.#subscriptions.get(queue);
    if (subscription === undefined) throw notFound(queue.address);
    return subscription;
  }
}
