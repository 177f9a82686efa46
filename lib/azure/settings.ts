// Where the services are, and who we are there: from app settings. Embedded, connection strings say both; in Azure the app
// has an identity, and addresses are all that is told. One setting has the same name and meaning in both.
import { TidewayError } from '../base/errors.ts';
import { readIdentity, type Identity } from './identity.ts';

/** What tokens for any storage account are asked for. */
export const storageResource = 'https://storage.azure.com';

export interface StorageService {
  readonly account: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** The key of the account, base64; requests of our own are sent by it only where there is no identity. */
  readonly key: string | undefined;
  readonly identity: Identity | undefined;
  /** What signs access for agents. */
  readonly signing: { readonly kind: 'accountKey'; readonly key: string } | { readonly kind: 'userDelegation' };
}

/** The key of a rule of Service Bus. */
export interface BusKey {
  readonly name: string;
  readonly key: string;
}

export interface ServiceBus {
  /** `sb://` and host. */
  readonly endpoint: string;
  /** Undefined: by identity. */
  readonly connectionString: string | undefined;
  readonly identity: Identity | undefined;
  readonly emulator: boolean;
  readonly send: BusKey;
  readonly listen: BusKey;
}

export interface Connections {
  readonly files: StorageService;
  readonly tables: StorageService;
  readonly serviceBus: ServiceBus;
  /** Without a key: by identity. */
  readonly eventGrid: {
    readonly endpoint: string;
    readonly key: string | undefined;
    readonly identity: Identity | undefined;
  };
}

type Env = Readonly<Record<string, string | undefined>>;

/** Errors: `setting_missing`, `setting_invalid`, with the setting's name. */
export function readConnections(env: Env, now: () => number = Date.now): Connections {
  const identity = readIdentity(env, now);
  const account = env['AZURE_STORAGE_CONNECTION_STRING'];
  const ofAccount = isSet(account) ? parseStorage(account) : undefined;
  const key = env['EVENTGRID_TOPIC_KEY'];
  return {
    files: ofAccount?.files ?? storageService(env, filesSettings, identity),
    tables: ofAccount?.tables ?? storageService(env, tablesSettings, identity),
    serviceBus: serviceBusOf(env, identity),
    eventGrid: {
      endpoint: need(env, 'EVENTGRID_TOPIC_ENDPOINT'),
      key: identity === undefined ? need(env, 'EVENTGRID_TOPIC_KEY') : isSet(key) ? key : undefined,
      identity,
    },
  };
}

const filesSettings = {
  endpoint: 'TIDEWAY_FILES_ENDPOINT',
  signing: 'TIDEWAY_FILES_SIGNING',
  key: 'TIDEWAY_FILES_KEY',
} as const;
const tablesSettings = {
  endpoint: 'TIDEWAY_TABLES_ENDPOINT',
  signing: 'TIDEWAY_TABLES_SIGNING',
  key: 'TIDEWAY_TABLES_KEY',
} as const;

function storageService(
  env: Env,
  names: Record<'endpoint' | 'signing' | 'key', string>,
  identity: Identity | undefined,
): StorageService {
  const endpoint = need(env, names.endpoint).replace(/\/$/, '');
  const { hostname, pathname } = new URL(endpoint);
  // Embedded, the account is the first part of the path; in Azure, of the host.
  const account = pathname.split('/')[1] || (hostname.split('.')[0] ?? '');
  const by = need(env, names.signing);
  const key = by === 'accountKey' || identity === undefined ? need(env, names.key) : undefined;
  if (by === 'userDelegation' && identity !== undefined)
    return { account, endpoint, key, identity, signing: { kind: 'userDelegation' } };
  if (by === 'accountKey' && key !== undefined)
    return { account, endpoint, key, identity, signing: { kind: 'accountKey', key } };
  throw new TidewayError('setting_invalid', `${names.signing} is ${by}`, {
    path: names.signing,
    hint: 'Set accountKey, or, where the app has an identity, userDelegation.',
  });
}

const connectionName = 'SERVICEBUS_CONNECTION_STRING';

function serviceBusOf(env: Env, identity: Identity | undefined): ServiceBus {
  const text = env[connectionName];
  if (!isSet(text) && identity === undefined) need(env, connectionName);
  const part = (name: string): string => new RegExp(`(?:^|;)${name}=([^;]*)`, 'i').exec(text ?? '')?.[1] ?? '';
  const endpoint = isSet(text)
    ? part('Endpoint')
    : `sb://${need(env, 'SERVICEBUS_CONNECTION_STRING__fullyQualifiedNamespace')}/`;
  // The rules of infra/modules/service-bus.bicep; the one key of a connection string may do what both may.
  const keyOf = (setting: string, name: string): BusKey => {
    const key = env[setting];
    if (isSet(text) && !isSet(key)) return { name: part('SharedAccessKeyName'), key: part('SharedAccessKey') };
    return { name, key: need(env, setting) };
  };
  return {
    endpoint,
    connectionString: isSet(text) ? text : undefined,
    identity,
    emulator: part('UseDevelopmentEmulator').toLowerCase() === 'true',
    send: keyOf('TIDEWAY_BUS_SEND_KEY', 'agent-send'),
    listen: keyOf('TIDEWAY_BUS_LISTEN_KEY', 'agent-listen'),
  };
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function need(env: Env, name: string): string {
  const value = env[name];
  if (!isSet(value))
    throw new TidewayError('setting_missing', `the setting ${name} is not set`, {
      path: name,
      hint: 'Set it in the app settings; `tideway env` prints all of them for an embedded hub.',
    });
  return value;
}

/** The parts of a storage connection string; the endpoints are built from the suffix where they are not given. */
function parseStorage(text: string): Pick<Connections, 'files' | 'tables'> {
  const parts = new Map<string, string>();
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const account = parts.get('AccountName');
  const key = parts.get('AccountKey');
  if (account === undefined || key === undefined)
    throw new TidewayError('setting_invalid', 'the storage connection string has no AccountName or no AccountKey', {
      path: 'AZURE_STORAGE_CONNECTION_STRING',
      hint: 'Copy the whole connection string of the storage account.',
    });
  const protocol = parts.get('DefaultEndpointsProtocol') ?? 'https';
  const suffix = parts.get('EndpointSuffix') ?? 'core.windows.net';
  const service = (name: string, given: string | undefined): StorageService => ({
    account,
    endpoint: (given ?? `${protocol}://${account}.${name}.${suffix}`).replace(/\/$/, ''),
    key,
    identity: undefined,
    signing: { kind: 'accountKey', key },
  });
  return { tables: service('table', parts.get('TableEndpoint')), files: service('file', parts.get('FileEndpoint')) };
}
