import { isIPv4 } from 'node:net';
import { FilesError } from './errors.ts';
import { decode } from './names.ts';
import { delegationKey } from '../delegation.ts';
import { isSignedBy, type Signer } from './shared-key.ts';
import type { Role } from '../token.ts';

/** Stored access policies are looked up by the share's name; undefined if the share or the policy is not there. */
export type FindPolicy = (share: string, id: string) => Policy | undefined;

export interface Policy {
  readonly start: string | undefined;
  readonly expiry: string | undefined;
  readonly permissions: string | undefined;
}

/** What a request must be allowed to do: one of `permissions`, on a service, container (share) or object. */
export interface Need {
  readonly level: 's' | 'c' | 'o';
  readonly permissions: string;
  /** What only the account itself may do, or an account SAS: creating shares, reading policies, ... */
  readonly accountOnly: boolean;
  /** What a token must be good for instead. */
  readonly role: Role;
}

/** What is asked for: `path` as received, without the account. */
export interface Resource {
  readonly share: string | undefined;
  readonly path: string;
}

export interface Context {
  readonly signer: Signer;
  readonly findPolicy: FindPolicy;
  /** ms */
  readonly now: number;
  readonly remote: string;
  /** True if the request came by https. */
  readonly secure: boolean;
  /** Object id of the one whose token came along. */
  readonly user: () => string | undefined;
}

/** Verifies the SAS in `query` for a resource; throws the documented refusal. */
export function checkSas(query: ReadonlyMap<string, string>, resource: Resource, need: Need, context: Context): void {
  const account = query.has('ss');
  if (query.has('skoid')) checkDelegated(query, resource, context);
  else {
    const text = account
      ? accountText(query, context.signer.account)
      : serviceText(query, resource, context.signer.account);
    if (!context.signer.verifyAgain(text, query.get('sig') ?? ''))
      throw new FilesError('AuthenticationFailed', 'signature');
  }
  const terms = account
    ? termsOf(query, undefined)
    : termsOf(query, policyOf(query, resource.share, context.findPolicy));
  if (terms.expiry === undefined || Number.isNaN(Date.parse(terms.expiry)))
    throw new FilesError('AuthenticationFailed', 'expiry missing');
  if (Date.parse(terms.expiry) < context.now) throw new FilesError('AuthenticationFailed', 'expired');
  if (terms.start !== undefined && !(Date.parse(terms.start) <= context.now))
    throw new FilesError('AuthenticationFailed', 'not yet valid');
  if (query.get('spr') === 'https' && !context.secure) throw new FilesError('AuthorizationProtocolMismatch');
  if (!inRange(context.remote, query.get('sip'))) throw new FilesError('AuthorizationSourceIPMismatch');
  if (account) {
    if (query.get('ss')?.includes('f') !== true) throw new FilesError('AuthorizationServiceMismatch');
    if (query.get('srt')?.includes(need.level) !== true) throw new FilesError('AuthorizationResourceTypeMismatch');
  } else if (need.accountOnly) throw new FilesError('AuthorizationFailure');
  const granted = terms.permissions ?? '';
  for (const permission of need.permissions) if (granted.includes(permission)) return;
  throw new FilesError('AuthorizationPermissionMismatch');
}

// Both texts: "Create a service SAS" and "Create an account SAS" (learn.microsoft.com), version 2020-12-06 and later.
function serviceText(query: ReadonlyMap<string, string>, resource: Resource, account: string): string {
  const get = (key: string): string => query.get(key) ?? '';
  return [
    get('sp'),
    get('st'),
    get('se'),
    canonicalName(query, resource, account),
    get('si'),
    get('sip'),
    get('spr'),
    get('sv'),
    get('rscc'),
    get('rscd'),
    get('rsce'),
    get('rscl'),
    get('rsct'),
  ].join('\n');
}

function canonicalName(query: ReadonlyMap<string, string>, resource: Resource, account: string): string {
  const kind = query.get('sr');
  if (resource.share === undefined || (kind !== 's' && kind !== 'f'))
    throw new FilesError('AuthenticationFailed', 'signed resource');
  return `/file/${account}${kind === 'f' ? decode(resource.path) : `/${resource.share}`}`;
}

function accountText(query: ReadonlyMap<string, string>, account: string): string {
  const get = (key: string): string => query.get(key) ?? '';
  const fields = [account, get('sp'), get('ss'), get('srt'), get('st'), get('se'), get('sip'), get('spr'), get('sv')];
  return `${[...fields, get('ses')].join('\n')}\n`;
}

/** A signature by a key that was made for a user: that key follows from what the signature says of it. */
function checkDelegated(query: ReadonlyMap<string, string>, resource: Resource, context: Context): void {
  const get = (name: string): string => query.get(name) ?? '';
  const [start, expiry] = [Date.parse(get('skt')), Date.parse(get('ske'))];
  if (get('sks') !== 'f' || !(start <= context.now && context.now < expiry))
    throw new FilesError('AuthenticationFailed', 'delegation key');
  const key = delegationKey((text) => context.signer.sign(text), {
    oid: get('skoid'),
    tid: get('sktid'),
    start: get('skt'),
    expiry: get('ske'),
    service: get('sks'),
    version: get('skv'),
    userTid: get('skdutid'),
  });
  if (!isSignedBy(key, delegatedText(query, resource, context.signer.account), get('sig')))
    throw new FilesError('AuthenticationFailed', 'signature');
  const user = query.get('sduoid');
  if (user !== undefined && context.user() !== user) throw new FilesError('AuthenticationFailed', 'delegated user');
}

function delegatedText(query: ReadonlyMap<string, string>, resource: Resource, account: string): string {
  const names = ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv', 'skdutid', 'sduoid', 'sip', 'spr', 'sv'];
  const answer = ['rscc', 'rscd', 'rsce', 'rscl', 'rsct'];
  const get = (key: string): string => query.get(key) ?? '';
  const terms = ['sp', 'st', 'se'].map(get);
  return [...terms, canonicalName(query, resource, account), ...[...names, ...answer].map(get)].join('\n');
}

function policyOf(query: ReadonlyMap<string, string>, share: string | undefined, find: FindPolicy): Policy | undefined {
  const id = query.get('si');
  if (id === undefined) return undefined;
  const policy = find(share ?? '', id);
  if (policy === undefined) throw new FilesError('AuthenticationFailed', 'stored access policy');
  return policy;
}

function termsOf(query: ReadonlyMap<string, string>, policy: Policy | undefined): Policy {
  return {
    start: query.get('st') ?? policy?.start,
    expiry: query.get('se') ?? policy?.expiry,
    permissions: query.get('sp') ?? policy?.permissions,
  };
}

function inRange(remote: string, range: string | undefined): boolean {
  if (range === undefined) return true;
  const address = numberOf(remote.replace(/^::ffff:/, ''));
  const [from, to = from] = range.split('-');
  const [low, high] = [numberOf(from ?? ''), numberOf(to ?? '')];
  return address !== undefined && low !== undefined && high !== undefined && low <= address && address <= high;
}

function numberOf(address: string): number | undefined {
  if (!isIPv4(address)) return undefined;
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
