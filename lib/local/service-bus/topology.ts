// The entities of the namespace, from the file that feeds the cloud's templates too. Property names are those of the
// resource model (Microsoft.ServiceBus/namespaces). Nothing is created at run time.
import { TidewayError, messageOf, must } from '../../base/errors.ts';
import { Reader } from './topology-reader.ts';
import { compileAction } from './sql-action.ts';
import { checkLength, compile, everything } from './filter.ts';
import type { CorrelationFilter, Filter, Rule } from './filter.ts';

/** Settings of a queue or subscription; durations in milliseconds, undefined where there is no limit. */
export interface QueueRules {
  readonly requiresSession: boolean;
  readonly lockDuration: number;
  readonly maxDeliveryCount: number;
  readonly ttl: number | undefined;
  /** Whether a message that expires goes to the dead-letter queue. */
  readonly deadLettering: boolean;
  readonly duplicateWindow: number | undefined;
  readonly forwardTo: string | undefined;
  readonly forwardDeadLettersTo: string | undefined;
  /** Whether its status lets clients receive. */
  readonly receivable: boolean;
}

/** What a queue and a topic have, and a subscription not. */
interface Sized {
  /** Bytes. */
  readonly maxSize: number;
  /** Whether its status lets clients send. */
  readonly sendable: boolean;
}

export interface QueueEntry extends QueueRules, Sized {
  readonly name: string;
}

export interface SubscriptionEntry extends QueueRules {
  readonly name: string;
  readonly rules: readonly Rule[];
}

export interface TopicEntry extends Sized {
  readonly name: string;
  readonly ttl: number | undefined;
  readonly duplicateWindow: number | undefined;
  readonly subscriptions: readonly SubscriptionEntry[];
}

export interface Topology {
  readonly queues: readonly QueueEntry[];
  readonly topics: readonly TopicEntry[];
}

/** The longest that the cloud allows; a client renews within it. */
const longestLock = 5 * 60_000;
const mostDeliveries = 2000;
const mostSlots = 2000;
const mostMegabytes = 81_920;
const usualMegabytes = 1024;
const statuses = ['Active', 'Disabled', 'SendDisabled', 'ReceiveDisabled'] as const;
/** Settings of the resource model that change nothing here. */
const idle = ['enableBatchedOperations', 'enableExpress', 'deadLetteringOnFilterEvaluationExceptions'];

/** The `serviceBus` part of a topology file. Throws `topology_invalid`, naming the place, for anything not understood. */
export function expandTopology(json: unknown): Topology {
  const root = new Reader(json, 'serviceBus');
  const queues = root.list('queues').map((reader) => {
    const status = statusIn(reader);
    const entry = { name: reader.name(260), ...queueRules(reader, undefined, status), ...sized(reader, status) };
    reader.done();
    return entry;
  });
  const topics = root.list('topics').map(topic);
  root.done();
  const topology = { queues, topics };
  checkNames(topology);
  checkForwarding(topology);
  return topology;
}

function topic(reader: Reader): TopicEntry {
  const name = reader.name(260);
  const ttl = reader.duration('defaultMessageTimeToLive');
  const duplicateWindow = duplicateDetection(reader);
  const size = sized(reader, statusIn(reader));
  const subscriptions = reader.list('subscriptions').map((entry): SubscriptionEntry => {
    const name = entry.name(50);
    const subscription = { name, ...queueRules(entry, ttl, statusIn(entry)), rules: rulesOf(entry) };
    entry.done();
    return subscription;
  });
  const slots = reader.object('slots');
  if (slots !== undefined) subscriptions.push(...expandSlots(slots, ttl));
  reader.done();
  return { name, ttl, duplicateWindow, ...size, subscriptions };
}

// Slots are subscriptions that all look alike: each takes what is addressed to its own name.
function expandSlots(reader: Reader, ttl: number | undefined): SubscriptionEntry[] {
  const prefix = must(reader.text('prefix', true), 'prefix');
  const count = reader.integer('count', 1, mostSlots) ?? reader.refuse('count', 'is missing');
  if (reader.text('filter', true) !== 'to') reader.refuse('filter', "must be 'to'");
  const rules = queueRules(reader, ttl, statusIn(reader));
  reader.done();
  return Array.from({ length: count }, (_, index) => {
    const name = `${prefix}${String(index).padStart(3, '0')}`;
    return {
      name,
      ...rules,
      rules: [{ name: '$Default', filter: { kind: 'correlation', correlation: { to: name } } }],
    };
  });
}

type Status = (typeof statuses)[number];

function statusIn(reader: Reader): Status {
  for (const setting of idle) reader.flag(setting);
  const status = reader.text('status', false) ?? 'Active';
  return statuses.find((known) => known === status) ?? reader.refuse('status', `must be one of ${statuses.join(', ')}`);
}

function sized(reader: Reader, status: Status): Sized {
  const megabytes = reader.integer('maxSizeInMegabytes', 1, mostMegabytes) ?? usualMegabytes;
  return { maxSize: megabytes * 1024 * 1024, sendable: status === 'Active' || status === 'ReceiveDisabled' };
}

