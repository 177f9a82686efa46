import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { byHeaderOrder } from '../../base/header-order.ts';
import type { Account } from '../service.ts';
import type { Signed } from './request.ts';

const signedHeaders = [
  'content-language',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

const maxVerified = 1000;

/** HMAC-SHA256 with the key of the account, base64. */
export class Signer {
  readonly account: string;
  readonly #key: KeyObject;
  readonly #verified = new Set<string>();

  constructor(account: Account) {
    this.account = account.name;
    this.#key = createSecretKey(account.key, 'base64');
  }

  sign(text: string): string {
    return createHmac('sha256', this.#key).update(text, 'utf8').digest('base64');
  }

  /** `verify` for what comes again and again: the signature of a SAS is the same in every request that carries it. */
  verifyAgain(text: string, signature: string): boolean {
    const known = `${signature} ${text}`;
    if (this.#verified.has(known)) return true;
    if (!this.verify(text, signature)) return false;
    if (this.#verified.size >= maxVerified) this.#verified.clear();
    this.#verified.add(known);
    return true;
  }

  verify(text: string, signature: string): boolean {
    const expected = Buffer.from(this.sign(text));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}

/** True if `signature` (base64) is that of `text` by `key` (base64). */
export function isSignedBy(key: string, text: string, signature: string): boolean {
  const expected = createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest();
  const given = Buffer.from(signature, 'base64');
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** The string that "Authorize with Shared Key" (learn.microsoft.com) signs, over the path as it was received. */
export function stringToSign(request: Signed, account: string): string {
  let text = request.method;
  for (const name of signedHeaders) {
    const value = request.headers.get(name) ?? '';
    text += name === 'content-length' && value === '0' ? '\n' : `\n${value}`;
  }
  const names: string[] = [];
  for (const name of request.headers.keys()) if (name.startsWith('x-ms-')) names.push(name);
  names.sort(byHeaderOrder);
  for (const name of names) text += `\n${name}:${(request.headers.get(name) ?? '').trimStart()}`;
  text += `\n/${account}${request.rawPath}`;
  if (request.query.size > 0)
    for (const key of [...request.query.keys()].toSorted()) text += `\n${key}:${request.query.get(key) ?? ''}`;
  return text;
}
