import { badArgument, notFound } from '../amqp/error.ts';
import { typed, types } from '../amqp/rhea.ts';
import type { CorrelationFilter, Filter, Rule } from '../filter.ts';
import { isSimple } from '../property.ts';
import type { Queue } from '../queue.ts';
import type { SystemProperty } from '../system-property.ts';
import type { Topic } from '../topic.ts';
import type { Operation, Request } from './operation.ts';

// Descriptors of the lists that describe rules.
const codes = {
  description: 0x13700000004,
  emptyAction: 0x13700000005,
  sqlAction: 0x13700000006,
  sqlFilter: 0x1370000006,
  correlationFilter: 0x1370000009,
};
const noAction = types.described(types.wrap_ulong(codes.emptyAction), types.wrap_list([]));

// In the order of the described list; by name as in a request to add a rule.
const correlationFields: readonly (readonly [string, SystemProperty])[] = [
  ['correlation-id', 'correlationId'],
  ['message-id', 'messageId'],
  ['to', 'to'],
  ['reply-to', 'replyTo'],
  ['label', 'subject'],
  ['session-id', 'sessionId'],
  ['reply-to-session-id', 'replyToSessionId'],
  ['content-type', 'contentType'],
];

const enumerate: Operation = {
  claims: ['Listen'],
  run(request) {
    const { topic, subscription } = subscriptionOf(request);
    const [skip, top] = [request.args.integer('skip'), request.args.integer('top')];
    const rules = topic.rulesOf(subscription).slice(skip, skip + top);
    if (rules.length === 0) return { status: 204 };
    return { body: { rules: rules.map((rule) => ({ 'rule-description': describe(rule) })) } };
  },
};

const add: Operation = {
  claims: ['Listen'],
  async run(request) {
    const { topic, subscription } = subscriptionOf(request);
    const description = fields(request.args.get('rule-description'));
    const name = request.args.text('rule-name');
    await topic.addRule(subscription, { name, filter: filterOf(description), action: actionOf(description) });
    return {};
  },
};

const remove: Operation = {
  claims: ['Listen'],
  async run(request) {
    const { topic, subscription } = subscriptionOf(request);
    await topic.removeRule(subscription, request.args.text('rule-name'));
    return {};
  },
};

function subscriptionOf({ broker, entity }: Request): { topic: Topic; subscription: Queue } {
  const subscription = broker.entities.queue(entity);
  const topic = broker.entities.topicOf(subscription);
  if (topic === undefined) throw notFound(`rules of ${entity}`);
  return { topic, subscription };
}

function describe({ name, filter, action }: Rule): unknown {
  const described =
    filter.kind === 'sql'
      ? types.described(types.wrap_ulong(codes.sqlFilter), types.wrap_list([filter.expression, types.wrap_int(20)]))
      : types.described(types.wrap_ulong(codes.correlationFilter), types.wrap_list(fieldsOf(filter.correlation)));
  return types.described(
    types.wrap_ulong(codes.description),
    types.wrap_list([described, describeAction(action), name]),
  );
}

function describeAction(action: string | undefined): unknown {
  if (action === undefined) return noAction;
  return types.described(types.wrap_ulong(codes.sqlAction), types.wrap_list([action, types.wrap_int(20)]));
}

function fieldsOf(filter: CorrelationFilter): unknown[] {
  const system = correlationFields.map(([, property]) => filter[property] ?? null);
  // A map even where there are none: the client library takes nothing else.
  return [...system, mapOf(filter.properties ?? {})];
}

function mapOf(properties: Fields): unknown {
  return types.wrap_map(Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, typed(value)])));
}

function actionOf({ 'sql-rule-action': action }: Fields): string | undefined {
  return action === undefined || action === null ? undefined : textOf(fields(action)['expression']);
}

function filterOf({ 'sql-filter': sql, 'correlation-filter': correlation }: Fields): Filter {
  if (sql !== undefined && sql !== null) return { kind: 'sql', expression: textOf(fields(sql)['expression']) ?? '' };
  const given = fields(correlation);
  const filter: Partial<Record<SystemProperty, string>> = {};
  for (const [name, property] of correlationFields) {
    const value = textOf(given[name]);
    if (value !== undefined) filter[property] = value;
  }
  if (given['properties'] === undefined || given['properties'] === null)
    return { kind: 'correlation', correlation: filter };
  const properties = fields(given['properties']);
  for (const value of Object.values(properties))
    if (!isSimple(value)) throw badArgument('A filter compares values of simple types.');
  return { kind: 'correlation', correlation: { ...filter, properties } };
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw badArgument("'rule-description' is not understood.");
  return { ...value };
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw badArgument('A filter compares texts.');
  return value;
}

export const ruleOperations: Readonly<Record<string, Operation>> = {
  'enumerate-rules': enumerate,
  'add-rule': add,
  'remove-rule': remove,
};