function queueRules(reader: Reader, longest: number | undefined, status: Status): QueueRules {
  const lockDuration = reader.duration('lockDuration') ?? 60_000;
  if (lockDuration <= 0 || lockDuration > longestLock) reader.refuse('lockDuration', 'must be at most PT5M');
  const ttl = reader.duration('defaultMessageTimeToLive');
  return {
    requiresSession: reader.flag('requiresSession'),
    lockDuration,
    maxDeliveryCount: reader.integer('maxDeliveryCount', 1, mostDeliveries) ?? 10,
    ttl: shorter(ttl, longest),
    deadLettering: reader.flag('deadLetteringOnMessageExpiration'),
    duplicateWindow: duplicateDetection(reader),
    forwardTo: reader.text('forwardTo', false),
    forwardDeadLettersTo: reader.text('forwardDeadLetteredMessagesTo', false),
    receivable: status === 'Active' || status === 'SendDisabled',
  };
}

/** The shorter of two times to live, where undefined is for ever. */
export function shorter(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

function duplicateDetection(reader: Reader): number | undefined {
  const window = reader.duration('duplicateDetectionHistoryTimeWindow');
  return reader.flag('requiresDuplicateDetection') ? (window ?? 10 * 60_000) : undefined;
}

function rulesOf(reader: Reader): Rule[] {
  const rules = reader.list('rules').map((entry) => {
    const rule = { name: entry.name(50), filter: filterOf(entry), action: actionOf(entry) };
    entry.done();
    return rule;
  });
  return rules.length === 0 ? [everything] : rules;
}

function filterOf(reader: Reader): Filter {
  const sql = reader.object('sqlFilter');
  const correlation = reader.object('correlationFilter');
  reader.text('filterType', false);
  if ((sql === undefined) === (correlation === undefined))
    return reader.refuse('rules', 'each needs a sqlFilter or a correlationFilter');
  if (sql !== undefined) {
    const expression = must(sql.text('sqlExpression', true), 'sqlExpression');
    checked(sql, () => compile({ kind: 'sql', expression }, noId));
    return { kind: 'sql', expression };
  }
  return { kind: 'correlation', correlation: correlationOf(must(correlation, 'correlationFilter')) };
}

function actionOf(reader: Reader): string | undefined {
  const action = reader.object('action');
  if (action === undefined) return undefined;
  const expression = must(action.text('sqlExpression', true), 'sqlExpression');
  checked(action, () => compileAction(checkLength(expression), noId));
  return expression;
}

const noId = (): string => '';

function checked(sql: Reader, compiles: () => unknown): void {
  try {
    compiles();
  } catch (error) {
    sql.refuse('sqlExpression', messageOf(error));
  }
}

function correlationOf(reader: Reader): CorrelationFilter {
  const filter = {
    correlationId: reader.text('correlationId', false),
    messageId: reader.text('messageId', false),
    to: reader.text('to', false),
    replyTo: reader.text('replyTo', false),
    subject: reader.text('label', false),
    sessionId: reader.text('sessionId', false),
    replyToSessionId: reader.text('replyToSessionId', false),
    contentType: reader.text('contentType', false),
    properties: reader.values('properties'),
  };
  reader.done();
  return filter;
}

function checkNames({ queues, topics }: Topology): void {
  unique([...queues, ...topics], 'queues and topics');
  for (const entry of topics) unique(entry.subscriptions, `subscriptions of ${entry.name}`);
}

function unique(entries: readonly { readonly name: string }[], what: string): void {
  const seen = new Set<string>();
  for (const { name } of entries) {
    if (seen.has(name.toLowerCase())) refuse(`${what}: the name '${name}' is there twice`);
    seen.add(name.toLowerCase());
  }
}

function checkForwarding({ queues, topics }: Topology): void {
  const targets = new Map<string, string[]>();
  for (const { name, forwardTo } of queues)
    targets.set(name.toLowerCase(), forwardTo === undefined ? [] : [forwardTo.toLowerCase()]);
  for (const { name, subscriptions } of topics)
    targets.set(
      name.toLowerCase(),
      subscriptions.flatMap(({ forwardTo }) => forwardTo?.toLowerCase() ?? []),
    );
  const walk = (name: string, path: readonly string[]): void => {
    const next = targets.get(name);
    if (next === undefined) refuse(`forwardTo names '${name}', which is not in the topology`);
    if (path.includes(name)) refuse(`forwarding goes round in a circle: ${[...path, name].join(' -> ')}`);
    for (const target of next ?? []) walk(target, [...path, name]);
  };
  for (const name of targets.keys()) walk(name, []);
  for (const { forwardDeadLettersTo: target } of [...queues, ...topics.flatMap(({ subscriptions }) => subscriptions)])
    if (target !== undefined && !targets.has(target.toLowerCase()))
      refuse(`forwardDeadLetteredMessagesTo names '${target}', which is not in the topology`);
}

function refuse(text: string): never {
  throw new TidewayError('topology_invalid', text, { hint: 'Correct the topology file.' });
}
