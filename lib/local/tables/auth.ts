// Who asks: tokens, Shared Key and Shared Key Lite as in "Authorize with Shared Key". The age of the date is not checked: the
// listener is on loopback, and the clock passed in may be a test's.
import type { IncomingMessage } from 'node:http';
import type { Account } from '../service.ts';
import { identityOf } from './delegation.ts';
import { refusal } from './errors.ts';
import type { Grant } from './grant.ts';
import { grantOfSignature, type SasContext } from './sas.ts';
import { sameText, signer } from './signature.ts';
import type { Address } from './target.ts';

const bearer = 'Bearer ';

export interface Authenticator {
  /** What the sender may do. Refuses (403) whoever has neither key nor valid signature. */
  readonly grantOf: (request: IncomingMessage, address: Address) => Grant;
}

export function authenticator(account: Account, context: Omit<SasContext, 'sign' | 'account'>): Authenticator {
  const sign = signer(account.key);
  const sasContext = { ...context, sign, account: account.name };
  return {
    grantOf(request, address) {
      const { authorization } = request.headers;
      if (authorization?.startsWith(bearer) === true)
        return { kind: 'token', identity: identityOf(account, authorization.slice(bearer.length), context.now()) };
      if (authorization === undefined) {
        if (!address.query.has('sig')) throw refusal('AuthenticationFailed');
        return grantOfSignature(address, request.socket.remoteAddress ?? '', sasContext);
      }
      const [, scheme, name, signature] = /^(SharedKey|SharedKeyLite) ([^:]+):(\S+)$/.exec(authorization) ?? [];
      if (signature === undefined || name !== account.name) throw refusal('AuthenticationFailed');
      const text = stringToSign(request, address, account.name, scheme === 'SharedKeyLite');
      if (!sameText(sign(text), signature)) throw refusal('AuthenticationFailed');
      return { kind: 'owner' };
    },
  };
}

function stringToSign({ method, headers }: IncomingMessage, address: Address, account: string, lite: boolean): string {
  const date = header(headers['x-ms-date']) || header(headers['date']);
  if (date === '') throw refusal('AuthenticationFailed');
  const comp = address.query.get('comp');
  const resource = `/${account}${address.path}${comp === null ? '' : `?comp=${comp}`}`;
  if (lite) return `${date}\n${resource}`;
  return `${method}\n${header(headers['content-md5'])}\n${header(headers['content-type'])}\n${date}\n${resource}`;
}

function header(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
