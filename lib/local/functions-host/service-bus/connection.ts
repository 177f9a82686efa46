// What the `connection` of a binding means: the setting of that name, or, where the app has an identity, a family of settings
// that begin with it. https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
import { ServiceBusClient, type ServiceBusClientOptions } from '@azure/service-bus';
import { readIdentity, tokenSource } from '../../../azure/identity.ts';
import { TidewayError } from '../../../base/errors.ts';
import type { AppSettings } from '../app-settings.ts';

export type Connect = (options?: ServiceBusClientOptions) => ServiceBusClient;

/** Errors: `connection_missing`, `identity_missing`. */
export function connectionOf(settings: AppSettings, name: string): Connect {
  for (const prefix of [`AzureWebJobs${name}`, name]) {
    const namespace = settings.get(`${prefix}__fullyQualifiedNamespace`);
    const whole = settings.get(prefix);
    if (namespace === undefined || namespace === '' || (whole !== undefined && whole !== '')) continue;
    const source = tokenSource(identityOf(settings, prefix));
    return (options) => new ServiceBusClient(namespace, source, options);
  }
  const text = settings.connection(name);
  return (options) => new ServiceBusClient(text, options);
}

function identityOf(settings: AppSettings, prefix: string): NonNullable<ReturnType<typeof readIdentity>> {
  const env = {
    IDENTITY_ENDPOINT: settings.get('IDENTITY_ENDPOINT'),
    IDENTITY_HEADER: settings.get('IDENTITY_HEADER'),
    AZURE_CLIENT_ID: settings.get(`${prefix}__clientId`),
  };
  const kind = settings.get(`${prefix}__credential`)?.toLowerCase();
  const identity = kind === 'managedidentity' ? readIdentity(env, Date.now) : undefined;
  if (identity !== undefined) return identity;
  throw new TidewayError('identity_missing', `The connection '${prefix}' is by identity, and there is none.`, {
    path: `${prefix}__credential`,
    hint: `Set ${prefix}__credential to managedidentity, and see that the app has an identity; or set ${prefix} to a connection string.`,
  });
}
