import type { Account } from '../service.ts';
import { verifyToken, type Identity } from '../token.ts';
import { FilesError } from './errors.ts';

/** Who a token says it is. Errors: AuthenticationFailed. */
export function readToken(account: Account, token: string, now: number): Identity {
  const found = verifyToken(account, token, now);
  if (typeof found === 'string') throw new FilesError('AuthenticationFailed', `token: ${found}`);
  return found;
}
