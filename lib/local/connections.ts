// The embedded services as the official clients are told of them.
import path from 'node:path';
import type { FileService } from './files/service.ts';

import { writeWhole } from './hub/write-whole.ts';
import { issueToken } from './token.ts';
import type { Account } from './service.ts';

/** The storage account that the embedded tables and files belong to. */
export const accountName = 'tideway';

/** A connection string with the endpoints of those that have a port. `key` is base64. */
export function storageConnection(
  host: string,
  key: string,
  ports: { readonly tables?: number | undefined; readonly files?: number | undefined },
): string {
  const endpoint = (name: string, port: number | undefined): string =>
    port === undefined ? '' : `${name}=http://${host}:${port}/${accountName};`;
  return (
    `DefaultEndpointsProtocol=http;AccountName=${accountName};AccountKey=${key};` +
    endpoint('TableEndpoint', ports.tables) +
    endpoint('FileEndpoint', ports.files)
  );
}

export function serviceBusConnection(host: string, port: number, key: string): string {
  const name = host === '127.0.0.1' ? 'localhost' : host;
  return (
    `Endpoint=sb://${name}:${port};SharedAccessKeyName=RootManageSharedAccessKey;` +
    `SharedAccessKey=${key};UseDevelopmentEmulator=true`
  );
}

export function topicEndpoint(host: string, port: number): string {
  return `http://${host}:${port}/api/events`;
}

const day = 86_400_000;

/**
 * By https, with the file that holds the certificate to trust (written here) and a bearer token for clients that sign in
 * as somebody: it may do everything, for 30 days from `now` (ms). Nothing where there is no https.
 */
export function httpsSettings(
  data: string,
  { secure }: Pick<FileService, 'secure'>,
  account: Account,
  now: number,
): Readonly<Record<string, string>> {
  if (secure === undefined) return {};
  const [oid, tid] = ['1', '2'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-${digit.repeat(12)}`);
  const everybody = { oid: oid ?? '', tid: tid ?? '', roles: ['read', 'write', 'manage', 'delegate'] as const };
  const token = issueToken(account, everybody, now, now + 30 * day);
  const certificate = path.join(data, 'files.pem');
  writeWhole(certificate, secure.certificate);
  return { AZURE_FILES_HTTPS_URL: secure.url, AZURE_FILES_CERTIFICATE: certificate, AZURE_FILES_TOKEN: token };
}

/** Where Event Grid delivers to a function. */
export function webhookOf(functionsUrl: string, functionName: string, systemKey: string): string {
  return `${functionsUrl}/runtime/webhooks/eventgrid?functionName=${functionName}&code=${systemKey}`;
}
