import type { IncomingMessage } from 'node:http';
import { FilesError } from './errors.ts';
import { checkShareName, decode, namesOf } from './names.ts';

/** One request, parsed once. Header names are lower case; `metadata` keeps the case of its names. */
export interface Request {
  readonly method: string;
  /** As received, percent-encoded, without the query: what signatures are made over. */
  readonly rawPath: string;
  /** `rawPath` without the account, the way fault rules and counters see it. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  readonly metadata: readonly string[];
  /** Undefined: the request is about the account. */
  readonly share: string | undefined;
  readonly names: readonly string[];
  readonly remoteAddress: string;
  /** True if it came by https. */
  readonly secure: boolean;
}

const maxMetadata = 8192;
const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What a signature covers; the rest of a request is parsed from it. */
export type Signed = Pick<Request, 'method' | 'rawPath' | 'search' | 'query' | 'headers' | 'metadata'>;

/** Errors: InvalidUri, InvalidResourceName, InvalidFileOrDirectoryPathName, OutOfRangeInput, InvalidMetadata, ... */
export function parseRequest(http: IncomingMessage, headers: Headers, account: string): Request {
  const signed = parseSigned(http, headers);
  if (signed.metadata.length > 0) checkMetadata(signed.metadata);
  const path = withoutAccount(signed.rawPath, account);
  const slash = path.indexOf('/', 1);
  const share = decode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const below = slash < 0 ? '' : path.slice(slash + 1);
  const trailingDot = signed.headers.get('x-ms-allow-trailing-dot') === 'true';
  if (share !== '') checkShareName(share);
  return {
    method: signed.method,
    rawPath: signed.rawPath,
    path,
    search: signed.search,
    query: signed.query,
    headers: signed.headers,
    metadata: signed.metadata,
    share: share === '' ? undefined : share,
    names: share === '' ? [] : namesOf(below, trailingDot),
    remoteAddress: http.socket.remoteAddress ?? '',
    secure: 'encrypted' in http.socket,
  };
}

export function parseSigned(http: IncomingMessage, { headers, metadata }: Headers): Signed {
  const url = http.url ?? '/';
  const question = url.indexOf('?');
  const rawPath = question < 0 ? url : url.slice(0, question);
  const search = question < 0 ? '' : url.slice(question);
  if (!rawPath.startsWith('/')) throw new FilesError('InvalidUri');
  return { method: http.method ?? 'GET', rawPath, search, query: parseQuery(search), headers, metadata };
}

export type Headers = Pick<Request, 'headers' | 'metadata'>;

/** One pass over the headers; Node's own form of them would be a second. */
export function parseHeaders(http: IncomingMessage): Headers {
  const headers = new Map<string, string>();
  const metadata: string[] = [];
  const raw = http.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const lower = name.toLowerCase();
    headers.set(lower, raw[i + 1] ?? '');
    if (lower.startsWith('x-ms-meta-')) metadata.push(name.slice(10), raw[i + 1] ?? '');
  }
  return { headers, metadata };
}

/** The rename call of the JavaScript client drops the account from a path-style URL, so both forms name the same. */
export function withoutAccount(path: string, account: string): string {
  if (!path.startsWith(`/${account}`)) return path;
  const rest = path.slice(account.length + 1);
  if (rest === '') return '/';
  return rest.startsWith('/') ? rest : path;
}

/** Keys in lower case, values percent-decoded; the first of a repeated key counts. */
export function parseQuery(search: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  if (search.length < 2) return query;
  for (const pair of search.slice(1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const key = decode(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    if (!query.has(key)) query.set(key, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return query;
}

function checkMetadata(metadata: readonly string[]): void {
  let size = 0;
  for (let i = 0; i + 1 < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (name === '') throw new FilesError('EmptyMetadataKey');
    if (!identifier.test(name)) throw new FilesError('InvalidMetadata', name);
    size += name.length + (metadata[i + 1] ?? '').length;
  }
  if (size > maxMetadata) throw new FilesError('MetadataTooLarge');
}

/** A whole number from a header or parameter; undefined if it is absent. */
export function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new FilesError('InvalidHeaderValue', name);
  return Number(text);
}
