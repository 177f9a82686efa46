// Bearer tokens: who somebody is, and by roles what that one may do. A role is held on one entity and what lies below it.
// https://learn.microsoft.com/azure/service-bus-messaging/service-bus-managed-service-identity
import type { Account } from '../service.ts';
import { audiences, verifyToken } from '../token.ts';
import { unauthorized } from './amqp/error.ts';
import { covers, pathOf } from './sas.ts';
import type { Claim, Grant } from './sas.ts';

const role = /^(send|listen) (.+)$/;

/** What a token's owner may do with the entity at `path` (lower case). Throws `amqp:unauthorized-access` for a bad token. */
export function grantOf(token: string, path: string, issuer: Account, now: number): Grant {
  const found = verifyToken(issuer, token, now, audiences.serviceBus);
  if (typeof found === 'string') throw unauthorized(`InvalidToken: The token is not valid (${found}).`);
  const claims = found.roles.flatMap((each): Claim[] => {
    const [, what, entity] = role.exec(each) ?? [];
    if (entity === undefined || !covers(pathOf(entity), path)) return [];
    return [what === 'send' ? 'Send' : 'Listen'];
  });
  return { scope: path, claims, expiresAt: found.exp * 1000 };
}
