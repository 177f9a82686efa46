// Bearer tokens, as an identity provider would give them for storage.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Account } from './service.ts';

/** What Azure grants by roles: reading or writing all data, managing shares, and keys to sign for others. */
export type Role = 'read' | 'write' | 'manage' | 'delegate';

export interface Identity {
  /** Object and tenant ids. */
  readonly oid: string;
  readonly tid: string;
  readonly roles: readonly Role[];
}

interface Claims extends Identity {
  readonly aud: string;
  /** Seconds since 1970. */
  readonly nbf: number;
  readonly exp: number;
}

const audience = 'https://storage.azure.com';

/** A JSON Web Token (HS256), good until `expires` (ms). */
export function issueToken(account: Account, identity: Identity, now: number, expires: number): string {
  const claims: Claims = { ...identity, aud: audience, nbf: Math.floor(now / 1000), exp: Math.floor(expires / 1000) };
  const text = [{ alg: 'HS256', typ: 'JWT' }, claims].map(encode).join('.');
  return `${text}.${signature(account, text).toString('base64url')}`;
}

/** Who a token says it is, or what is wrong with it. */
export function verifyToken(
  account: Account,
  token: string,
  now: number,
): Identity | 'forged' | 'audience' | 'expired' {
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
