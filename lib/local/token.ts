// Bearer tokens, as an identity provider would give them: each for one kind of service.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Account } from './service.ts';

/**
 * What Azure grants by roles. For storage: reading or writing all data, managing shares, and keys to sign for others; for a
 * topic of Event Grid: publishing; for Service Bus: an entity to send to, or to listen to.
 */
export type Role = 'read' | 'write' | 'manage' | 'delegate' | 'publish' | `${'send' | 'listen'} ${string}`;

/** What a token is asked for, and the only thing it is good for. */
export const audiences = {
  storage: 'https://storage.azure.com',
  eventGrid: 'https://eventgrid.azure.net',
  serviceBus: 'https://servicebus.azure.net',
} as const;

export interface Identity {
  /** Object and tenant ids. */
  readonly oid: string;
  readonly tid: string;
  readonly roles: readonly Role[];
}

export interface Claims extends Identity {
  readonly aud: string;
  /** Seconds since 1970. */
  readonly nbf: number;
  readonly exp: number;
}

/** A JSON Web Token (HS256), good until `expires` (ms). */
export function issueToken(
  account: Account,
  identity: Identity,
  now: number,
  expires: number,
  audience: string = audiences.storage,
): string {
  const claims: Claims = { ...identity, aud: audience, nbf: Math.floor(now / 1000), exp: Math.floor(expires / 1000) };
  const text = [{ alg: 'HS256', typ: 'JWT' }, claims].map(encode).join('.');
  return `${text}.${signature(account, text).toString('base64url')}`;
}

/** Who a token says it is, or what is wrong with it. */
export function verifyToken(
  account: Account,
  token: string,
  now: number,
  audience: string = audiences.storage,
): Claims | 'forged' | 'audience' | 'expired' {
  const [head = '', body = '', given = ''] = token.split('.');
  const expected = signature(account, `${head}.${body}`);
  const bytes = Buffer.from(given, 'base64url');
  if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) return 'forged';
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims;
  if (claims.aud !== audience) return 'audience';
  return now < claims.nbf * 1000 || now >= claims.exp * 1000 ? 'expired' : claims;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function signature(account: Account, text: string): Buffer {
  const key = createHmac('sha256', Buffer.from(account.key, 'base64')).update('tokens').digest();
  return createHmac('sha256', key).update(text).digest();
}
