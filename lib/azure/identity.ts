// The identity of the app: Azure gives it tokens at an address that only the app can reach.
// https://learn.microsoft.com/azure/app-service/overview-managed-identity (REST endpoint reference)
import { z } from 'zod';
import { TidewayError } from '../base/errors.ts';

export interface Identity {
  /** A bearer token for `resource`, good for at least some minutes. Errors: `identity_refused`, those of the network. */
  token(resource: string): Promise<Token>;
}

export interface Token {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** What the official clients want of whoever gives them tokens. */
export interface TokenSource {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }>;
}

const earlyMs = 5 * 60_000;
const timeoutMs = 10_000;
const answer = z.object({ access_token: z.string(), expires_on: z.coerce.number() });

type Env = Readonly<Record<string, string | undefined>>;

/** Undefined where the app runs without one: embedded. */
export function readIdentity(env: Env, now: () => number): Identity | undefined {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: secret, AZURE_CLIENT_ID: client } = env;
  if (endpoint === undefined || endpoint === '' || secret === undefined) return undefined;
  const known = new Map<string, Promise<Token>>();
  const ask = async (resource: string): Promise<Token> => {
    const url = new URL(endpoint);
    url.searchParams.set('api-version', '2019-08-01');
    url.searchParams.set('resource', resource);
    if (client !== undefined) url.searchParams.set('client_id', client);
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { headers: { 'x-identity-header': secret }, signal });
    if (!response.ok)
      throw new TidewayError('identity_refused', `no token for ${resource}: ${response.status}`, {
        path: resource,
        hint: 'Assign the identity to the app, and name it in the setting AZURE_CLIENT_ID.',
      });
    const { access_token, expires_on } = answer.parse(await response.json());
    return { token: access_token, expires: expires_on * 1000 };
  };
  return {
    token: async (resource) => {
      const kept = await known.get(resource);
      if (kept !== undefined && kept.expires - earlyMs > now()) return kept;
      const asked = ask(resource);
      known.set(resource, asked);
      // A refusal is told to who asked now, and whoever comes later asks again.
      asked.catch(() => known.delete(resource));
      return asked;
    },
  };
}

/** For the official clients, which ask by scope: `<resource>/.default`. */
export function tokenSource(identity: Identity): TokenSource {
  return {
    getToken: async (scopes) => {
      const scope = typeof scopes === 'string' ? scopes : (scopes[0] ?? '');
      const { token, expires } = await identity.token(scope.replace(/\/\.default$/, ''));
      return { token, expiresOnTimestamp: expires };
    },
  };
}
