// Keys to sign for a user, of Files and of Tables alike.

const longestMs = 7 * 86_400_000;

/** What such a key is made for; all of it travels in each signature, so that none has to be kept. */
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

/** The key, base64: nobody without the account's key, which `sign` signs with, can make it. */
export function delegationKey(sign: (text: string) => string, d: Delegation): string {
  return sign(['delegation', d.oid, d.tid, d.start, d.expiry, d.service, d.version, d.userTid].join('\n'));
}

/** From when to when (ms) a key is asked for; undefined for times that the service refuses: over, or longer than 7 days. */
export function keyTimes(
  start: string | undefined,
  expiry: string,
  now: number,
): { readonly from: number; readonly until: number } | undefined {
  const until = Date.parse(expiry);
  const from = start === undefined || start === '' ? now : Date.parse(start);
  return until > now && until - now <= longestMs && from < until ? { from, until } : undefined;
}

export function keyXml(d: Delegation, key: string): string {
  const user = d.userTid === '' ? '' : `<SignedDelegatedUserTid>${d.userTid}</SignedDelegatedUserTid>`;
  return (
    `<?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>${d.oid}</SignedOid><SignedTid>${d.tid}</SignedTid>` +
    `<SignedStart>${d.start}</SignedStart><SignedExpiry>${d.expiry}</SignedExpiry><SignedService>${d.service}</SignedService>` +
    `<SignedVersion>${d.version}</SignedVersion>${user}<Value>${key}</Value></UserDelegationKey>`
  );
}

export function toSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
