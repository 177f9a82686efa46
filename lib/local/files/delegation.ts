import { keyTimes, keyXml, toSecond, type Delegation } from '../delegation.ts';
import { FilesError } from './errors.ts';
import type { Call } from './operation.ts';
import { xmlReply, type Reply } from './reply.ts';
import { elements } from './xml.ts';

/** Get User Delegation Key: for whoever a token says is asking, for at most 7 days. */
export function getUserDelegationKey({ request, body, authorizer, clock }: Call): Reply {
  const identity = authorizer.identity(request);
  if (identity === undefined) throw new FilesError('AuthenticationFailed', 'a token is needed');
  const xml = Buffer.from(body).toString('utf8');
  const [start, expiry, userTid] = ['Start', 'Expiry', 'DelegatedUserTid'].map((name) => elements(xml, name)[0]);
  if (expiry === undefined) throw new FilesError('InvalidXmlDocument');
  const times = keyTimes(start, expiry, clock.now());
  if (times === undefined) throw new FilesError('InvalidXmlNodeValue', 'Expiry');
  const delegation: Delegation = {
    oid: identity.oid,
    tid: identity.tid,
    start: toSecond(times.from),
    expiry: toSecond(times.until),
    service: 'f',
    version: request.headers.get('x-ms-version') ?? '2026-10-06',
    userTid: userTid ?? '',
  };
  return xmlReply(keyXml(delegation, authorizer.delegationKey(delegation)));
}
