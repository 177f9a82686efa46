// Where an app asks who it is: the embedded place of what App Service puts beside each app that has an identity.
// https://learn.microsoft.com/azure/app-service/overview-managed-identity (REST endpoint reference)
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../base/clock.ts';
import { randomHex, systemRandom, type Random } from '../base/random.ts';
import type { Account } from './service.ts';
import { audiences, issueToken, type Identity } from './token.ts';

export interface IdentityOptions {
  /** Whose key signs tokens: the services that take them are told the same. */
  readonly account: Account;
  readonly identity: Identity;
  /** The id that an app names the identity by. */
  readonly clientId: string;
  /** 127.0.0.1 unless told. */
  readonly host?: string | undefined;
  /** How long a token is good for (ms): a day, as Azure's, unless told. */
  readonly life?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

export interface IdentityEndpoint {
  /** What the platform adds to the environment of the app. */
  readonly env: Readonly<Record<'IDENTITY_ENDPOINT' | 'IDENTITY_HEADER', string>>;
  /** Tokens given so far, by what they were asked for. */
  readonly given: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const apiVersion = '2019-08-01';
const day = 86_400_000;
const path = '/msi/token';

type Refusal = { readonly status: number; readonly message: string };

/** Errors: those of listening. */
export async function startIdentityEndpoint(options: IdentityOptions): Promise<IdentityEndpoint> {
  const { account, identity, clientId, host = '127.0.0.1', life = day, clock = systemClock } = options;
  const secret = randomHex(options.random ?? systemRandom, 16);
  const given = new Map<string, number>();
  const answer = (request: IncomingMessage): object | Refusal => {
    const resource = wanted(request, secret, clientId);
    if (typeof resource !== 'string') return resource;
    given.set(resource, (given.get(resource) ?? 0) + 1);
    const now = clock.now();
    const expires = now + life;
    return {
      access_token: issueToken(account, identity, now, expires, resource),
      client_id: clientId,
      expires_on: String(Math.floor(expires / 1000)),
      not_before: String(Math.floor(now / 1000)),
      resource,
      token_type: 'Bearer',
    };
  };
  const server = createServer((request, response) => {
    request.resume();
    const found = answer(request);
    const status = 'status' in found ? found.status : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(found));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    env: { IDENTITY_ENDPOINT: `http://${host}:${port}${path}`, IDENTITY_HEADER: secret },
    given,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What a token is wanted for, without the slash that some clients put behind it. */
function wanted(request: IncomingMessage, secret: string, clientId: string): string | Refusal {
  const url = new URL(request.url ?? '/', 'http://identity');
  const query = url.searchParams;
  if (url.pathname !== path || request.method !== 'GET') return { status: 404, message: 'not found' };
  // Whoever else can reach the port must not get the app's tokens: only the app knows the header's value.
  if (!isSame(String(request.headers['x-identity-header'] ?? ''), secret))
    return { status: 401, message: 'the header X-IDENTITY-HEADER is not that of this app' };
  if (query.get('api-version') !== apiVersion) return { status: 400, message: `api-version is not ${apiVersion}` };
  if (query.get('client_id') !== clientId) return { status: 400, message: 'no such identity is assigned to the app' };
  const resource = (query.get('resource') ?? '').replace(/\/$/, '');
  const known: readonly string[] = Object.values(audiences);
  return known.includes(resource) ? resource : { status: 400, message: `no such resource: ${resource}` };
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
