// Shared access signatures, of the account ("Create an account SAS") and of one table ("Create a service SAS").
import { delegatedKey } from './delegation.ts';
import { refusal } from './errors.ts';
import type { Grant } from './grant.ts';
import type { Policy } from './policies.ts';
import { sameText, signer } from './signature.ts';
import type { Address } from './target.ts';

export interface SasContext {
  readonly account: string;
  readonly sign: (text: string) => string;
  readonly now: () => number;
  /** The stored access policy `id` of a table; undefined if there is none. */
  readonly policy: (table: string, id: string) => Policy | undefined;
}

/** Versions before this one sign other strings; no client of today makes them. */
const oldest = '2015-04-05';
const encryptionScopeSince = '2020-12-06';

/** What the signature in the query allows. `remote` is the sender's IP address. Refuses with the service's 403 codes. */
export function grantOfSignature(address: Address, remote: string, context: SasContext): Grant {
  const value = (name: string): string => address.query.get(name) ?? '';
  if (value('sv') < oldest) throw refusal('AuthenticationFailed');
  return value('ss') === '' ? tableGrant(address, value, remote, context) : accountGrant(value, remote, context);
}

type Value = (name: string) => string;

function accountGrant(value: Value, remote: string, context: SasContext): Grant {
  const signed = ['sp', 'ss', 'srt', 'st', 'se', 'sip', 'spr', 'sv'].map(value);
  if (value('sv') >= encryptionScopeSince) signed.push(value('ses'));
  checkSignature([context.account, ...signed, ''].join('\n'), value, context);
  checkTimes(value('st'), value('se'), context.now());
  checkOrigin(value, remote);
  if (!value('ss').includes('t')) throw refusal('AuthorizationServiceMismatch');
  return { kind: 'account-sas', permissions: value('sp'), resourceTypes: value('srt') };
}

function tableGrant(address: Address, value: Value, remote: string, context: SasContext): Grant {
  const table = value('tn').toLowerCase();
  const { target } = address;
  if (table === '') throw refusal('AuthenticationFailed');
  // The service signs over the resource that is asked for, so a signature for another table is a wrong signature.
  if ('table' in target && target.table.toLowerCase() !== table) throw refusal('AuthenticationFailed');
  const resource = `/table/${context.account}/${table}`;
  const before = ['sp', 'st', 'se'].map(value);
  const after = ['sip', 'spr', 'sv', 'spk', 'srk', 'epk', 'erk'].map(value);
  const who = address.query.has('skoid')
    ? delegatedKey(value, context.now(), context.sign)
    : { key: undefined, signed: [value('si')] };
  const text = [...before, resource, ...who.signed, ...after].join('\n');
  checkSignature(text, value, who.key === undefined ? context : { sign: signer(who.key) });
  const id = value('si');
  const policy = id === '' ? undefined : context.policy(table, id);
  if (id !== '' && policy === undefined) throw refusal('AuthenticationFailed');
  checkTimes(value('st') || (policy?.start ?? ''), value('se') || (policy?.expiry ?? ''), context.now());
  checkOrigin(value, remote);
  const bound = (name: string): string | undefined => address.query.get(name) ?? undefined;
  return {
    kind: 'table-sas',
    permissions: value('sp') || (policy?.permission ?? ''),
    table,
    range: { startPk: bound('spk'), startRk: bound('srk'), endPk: bound('epk'), endRk: bound('erk') },
  };
}

function checkSignature(text: string, value: Value, context: Pick<SasContext, 'sign'>): void {
  if (!sameText(context.sign(text), value('sig'))) throw refusal('AuthenticationFailed');
}

function checkTimes(start: string, expiry: string, now: number): void {
  const from = start === '' ? -Infinity : Date.parse(start);
  // Written so that a date which cannot be read (NaN) is refused.
  if (!(from <= now) || !(now < Date.parse(expiry)))
    throw refusal('AuthenticationFailed', 'Signature not valid in the specified time frame.');
}

/** The listener speaks http only, so a signature for https alone must not be honoured here. */
function checkOrigin(value: Value, remote: string): void {
  if (value('spr') === 'https') throw refusal('AuthorizationProtocolMismatch');
  const [first, last = first] = value('sip').split('-');
  if (first === undefined || first === '' || last === undefined) return;
  const sender = addressNumber(remote.replace(/^::ffff:/, ''));
  if (!(sender >= addressNumber(first) && sender <= addressNumber(last)))
    throw refusal('AuthorizationSourceIPMismatch');
}

/** IPv4 only, as in the service; anything else is NaN and in no range. */
function addressNumber(text: string): number {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return Number.NaN;
  return parts.reduce((number, part) => number * 256 + part, 0);
}
