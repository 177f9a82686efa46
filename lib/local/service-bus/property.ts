// Values of application properties: AMQP 1.0 part 3.2.5 allows simple types alone. .NET clients also describe some (a time
// span, an address), which are passed on as they came.
import { badArgument } from './amqp/error.ts';

/** Throws an argument error for a list, a map, an array, or a time beyond all dates. */
export function checkProperty(name: string, value: unknown): void {
  if (!isSimple(value) && !isDescribed(value)) throw badArgument(`The property '${name}' must be of a simple type.`);
}

export function isSimple(value: unknown): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return value === null || typeof value !== 'object' || Buffer.isBuffer(value);
}

function isDescribed(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'descriptor' in value && 'value' in value && isSimple(value.value)
  );
}
