// SharedKey for Azure Files over REST.
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
import { byHeaderOrder } from '../../base/header-order.ts';
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

export interface KeyCredential {
  readonly kind: 'key';
  readonly account: string;
  /** Base64. */
  readonly key: string;
}

export interface SasCredential {
  readonly kind: 'sas';
  /** Without the leading `?`. */
  readonly sas: string;
}

export interface TokenCredential {
  readonly kind: 'token';
  /** A bearer token that is valid now. */
  token(): Promise<string>;
}

export type Credential = KeyCredential | SasCredential | TokenCredential;

/** The `authorization` value for one request; `path` is the path as it is sent, `query` its decoded pairs. */
export function sharedKey(
  credential: KeyCredential,
  method: string,
  path: string,
  query: readonly (readonly [string, string])[],
  headers: Readonly<Record<string, string>>,
): string {
  const standard = standardHeaders.map((name) => headers[name] ?? '');
  if (standard[2] === '0') standard[2] = ''; // content-length: empty since version 2015-02-21
  const ours = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .toSorted(byHeaderOrder)
    .map((name) => `${name}:${headers[name]}\n`)
    .join('');
  const resource = query
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name.toLowerCase()}:${value}`)
    .join('');
  const text = `${method}\n${standard.join('\n')}\n${ours}/${credential.account}${path}${resource}`;
  return `SharedKey ${credential.account}:${signWith(credential.key, text)}`;
}

const keys = new Map<string, KeyObject>();

/** HMAC-SHA256 in base64 by an account key (base64). The key is prepared once: that is most of the work. */
export function signWith(key: string, text: string): string {
  let prepared = keys.get(key);
  if (prepared === undefined) keys.set(key, (prepared = createSecretKey(Buffer.from(key, 'base64'))));
  return createHmac('sha256', prepared).update(text, 'utf8').digest('base64');
}

const standardHeaders = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
] as const;
