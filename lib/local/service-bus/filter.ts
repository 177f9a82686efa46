import type { DecodedMessage } from './amqp/rhea.ts';
import { badArgument } from './amqp/error.ts';
import { compileSql } from './sql-filter.ts';
import { systemProperty } from './system-property.ts';
import type { SystemProperty } from './system-property.ts';

/** All that are given must be equal. */
export interface CorrelationFilter extends Readonly<Partial<Record<SystemProperty, string | undefined>>> {
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
}

export type Filter =
  | { readonly kind: 'correlation'; readonly correlation: CorrelationFilter }
  | { readonly kind: 'sql'; readonly expression: string };

export interface Rule {
  readonly name: string;
  readonly filter: Filter;
  /** SQL: the message that the rule selects is a copy of its own, changed so. */
  readonly action?: string | undefined;
}

export type Predicate = (message: DecodedMessage) => boolean;

export const everything: Rule = { name: '$Default', filter: { kind: 'sql', expression: '1=1' } };

/** "Service Bus quotas": characters of an SQL expression, of a filter or of an action. */
const longestSql = 1024;

/** Throws an argument error for an SQL expression that is too long. */
export function checkLength(sql: string): string {
  if (sql.length > longestSql) throw badArgument(`An SQL expression has at most ${longestSql} characters.`);
  return sql;
}

/** `newId` makes the values of newid(). Throws an argument error for an SQL expression that cannot be read. */
export function compile(filter: Filter, newId: () => string): Predicate {
  if (filter.kind === 'sql') return compileSql(checkLength(filter.expression), newId);
  const { properties, ...system } = filter.correlation;
  const conditions: Predicate[] = [];
  for (const name of Object.keys(system) as SystemProperty[]) {
    const expected = system[name];
    if (expected !== undefined) conditions.push((message) => textOf(systemProperty(message, name)) === expected);
  }
  for (const [name, expected] of Object.entries(properties ?? {}))
    conditions.push((message) => same(message.application_properties?.[name], expected));
  return (message) => conditions.every((condition) => condition(message));
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return typeof value === 'number' || typeof value === 'string' ? String(value) : undefined;
}

function same(value: unknown, expected: unknown): boolean {
  if (value instanceof Date) return expected instanceof Date && value.getTime() === expected.getTime();
  // Whole numbers beyond 2^53 are eight bytes here.
  if (Buffer.isBuffer(value)) return Buffer.isBuffer(expected) && value.equals(expected);
  return value === expected;
}
