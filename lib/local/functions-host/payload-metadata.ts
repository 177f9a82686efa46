import type { TypedData } from './rpc.ts';
import { invariantTime } from './dotnet-time.ts';

export type Metadata = Readonly<Record<string, TypedData>>;

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * Binding data plus every top-level property of a JSON object in the payload, as Microsoft's host adds them: they win
 * over keys of the same name whatever their case, arrays are left out, objects are JSON and all else is .NET's text.
 */
export function withPayload(metadata: Metadata, payload: string): Metadata {
  const object = parseObject(payload);
  if (object === undefined) return metadata;
  const result: Record<string, TypedData> = { ...metadata };
  for (const [key, value] of Object.entries(object)) {
    const data = toData(value);
    if (data === undefined) continue;
    for (const known of Object.keys(result)) if (known.toLowerCase() === key.toLowerCase()) delete result[known];
    result[key] = data;
  }
  return result;
}

function toData(value: unknown): TypedData | undefined {
  if (value === null || Array.isArray(value)) return undefined;
  if (typeof value === 'object') return { json: JSON.stringify(value) };
  if (typeof value === 'boolean') return { string: value ? 'True' : 'False' };
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // .NET's JSON reader turns such texts into dates, and prints them in its own way.
  if (typeof value === 'string' && isoTime.test(text)) {
    const zoned = /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`;
    const ms = Date.parse(zoned);
    return { string: Number.isNaN(ms) ? text : invariantTime(ms) };
  }
  return { string: text };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not JSON: then there are no properties to add, which is no error.
    return undefined;
  }
}
