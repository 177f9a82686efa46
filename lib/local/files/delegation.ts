import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { xmlReply, type Reply } from './reply.ts';
import type { Signer } from './shared-key.ts';
import { elements } from './xml.ts';

const longest = 7 * 86_400_000;

/** What a key to sign for a user is made for; all of it travels in each signature, so that none has to be kept. */
export interface Delegation {
  readonly oid: string;
  readonly tid: string;
  readonly start: string;
  readonly expiry: string;
  readonly service: string;
  readonly version: string;
  /** Tenant of the one user who may use signatures; '' for any. */
  readonly userTid: string;
}

/** The key, base64: nobody without the account's key can make it. */
export function delegationKey(signer: Signer, d: Delegation): string {
  return signer.sign(['delegation', d.oid, d.tid, d.start, d.expiry, d.service, d.version, d.userTid].join('\n'));
}

/** Get User Delegation Key: for whoever a token says is asking, for at most 7 days. */
export function getUserDelegationKey({ request, body, authorizer, clock }: Call): Reply {
  const identity = authorizer.identity(request);
  if (identity === undefined) throw new FilesError('AuthenticationFailed', 'a token is needed');
  const xml = Buffer.from(body).toString('utf8');
  const [start, expiry, userTid] = ['Start', 'Expiry', 'DelegatedUserTid'].map((name) => elements(xml, name)[0]);
  if (expiry === undefined) throw new FilesError('InvalidXmlDocument');
  const now = clock.now();
  const until = Date.parse(expiry);
  const from = start === undefined || start === '' ? now : Date.parse(start);
  if (!(until > now && until - now <= longest && from < until)) throw new FilesError('InvalidXmlNodeValue', 'Expiry');
  const delegation: Delegation = {
    oid: identity.oid,
    tid: identity.tid,
    start: toSecond(from),
    expiry: toSecond(until),
    service: 'f',
    version: request.headers.get('x-ms-version') ?? '2026-10-06',
    userTid: userTid ?? '',
  };
  return xmlReply(
    `<?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>${delegation.oid}</SignedOid>` +
      `<SignedTid>${delegation.tid}</SignedTid><SignedStart>${delegation.start}</SignedStart>` +
      `<SignedExpiry>${delegation.expiry}</SignedExpiry><SignedService>f</SignedService>` +
      `<SignedVersion>${delegation.version}</SignedVersion>` +
      `${delegation.userTid === '' ? '' : `<SignedDelegatedUserTid>${delegation.userTid}</SignedDelegatedUserTid>`}` +
      `<Value>${authorizer.delegationKey(delegation)}</Value></UserDelegationKey>`,
  );
}

function toSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
