import type { Clock } from '../../base/clock.ts';
import type { Account } from '../service.ts';
import { delegationKey, type Delegation } from '../delegation.ts';
import { FilesError } from './errors.ts';
import type { Request, Signed } from './request.ts';
import { checkSas, type FindPolicy, type Need, type Resource } from './sas.ts';
import { stringToSign, type Signer } from './shared-key.ts';
import type { Identity } from '../token.ts';
import { readToken } from './token.ts';

const maxSkew = 15 * 60_000;
const bearer = 'Bearer ';

/** Who may do what: SharedKey may do all; a SAS what it grants; a token what its roles are. Throws the documented refusal. */
export class Authorizer {
  readonly #account: Account;
  readonly #signer: Signer;
  readonly #clock: Clock;
  readonly #findPolicy: FindPolicy;

  constructor(account: Account, signer: Signer, clock: Clock, findPolicy: FindPolicy) {
    this.#account = account;
    this.#signer = signer;
    this.#clock = clock;
    this.#findPolicy = findPolicy;
  }

  check(request: Request, need: Need): void {
    const authorization = request.headers.get('authorization');
    if (request.query.has('sig') && (authorization === undefined || authorization.startsWith(bearer)))
      this.#checkSas(request.query, request, need, request);
    else if (authorization === undefined) throw new FilesError('AuthenticationFailed', 'no authorization');
    else if (authorization.startsWith(bearer)) this.#checkToken(request, need);
    else this.checkKey(request, authorization);
  }

  /** The key of the account, by a signature of at most 15 minutes. */
  checkKey(request: Signed, authorization: string | undefined): void {
    const prefix = `SharedKey ${this.#signer.account}:`;
    if (authorization?.startsWith(prefix) !== true) throw new FilesError('AuthenticationFailed', 'scheme or account');
    const date = request.headers.get('x-ms-date') ?? request.headers.get('date') ?? '';
    if (!(Math.abs(Date.parse(date) - this.#clock.now()) <= maxSkew))
      throw new FilesError('AuthenticationFailed', 'date');
    if (!this.#signer.verify(stringToSign(request, this.#signer.account), authorization.slice(prefix.length)))
      throw new FilesError('AuthenticationFailed', 'signature');
  }

  /** A second resource named in a header (source of a rename or copy): its own SAS, unless the request has the key. */
  checkSource(request: Request, source: Resource & Pick<Request, 'query'>, need: Need): void {
    const authorization = request.headers.get('authorization');
    if (authorization === undefined || (authorization.startsWith(bearer) && request.query.has('sig'))) {
      if (!source.query.has('sig')) throw new FilesError('AuthenticationFailed', 'no authorization');
      this.#checkSas(source.query, source, need, request);
    } else if (authorization.startsWith(bearer)) this.#checkToken(request, need);
  }

  /** Who the request's token says it is; undefined if it has none. Errors: AuthenticationFailed. */
  identity(request: Request): Identity | undefined {
    const authorization = request.headers.get('authorization');
    if (authorization?.startsWith(bearer) !== true) return undefined;
    // As the service does, tokens are taken where nobody can read them on the way.
    if (!request.secure) throw new FilesError('AuthenticationFailed', 'a token needs https');
    return readToken(this.#account, authorization.slice(bearer.length), this.#clock.now());
  }

  delegationKey(delegation: Delegation): string {
    return delegationKey((text) => this.#signer.sign(text), delegation);
  }

  #checkToken(request: Request, need: Need): void {
    const roles = this.identity(request)?.roles ?? [];
    if (need.role !== 'delegate' && request.headers.get('x-ms-file-request-intent') !== 'backup')
      throw new FilesError('MissingRequiredHeader', 'x-ms-file-request-intent');
    const granted = roles.includes(need.role) || (need.role === 'read' && roles.includes('write'));
    if (!granted) throw new FilesError('AuthorizationPermissionMismatch');
  }

  #checkSas(query: ReadonlyMap<string, string>, resource: Resource, need: Need, request: Request): void {
    checkSas(query, resource, need, {
      signer: this.#signer,
      findPolicy: this.#findPolicy,
      now: this.#clock.now(),
      remote: request.remoteAddress,
      secure: request.secure,
      user: () => this.identity(request)?.oid,
    });
  }
}
