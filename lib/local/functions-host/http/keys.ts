import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from './message.ts';

export interface HostKeys {
  readonly master: string;
  /** The host key `default`: good for every function. */
  readonly function: string;
  /** For webhooks of extensions. */
  readonly system: string;
  /** Keys good for one function only, by its name. */
  readonly functions?: Readonly<Record<string, string>> | undefined;
}

export type KeyKind = 'none' | 'unknown' | 'master' | 'host' | 'system' | 'function';

/** What the key in `?code=` or `x-functions-key` is good for; `functionName` gives the key of one function a meaning. */
export function keyKind(request: HttpRequest, keys: HostKeys, functionName?: string): KeyKind {
  const given = request.headers['x-functions-key'] ?? request.query['code'];
  if (given === undefined || given === '') return 'none';
  if (same(given, keys.master)) return 'master';
  if (same(given, keys.function)) return 'host';
  if (same(given, keys.system)) return 'system';
  const own = functionName === undefined ? undefined : keys.functions?.[functionName];
  return own !== undefined && same(given, own) ? 'function' : 'unknown';
}

export function mayCall(authLevel: unknown, kind: KeyKind): boolean {
  const level = typeof authLevel === 'string' ? authLevel.toLowerCase() : 'function';
  if (level === 'anonymous') return true;
  if (level === 'function') return kind === 'master' || kind === 'host' || kind === 'function';
  return kind === 'master';
}

/** In constant time whatever the lengths. */
function same(given: string, key: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(key));
}
