import type { DecodedMessage } from './amqp/rhea.ts';
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
}

export type Predicate = (message: DecodedMessage) => boolean;

export const everything: Rule = { name: '$Default', filter: { kind: 'sql', expression: '1=1' } };

/** Throws an argument error for an SQL expression that cannot be read. */
export function compile(filter: Filter): Predicate {
  if (filter.kind === 'sql') return compileSql(filter.expression);
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
  if (value instanceof Date) return expected instanceof Date ? value.getTime() === expected.getTime() : false;
  return value === expected;
}
