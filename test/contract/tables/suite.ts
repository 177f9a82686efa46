import { expect, test } from '@jest/globals';
import { AzureNamedKeyCredential, RestError, TableClient, TableServiceClient } from '@azure/data-tables';

export interface Endpoint {
  readonly url: string;
  readonly account: { readonly name: string; readonly key: string };
  stop(): Promise<void>;
}

/** What every part of the contract works with. `endpoint` and `credential` are there once the service has started. */
export interface Suite {
  readonly promise: (what: string, check: () => Promise<void>) => void;
  readonly endpoint: () => Endpoint;
  readonly credential: () => AzureNamedKeyCredential;
  readonly clientOf: (table: string) => TableClient;
  readonly service: () => TableServiceClient;
  /** Removes what the tests made: it may be somebody's account. */
  readonly removeTables: () => Promise<void>;
  /** A name that no table has. */
  readonly tableName: () => string;
  /** A client of a new, empty table. */
  readonly freshTable: () => Promise<TableClient>;
}

export const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };

export function suiteFor(
  endpoint: () => Endpoint,
  { deviates, without }: { readonly deviates: readonly string[]; readonly without: readonly string[] },
): Suite {
  let tables = 0;
  // A service that is used by others too, or by another run of these tests, must not see the same names.
  const run = Math.floor(Math.random() * 36 ** 6).toString(36);
  const tableName = (): string => `contract${run}x${++tables}`;
  const credential = (): AzureNamedKeyCredential =>
    new AzureNamedKeyCredential(endpoint().account.name, endpoint().account.key);
  const clientOf = (table: string): TableClient => new TableClient(endpoint().url, table, credential(), options);
  const service = (): TableServiceClient => new TableServiceClient(endpoint().url, credential(), options);
  return {
    promise: (what, check) => {
      if (!without.includes(what)) (deviates.includes(what) ? test.failing : test)(what, check);
    },
    endpoint,
    credential,
    clientOf,
    service,
    removeTables: async () => {
      for await (const { name = '' } of service().listTables())
        if (name.toLowerCase().startsWith(`contract${run}x`)) await service().deleteTable(name);
    },
    tableName,
    freshTable: async () => {
      const client = clientOf(tableName());
      await client.createTable();
      return client;
    },
  };
}

export function connectionString({ url, account }: Endpoint): string {
  return `DefaultEndpointsProtocol=${url.split(':')[0]};AccountName=${account.name};AccountKey=${account.key};TableEndpoint=${url};`;
}

/** Expects a refusal of that status (and code) from the service, and gives it back. */
export async function refuses(attempt: Promise<unknown>, status: number, code?: string): Promise<RestError> {
  const error = await attempt.then(
    () => new Error('it was accepted'),
    (refusal: unknown) => refusal,
  );
  if (!(error instanceof RestError)) throw error;
  expect([error.statusCode, code === undefined ? undefined : codeIn(error)]).toEqual([status, code]);
  return error;
}

/** The client keeps the code of a single operation in the parsed body, that of a transaction on the error. */
function codeIn(error: RestError): string | undefined {
  const details = error.details as { odataError?: { code?: string } } | undefined;
  return details?.odataError?.code ?? error.code;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function namesOf(service: TableServiceClient): Promise<(string | undefined)[]> {
  return (await collect(service.listTables())).map((table) => table.name);
}

/** An entity without what the service adds. */
export function plain(entity: object | undefined): Record<string, unknown> {
  const own = Object.entries(entity ?? {}).filter(
    ([name]) => name !== 'etag' && name !== 'timestamp' && !name.startsWith('odata.'),
  );
  return Object.fromEntries(own);
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Five digits, so that text order is number order. */
export function pad(i: number): string {
  return String(i).padStart(5, '0');
}
