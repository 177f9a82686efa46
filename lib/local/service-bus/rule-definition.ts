// A rule as the store keeps it: JSON, in which what JSON has no word for among the properties of a filter (a time, bytes,
// infinity) must not become something else. It is written as a pair of kind and value: nothing else in a rule is an array.
import type { Filter, Rule } from './filter.ts';

export function writeRule({ filter, action }: Rule): string {
  return JSON.stringify(action === undefined ? filter : { ...filter, action }, function (key, value: unknown) {
    // The value is what toJSON made of it; the original is in the object that holds it.
    const original = (this as Readonly<Record<string, unknown>>)[key];
    if (original instanceof Date) return ['time', original.getTime()];
    if (typeof original === 'number' && !Number.isFinite(original)) return ['number', String(original)];
    if (Buffer.isBuffer(original)) return ['bytes', original.toString('base64')];
    return value;
  });
}

export function readRule(name: string, definition: string): Rule {
  const { action, ...filter } = JSON.parse(definition, (_key, value: unknown) => {
    if (!Array.isArray(value)) return value;
    const [kind, written] = value as [string, string | number];
    if (kind === 'number') return Number(written);
    return kind === 'time' ? new Date(written) : Buffer.from(String(written), 'base64');
  }) as Filter & { readonly action?: string };
  return { name, filter, action };
}
