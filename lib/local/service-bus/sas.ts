// Shared access signatures: who may do what with which entity, for how long. Format: "Service Bus access control with
// Shared Access Signatures"; the signature is HMAC-SHA256 over the resource as written in the token and the expiry.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { unauthorized } from './amqp/error.ts';

export type Claim = 'Send' | 'Listen' | 'Manage';

/** A named key of the namespace; without `claims` it may do everything. */
export interface AccessKey {
  readonly name: string;
  readonly key: string;
  readonly claims?: readonly Claim[] | undefined;
}

export interface Grant {
  /** Lower-case path of the entity that the token was signed for, '' for the whole namespace. */
  readonly scope: string;
  readonly claims: readonly Claim[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const everyClaim: readonly Claim[] = ['Send', 'Listen', 'Manage'];

/** A token for one entity (or the namespace) and what lies below it; `expiresAt` in ms since 1970. */
export function sasToken(resource: string, key: AccessKey, expiresAt: number): string {
  const sr = encodeURIComponent(resource);
  const se = String(Math.floor(expiresAt / 1000));
  const sig = encodeURIComponent(sign(key.key, sr, se));
  return `SharedAccessSignature sr=${sr}&sig=${sig}&se=${se}&skn=${encodeURIComponent(key.name)}`;
}

function sign(key: string, sr: string, se: string): string {
  return createHmac('sha256', key).update(`${sr}\n${se}`, 'utf8').digest('base64');
}

/** What a token grants. Throws `amqp:unauthorized-access` for one that is malformed, forged or past its time. */
export function verifyToken(token: string, keys: readonly AccessKey[], now: number): Grant {
  const prefix = 'SharedAccessSignature ';
  if (!token.startsWith(prefix)) throw unauthorized('MalformedToken: The token has an invalid format.');
  const parts = new Map(token.slice(prefix.length).split('&').map(splitPair));
  const [sr, sig, se, skn] = ['sr', 'sig', 'se', 'skn'].map((name) => parts.get(name));
  if (sr === undefined || sig === undefined || se === undefined || skn === undefined || !/^\d+$/.test(se))
    throw unauthorized('MalformedToken: The token has an invalid format.');
  const key = keys.find(({ name }) => name === decoded(skn));
  if (key === undefined || !equal(sign(key.key, sr, se), decoded(sig)))
    throw unauthorized('InvalidSignature: The token has an invalid signature.');
  const expiresAt = Number(se) * 1000;
  if (expiresAt <= now) throw unauthorized('ExpiredToken: The token is expired.');
  return { scope: pathOf(decoded(sr)), claims: key.claims ?? everyClaim, expiresAt };
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) throw unauthorized('MalformedToken: The token has an invalid format.');
    throw error;
  }
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The lower-case entity path of an audience or address: `sb://host:port/Sites/Subscriptions/a` and `sites/subscriptions/a` are one. */
export function pathOf(address: string): string {
  return address
    .replace(/^[a-z]+:\/\/[^/]*/i, '')
    .replace(/^\/+|\/+$/g, '')
    .toLowerCase();
}

/** Whether `path` is `scope` or lies below it. */
export function covers(scope: string, path: string): boolean {
  return scope === '' || path === scope || path.startsWith(`${scope}/`);
}
