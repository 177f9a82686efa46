// The rules of topology.json. A subscription is born with `$Default`, which takes everything: by templates alone none is
// without it.
import type {
  CorrelationRuleFilter,
  RuleProperties,
  ServiceBusClient,
  ServiceBusRuleManager,
  SqlRuleFilter,
} from '@azure/service-bus';
import { isDeepStrictEqual } from 'node:util';
import { topology, type RuleDescription } from './topology.ts';

const everything: RuleDescription = { name: '$Default', sqlFilter: { sqlExpression: '1=1' } };

/** Makes the rules of every subscription those of the file, and touches no other. */
export async function setRules(client: ServiceBusClient): Promise<void> {
  const work = topology.topics.flatMap(({ name, subscriptions }) =>
    subscriptions.map(({ name: subscription, rules = [everything] }) =>
      setRulesOf(client.createRuleManager(name, subscription), rules),
    ),
  );
  await Promise.all(work);
}

async function setRulesOf(manager: ServiceBusRuleManager, wanted: readonly RuleDescription[]): Promise<void> {
  const present = new Map<string, RuleProperties>();
  for await (const rule of manager.listRules()) present.set(rule.name, rule);
  for (const [name, rule] of present) {
    const same = wanted.find((other) => other.name === name);
    if (same === undefined || !isDeepStrictEqual(told(rule.filter), told(filterOf(same)))) {
      await manager.deleteRule(name);
      present.delete(name);
    }
  }
  for (const rule of wanted)
    if (!present.has(rule.name)) await manager.createRule(rule.name, filterOf(rule), rule.action);
}

function filterOf({ correlationFilter, sqlFilter }: RuleDescription): CorrelationRuleFilter | SqlRuleFilter {
  if (sqlFilter !== undefined) return sqlFilter;
  const { label, properties, ...rest } = correlationFilter ?? {};
  return {
    ...rest,
    ...(label !== undefined && { subject: label }),
    ...(properties !== undefined && { applicationProperties: properties }),
  };
}

/** A filter without what it does not set. The one that takes everything is told in more than one way. */
function told(filter: object): unknown {
  const set = Object.entries(filter).filter(([, value]) => value !== undefined && value !== null);
  const { sqlExpression, applicationProperties, ...rest } = Object.fromEntries(set) as Record<string, unknown>;
  if (sqlExpression !== undefined) return { sqlExpression };
  const isEmpty = Object.keys(applicationProperties ?? {}).length === 0;
  return { ...rest, ...(!isEmpty && { applicationProperties }) };
}
