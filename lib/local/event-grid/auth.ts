import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Account } from '../service.ts';
import { audiences, verifyToken } from '../token.ts';

const bearer = 'Bearer ';

/**
 * The topic's key, as itself in `aeg-sas-key` or as a signature made with it in `aeg-sas-token`; or, by https, a token of
 * the issuer for somebody who may publish.
 */
export function isAuthorized(
  message: Pick<IncomingMessage, 'headers' | 'socket'>,
  key: string,
  issuer: Account | undefined,
  now: number,
): boolean {
  const headers = message.headers as Readonly<Record<string, string | undefined>>;
  const { authorization } = headers;
  if (authorization?.startsWith(bearer) === true)
    return message.socket instanceof TLSSocket && mayPublish(authorization.slice(bearer.length), issuer, now);
  const given = headers['aeg-sas-key'];
  if (given !== undefined) return same(given, key);
  const token = headers['aeg-sas-token'] ?? /^SharedAccessSignature (.*)$/.exec(authorization ?? '')?.[1];
  return token !== undefined && isValidToken(token, key, now);
}

function mayPublish(token: string, issuer: Account | undefined, now: number): boolean {
  const found = issuer === undefined ? 'forged' : verifyToken(issuer, token, now, audiences.eventGrid);
  return typeof found !== 'string' && found.roles.includes('publish');
}

/**
 * `r=<topic url>&e=<expiry>&s=<signature>`, each value percent-encoded; the signature is HMAC-SHA256 with the decoded key
 * over what stands before it.
 */
function isValidToken(token: string, key: string, now: number): boolean {
  const at = token.indexOf('&s=');
  if (at < 0) return false;
  const [signed, signature] = [token.slice(0, at), decodeURIComponent(token.slice(at + 3))];
  const expiry = /(?:^|&)e=([^&]*)/.exec(signed)?.[1];
  if (expiry === undefined || !(parseExpiry(decodeURIComponent(expiry)) > now)) return false;
  const expected = createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64');
  return same(signature, expected);
}

/** `11/26/2026 1:19:12 PM`, in UTC whether it says so or not; NaN where it is no time. */
function parseExpiry(text: string): number {
  return Date.parse(/(UTC|Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text} UTC`);
}

function same(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
