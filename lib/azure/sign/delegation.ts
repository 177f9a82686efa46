// Get User Delegation Key, of Files and of Tables alike.
// https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
import { TidewayError, must } from '../../base/errors.ts';
import { apiVersion } from '../rest/files.ts';
import { connect } from '../rest/request.ts';
import { storageResource, type StorageService } from '../settings.ts';
import { seconds, type SigningKey } from './signed.ts';

const timeoutMs = 30_000;

/** `from` and `to` in ms since 1970, at most seven days from now. Errors: `delegation_refused`. */
export async function askDelegationKey(service: StorageService, from: number, to: number): Promise<SigningKey> {
  const { endpoint, identity } = service;
  const { token } = await must(identity, 'delegation without an identity').token(storageResource);
  const url = new URL(endpoint);
  const connection = connect(url.origin, 1);
  const body = Buffer.from(
    `<?xml version="1.0" encoding="utf-8"?><KeyInfo><Start>${seconds(from)}</Start><Expiry>${seconds(to)}</Expiry></KeyInfo>`,
  );
  const headers = {
    'x-ms-version': apiVersion,
    'x-ms-date': new Date().toUTCString(),
    authorization: `Bearer ${token}`,
    'content-type': 'application/xml',
    'content-length': String(body.length),
  };
  const path = `${url.pathname.replace(/\/$/, '')}/?restype=service&comp=userdelegationkey`;
  try {
    const answer = await connection.request('POST', path, headers, body, timeoutMs);
    const text = answer.body.toString('utf8');
    if (answer.status >= 400)
      throw new TidewayError('delegation_refused', `${endpoint} gives no key to sign with: ${answer.status}`, {
        path: endpoint,
        hint: 'Give the identity the role Storage File (or Table) Delegator, or sign with the key of the account.',
      });
    const part = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
    return {
      key: part('Value'),
      expires: Date.parse(part('SignedExpiry')),
      delegation: {
        oid: part('SignedOid'),
        tid: part('SignedTid'),
        start: part('SignedStart'),
        expiry: part('SignedExpiry'),
        service: part('SignedService'),
        version: part('SignedVersion'),
      },
    };
  } finally {
    connection.close();
  }
}
