import { isIPv4 } from 'node:net';
import { FilesError } from './errors.ts';
import { decode } from './names.ts';
import type { Signer } from './shared-key.ts';

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
}

/** What is asked for: `path` as received, without the account. */
export interface Resource {
  readonly share: string | undefined;
  readonly path: string;
}

/** Verifies the SAS in `query` for a resource; throws the documented refusal. `now` in ms. */
export function checkSas(
  query: ReadonlyMap<string, string>,
  resource: Resource,
  need: Need,
  context: { readonly signer: Signer; readonly findPolicy: FindPolicy; readonly now: number; readonly remote: string },
): void {
  const account = query.has('ss');
  const text = account
    ? accountText(query, context.signer.account)
    : serviceText(query, resource, context.signer.account);
  if (!context.signer.verifyAgain(text, query.get('sig') ?? ''))
    throw new FilesError('AuthenticationFailed', 'signature');
  const terms = account
    ? termsOf(query, undefined)
    : termsOf(query, policyOf(query, resource.share, context.findPolicy));
  if (terms.expiry === undefined || Number.isNaN(Date.parse(terms.expiry)))
    throw new FilesError('AuthenticationFailed', 'expiry missing');
  if (Date.parse(terms.expiry) < context.now) throw new FilesError('AuthenticationFailed', 'expired');
  if (terms.start !== undefined && !(Date.parse(terms.start) <= context.now))
    throw new FilesError('AuthenticationFailed', 'not yet valid');
  if (query.get('spr') === 'https') throw new FilesError('AuthorizationProtocolMismatch');
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
  const kind = get('sr');
  if (resource.share === undefined || (kind !== 's' && kind !== 'f'))
    throw new FilesError('AuthenticationFailed', 'signed resource');
  const path = kind === 'f' ? decode(resource.path) : `/${resource.share}`;
  return [
    get('sp'),
    get('st'),
    get('se'),
    `/file/${account}${path}`,
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

function accountText(query: ReadonlyMap<string, string>, account: string): string {
  const get = (key: string): string => query.get(key) ?? '';
  const fields = [account, get('sp'), get('ss'), get('srt'), get('st'), get('se'), get('sip'), get('spr'), get('sv')];
  return `${[...fields, get('ses')].join('\n')}\n`;
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
