// What a signature for storage is made with: the key of the account, or one that the account gave to an identity (user
// delegation). Both sign alike; of the second kind, the signature says whose key it was.
import { signWith } from '../rest/shared-key.ts';

export interface SigningKey {
  /** Base64. */
  readonly key: string;
  /** Undefined for the key of the account. */
  readonly delegation?: Delegation | undefined;
  /** No signature is good for longer: ms since 1970. */
  readonly expires: number;
}

/** As the service told it, every text to be repeated as it was. */
export interface Delegation {
  readonly oid: string;
  readonly tid: string;
  readonly start: string;
  readonly expiry: string;
  readonly service: string;
  readonly version: string;
}

/** The fields of a signature that say whose key it was, in the order of the signed text; none for the key of the account. */
export function delegationFields({ delegation }: SigningKey): (readonly [string, string])[] {
  if (delegation === undefined) return [];
  const { oid, tid, start, expiry, service, version } = delegation;
  return [
    ['skoid', oid],
    ['sktid', tid],
    ['skt', start],
    ['ske', expiry],
    ['sks', service],
    ['skv', version],
  ];
}

/** The query of a SAS without its leading `?`; fields that are empty stay away. */
export function signedQuery(
  key: SigningKey,
  fields: readonly (readonly [string, string])[],
  text: readonly string[],
): string {
  const all = [...fields, ...delegationFields(key), ['sig', signWith(key.key, text.join('\n'))] as const];
  return all
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

/** To the second, as signatures name times. */
export function seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
