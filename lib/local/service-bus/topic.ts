import { AmqpError, badArgument, notFound, quotaExceeded } from './amqp/error.ts';
import { checkLength, compile } from './filter.ts';
import type { Predicate, Rule } from './filter.ts';
import { newGuid } from './guid.ts';
import { parseSubmission } from './message.ts';
import type { Submission } from './message.ts';
import { edited } from './modification.ts';
import type { Edits } from './modification.ts';
import type { Queue } from './queue.ts';
import { readRule, writeRule } from './rule-definition.ts';
import { compileAction } from './sql-action.ts';
import type { Surroundings } from './surroundings.ts';
import type { DecodedMessage } from './amqp/rhea.ts';

interface Compiled {
  readonly rule: Rule;
  readonly matches: Predicate;
  readonly act: ((message: DecodedMessage) => Edits) | undefined;
}

/** What a subscription gets of a message. */
export interface Copy {
  readonly queue: Queue;
  readonly message: Submission;
}

// "Service Bus quotas", for all subscriptions of a topic together, and for the name of a rule.
const mostRules = { sql: 2000, correlation: 100_000 };
const longestName = 50;

/** The subscriptions of a topic and their rules: a message goes to each subscription that has a rule that fits. */
export class Topic {
  readonly #around: Surroundings;
  readonly #subscriptions = new Map<Queue, Map<string, Compiled>>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** `declared` are the rules of the topology; what clients changed since goes before them. */
  subscribe(queue: Queue, declared: readonly Rule[]): void {
    const rules = new Map(declared.map((rule) => [rule.name, this.#compile(rule)]));
    for (const { name, definition } of this.#around.store.rules(queue.entity)) {
      if (definition === undefined) rules.delete(name);
      else rules.set(name, this.#compile(readRule(name, definition)));
    }
    this.#subscriptions.set(queue, rules);
  }

  has(subscription: Queue): boolean {
    return this.#subscriptions.has(subscription);
  }

  /**
   * One message for all rules of a subscription that fit and have no action, and for each that has one a copy, changed by
   * it and marked with the rule's name.
   */
  matching(message: Submission): Copy[] {
    const copies: Copy[] = [];
    const properties = message.properties();
    for (const [queue, rules] of this.#subscriptions) {
      let plain = false;
      for (const { rule, matches, act } of rules.values()) {
        if ((plain && act === undefined) || !matches(properties)) continue;
        copies.push({ queue, message: act === undefined ? message : this.#acted(message, act(properties), rule.name) });
        plain ||= act === undefined;
      }
    }
    return copies;
  }

  rulesOf(subscription: Queue): Rule[] {
    return [...this.#get(subscription).values()].map(({ rule }) => rule);
  }

  /** Throws for a name that is taken or too long, a text that cannot be read, and beyond the quota of the topic. */
  async addRule(subscription: Queue, rule: Rule): Promise<void> {
    const rules = this.#get(subscription);
    if (rule.name === '' || rule.name.length > longestName)
      throw badArgument(`The name of a rule has 1 to ${longestName} characters.`);
    const compiled = this.#compile(rule);
    if (rules.has(rule.name))
      throw new AmqpError('com.microsoft:entity-already-exists', `A rule named '${rule.name}' is there already.`);
    const { kind } = rule.filter;
    if (this.#count(kind) >= mostRules[kind])
      throw quotaExceeded(`A topic has at most ${mostRules[kind]} ${kind} filters.`);
    const { store } = this.#around;
    rules.set(rule.name, compiled);
    try {
      await store.commit(() => store.setRule(subscription.entity, rule.name, writeRule(rule)));
    } catch (error) {
      rules.delete(rule.name);
      throw error;
    }
  }

  async removeRule(subscription: Queue, name: string): Promise<void> {
    const rules = this.#get(subscription);
    if (!rules.has(name)) throw notFound(`rule ${name}`);
    const { store } = this.#around;
    await store.commit(() => store.setRule(subscription.entity, name, undefined));
    rules.delete(name);
  }

  #acted(message: Submission, { application, system }: Edits, rule: string): Submission {
    const marked = new Map([...application, ['RuleName', rule]]);
    return parseSubmission(edited(message.bytes, { application: marked, system }), this.#around.random);
  }

  #compile(rule: Rule): Compiled {
    const newId = (): string => newGuid(this.#around.random);
    const act = rule.action === undefined ? undefined : compileAction(checkLength(rule.action), newId);
    return { rule, matches: compile(rule.filter, newId), act };
  }

  #count(kind: Rule['filter']['kind']): number {
    let count = 0;
    for (const rules of this.#subscriptions.values())
      for (const { rule } of rules.values()) if (rule.filter.kind === kind) count++;
    return count;
  }

  #get(queue: Queue): Map<string, Compiled> {
    const rules = this.#subscriptions.get(queue);
    if (rules === undefined) throw notFound(queue.address);
    return rules;
  }
}
