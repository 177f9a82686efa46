// A rule as the store keeps it: JSON, in which a time or bytes among the properties of a filter must not become a text.
import type { Filter, Rule } from './filter.ts';

interface Marked {
  readonly $time?: number;
  readonly $bytes?: string;
}

export function writeRule({ filter, action }: Rule): string {
  return JSON.stringify(action === undefined ? filter : { ...filter, action }, function (key, value: unknown) {
    // The value is what toJSON made of it; the original is in the object that holds it.
    const original = (this as Readonly<Record<string, unknown>>)[key];
    if (original instanceof Date) return { $time: original.getTime() } satisfies Marked;
    if (Buffer.isBuffer(original)) return { $bytes: original.toString('base64') } satisfies Marked;
    return value;
  });
}

export function readRule(name: string, definition: string): Rule {
  const { action, ...filter } = JSON.parse(definition, (_key, value: unknown) => {
    const { $time, $bytes } = (value ?? {}) as Marked;
    if (typeof $time === 'number') return new Date($time);
    return typeof $bytes === 'string' ? Buffer.from($bytes, 'base64') : value;
  }) as Filter & { readonly action?: string };
  return { name, filter, action };
}
