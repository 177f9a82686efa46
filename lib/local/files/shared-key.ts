import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
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

/** The string that "Authorize with Shared Key" (learn.microsoft.com) signs, over the path as it was received. */
export function stringToSign(request: Signed, account: string): string {
  let text = request.method;
  for (const name of signedHeaders) {
    const value = request.headers.get(name) ?? '';
    text += name === 'content-length' && value === '0' ? '\n' : `\n${value}`;
  }
  const names: string[] = [];
  for (const name of request.headers.keys()) if (name.startsWith('x-ms-')) names.push(name);
  names.sort(byWeight);
  for (const name of names) text += `\n${name}:${(request.headers.get(name) ?? '').trimStart()}`;
  text += `\n/${account}${request.rawPath}`;
  if (request.query.size > 0)
    for (const key of [...request.query.keys()].toSorted()) text += `\n${key}:${request.query.get(key) ?? ''}`;
  return text;
}

// The service sorts header names as .NET compares words: hyphens count only between otherwise equal names, and other
// punctuation comes before digits and letters.
const punctuation = '!#$%&*.^_`|~+';
const weights = new Map<string, string>();

function weightOf(name: string): string {
  let weight = weights.get(name);
  if (weight !== undefined) return weight;
  weight = '';
  for (const character of name) {
    const place = punctuation.indexOf(character);
    if (place >= 0) weight += String.fromCharCode(place + 1);
    else if (character !== '-' && character !== "'") weight += character;
  }
  // Names come from whoever connects: the memory for them is bounded.
  if (weights.size < 1000) weights.set(name, weight);
  return weight;
}

function byWeight(a: string, b: string): number {
  const [left, right] = [weightOf(a), weightOf(b)];
  if (left !== right) return left < right ? -1 : 1;
  return a === b ? 0 : hyphenLast(a, b);
}

/** Of two names that differ in hyphens only, the one with the earlier hyphen comes later. */
function hyphenLast(a: string, b: string): number {
  for (let i = 0; ; i++) {
    if (a[i] === b[i]) continue;
    return a[i] === '-' || a[i] === "'" ? 1 : -1;
  }
}
