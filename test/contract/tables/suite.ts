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
  /** A client of a new, empty table. */
  readonly freshTable: () => Promise<TableClient>;
}

export const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };

export function suiteFor(endpoint: () => Endpoint, deviates: readonly string[]): Suite {
  let tables = 0;
  const credential = (): AzureNamedKeyCredential =>
    new AzureNamedKeyCredential(endpoint().account.name, endpoint().account.key);
  const clientOf = (table: string): TableClient => new TableClient(endpoint().url, table, credential(), options);
  return {
    promise: (what, check) => (deviates.includes(what) ? test.failing : test)(what, check),
    endpoint,
    credential,
    clientOf,
    service: () => new TableServiceClient(endpoint().url, credential(), options),
    freshTable: async () => {
      const client = clientOf(`contract${++tables}`);
      await client.createTable();
      return client;
    },
  };
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
