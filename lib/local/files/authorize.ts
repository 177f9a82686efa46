import type { Clock } from '../../base/clock.ts';
import { FilesError } from './errors.ts';
import type { Request, Signed } from './request.ts';
import { checkSas, type FindPolicy, type Need, type Resource } from './sas.ts';
import { stringToSign, type Signer } from './shared-key.ts';

const maxSkew = 15 * 60_000;

/** Who may do what: SharedKey may do all; a SAS what it grants. Throws the documented refusal. */
export class Authorizer {
  readonly #signer: Signer;
  readonly #clock: Clock;
  readonly #findPolicy: FindPolicy;

  constructor(signer: Signer, clock: Clock, findPolicy: FindPolicy) {
    this.#signer = signer;
    this.#clock = clock;
    this.#findPolicy = findPolicy;
  }

  check(request: Request, need: Need): void {
    const authorization = request.headers.get('authorization');
    if (authorization === undefined) this.checkSas(request.query, request, need, request.remoteAddress);
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
    if (request.headers.has('authorization')) return;
    this.checkSas(source.query, source, need, request.remoteAddress);
  }

  checkSas(query: ReadonlyMap<string, string>, resource: Resource, need: Need, remote: string): void {
    if (!query.has('sig')) throw new FilesError('AuthenticationFailed', 'no authorization');
    checkSas(query, resource, need, {
      signer: this.#signer,
      findPolicy: this.#findPolicy,
      now: this.#clock.now(),
      remote,
    });
  }
}
