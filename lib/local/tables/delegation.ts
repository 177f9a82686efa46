// Tokens, and keys to sign for whom they name. Unlike the service, which takes tokens over https only, this one takes them as
// everything else: it listens on loopback.
import { delegationKey, keyTimes, keyXml, toSecond, type Delegation } from '../delegation.ts';
import type { Account } from '../service.ts';
import { verifyToken, type Identity } from '../token.ts';
import { refusal } from './errors.ts';
import { parseXml } from './xml.ts';

/** The text that a delegated key signs has these fields where one of the account has the name of a policy. */
const fields = ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv', 'skdutid', 'sduoid'] as const;

export function identityOf(account: Account, token: string, now: number): Identity {
  const found = verifyToken(account, token, now);
  if (typeof found === 'string') throw refusal('AuthenticationFailed');
  return found;
}

/** Get User Delegation Key, as XML. */
export function userDelegationKey(
  identity: Identity,
  xml: string,
  version: string,
  now: number,
  sign: (text: string) => string,
): string {
  const info = parseXml(xml);
  const text = (name: string): string | undefined => info.children.find((each) => each.name === name)?.text.trim();
  const expiry = text('Expiry');
  if (info.name !== 'KeyInfo' || expiry === undefined) throw refusal('InvalidXmlDocument');
  const times = keyTimes(text('Start'), expiry, now);
  if (times === undefined) throw refusal('InvalidXmlNodeValue');
  const delegation: Delegation = {
    oid: identity.oid,
    tid: identity.tid,
    start: toSecond(times.from),
    expiry: toSecond(times.until),
    service: 't',
    version,
    userTid: '',
  };
  return keyXml(delegation, delegationKey(sign, delegation));
}

/** The key that a signature names, which follows from what it says of it, and the fields that it signs with that key. */
export function delegatedKey(
  value: (name: string) => string,
  now: number,
  sign: (text: string) => string,
): { readonly key: string; readonly signed: readonly string[] } {
  const [start, expiry] = [Date.parse(value('skt')), Date.parse(value('ske'))];
  if (value('sks') !== 't' || !(start <= now && now < expiry)) throw refusal('AuthenticationFailed');
  const key = delegationKey(sign, {
    oid: value('skoid'),
    tid: value('sktid'),
    start: value('skt'),
    expiry: value('ske'),
    service: value('sks'),
    version: value('skv'),
    userTid: value('skdutid'),
  });
  return { key, signed: fields.map(value) };
}
