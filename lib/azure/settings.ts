// Where the services are: from app settings, the same names embedded and in Azure.
import { TidewayError } from '../base/errors.ts';

export interface StorageAccount {
  readonly name: string;
  /** Base64. */
  readonly key: string;
  readonly tableEndpoint: string;
  readonly fileEndpoint: string;
}

export interface Connections {
  readonly storage: StorageAccount;
  readonly serviceBus: string;
  readonly eventGrid: { readonly endpoint: string; readonly key: string };
}

type Env = Readonly<Record<string, string | undefined>>;

export function readConnections(env: Env): Connections {
  return {
    storage: parseStorage(need(env, 'AZURE_STORAGE_CONNECTION_STRING')),
    serviceBus: need(env, 'SERVICEBUS_CONNECTION_STRING'),
    eventGrid: { endpoint: need(env, 'EVENTGRID_TOPIC_ENDPOINT'), key: need(env, 'EVENTGRID_TOPIC_KEY') },
  };
}

function need(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new TidewayError('setting_missing', `the setting ${name} is not set`, {
      path: name,
      hint: 'Set it in the app settings; `tideway env` prints all of them for an embedded hub.',
    });
  return value;
}

/** The parts of a storage connection string; the endpoints are built from the suffix where they are not given. */
function parseStorage(text: string): StorageAccount {
  const parts = new Map<string, string>();
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const name = parts.get('AccountName');
  const key = parts.get('AccountKey');
  if (name === undefined || key === undefined)
    throw new TidewayError('setting_invalid', 'the storage connection string has no AccountName or no AccountKey', {
      path: 'AZURE_STORAGE_CONNECTION_STRING',
      hint: 'Copy the whole connection string of the storage account.',
    });
  const protocol = parts.get('DefaultEndpointsProtocol') ?? 'https';
  const suffix = parts.get('EndpointSuffix') ?? 'core.windows.net';
  const endpoint = (service: string, given: string | undefined): string =>
    (given ?? `${protocol}://${name}.${service}.${suffix}`).replace(/\/$/, '');
  return {
    name,
    key,
    tableEndpoint: endpoint('table', parts.get('TableEndpoint')),
    fileEndpoint: endpoint('file', parts.get('FileEndpoint')),
  };
}
