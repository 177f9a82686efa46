// What the compiler lets pass and Azure would refuse, or worse, would not: values from closed lists, keys, roles, versions.
import { ownResources, valueAt } from './read-resources.ts';
import { apps } from './rules.ts';
import type { Resource, World } from './world.ts';

/** Type, path, and the values that are taken; null stands for absent. */
const closed: readonly (readonly [type: string, path: string, values: readonly unknown[]])[] = [
  ['Microsoft.Storage/storageAccounts', 'kind', ['StorageV2', 'FileStorage']],
  ['Microsoft.Storage/storageAccounts', 'properties.minimumTlsVersion', ['TLS1_2', 'TLS1_3']],
  ['Microsoft.Storage/storageAccounts', 'properties.supportsHttpsTrafficOnly', [true]],
  ['Microsoft.Storage/storageAccounts', 'properties.allowBlobPublicAccess', [false]],
  ['Microsoft.Storage/storageAccounts', 'properties.publicNetworkAccess', ['Enabled', 'Disabled']],
  ['Microsoft.ServiceBus/namespaces', 'sku.name', ['Standard', 'Premium']],
  ['Microsoft.ServiceBus/namespaces', 'properties.minimumTlsVersion', ['1.2', '1.3']],
  ['Microsoft.EventGrid/topics', 'properties.inputSchema', ['CloudEventSchemaV1_0']],
  ['Microsoft.EventGrid/topics', 'properties.minimumTlsVersionAllowed', ['1.2']],
  ['Microsoft.EventGrid/topics', 'properties.disableLocalAuth', [true]],
  ['Microsoft.Insights/components', 'properties.DisableLocalAuth', [true]],
  ['Microsoft.Web/serverfarms', 'sku.name', ['FC1']],
  ['Microsoft.Web/serverfarms', 'sku.tier', ['FlexConsumption']],
  ['Microsoft.Web/serverfarms', 'properties.reserved', [true]],
  ['Microsoft.Web/sites', 'kind', ['functionapp,linux']],
  ['Microsoft.Web/sites', 'properties.httpsOnly', [true]],
  ['Microsoft.Web/sites', 'properties.siteConfig.minTlsVersion', ['1.2', '1.3']],
  ['Microsoft.Web/sites', 'properties.functionAppConfig.runtime.name', ['node']],
  ['Microsoft.Web/sites', 'properties.functionAppConfig.runtime.version', ['22', '24']],
  ['Microsoft.Web/sites', 'properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB', [512, 2048, 4096]],
  ['Microsoft.Web/sites', 'properties.functionAppConfig.deployment.storage.type', ['blobContainer']],
  [
    'Microsoft.Web/sites',
    'properties.functionAppConfig.deployment.storage.authentication.type',
    ['UserAssignedIdentity'],
  ],
  ['Microsoft.Storage/storageAccounts/fileServices/shares', 'properties.enabledProtocols', ['SMB']],
  ['Microsoft.KeyVault/vaults', 'properties.enableRbacAuthorization', [true]],
];

/** What is billed so, and the properties that such shares have and others must not. */
const models: Readonly<Record<string, { kind: string; skus: readonly string[]; has: string; not: string }>> = {
  Standard: {
    kind: 'StorageV2',
    skus: ['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'],
    has: 'accessTier',
    not: 'provisionedIops',
  },
  StandardV2: {
    kind: 'FileStorage',
    skus: ['StandardV2_LRS', 'StandardV2_ZRS', 'StandardV2_GRS', 'StandardV2_GZRS'],
    has: 'provisionedIops',
    not: 'accessTier',
  },
  PremiumV2: {
    kind: 'FileStorage',
    skus: ['PremiumV2_LRS', 'PremiumV2_ZRS'],
    has: 'provisionedIops',
    not: 'accessTier',
  },
};

/** Newest versions may be unknown to the compiler that azd brings; a preview may go away. */
const apiVersions: Readonly<Record<string, string>> = {
  'Microsoft.Authorization/locks': '2020-05-01',
  'Microsoft.Authorization/roleAssignments': '2022-04-01',
  'Microsoft.Authorization/roleDefinitions': '2022-04-01',
  'Microsoft.EventGrid/topics': '2025-02-15',
  'Microsoft.Insights/actionGroups': '2023-01-01',
  'Microsoft.Insights/components': '2020-02-02',
  'Microsoft.Insights/metricAlerts': '2018-03-01',
  'Microsoft.Insights/scheduledQueryRules': '2023-12-01',
  'Microsoft.KeyVault/vaults': '2024-11-01',
  'Microsoft.ManagedIdentity/userAssignedIdentities': '2024-11-30',
  'Microsoft.Network/privateDnsZones': '2024-06-01',
  'Microsoft.Network/privateEndpoints': '2025-05-01',
  'Microsoft.Network/virtualNetworks': '2025-05-01',
  'Microsoft.OperationalInsights/workspaces': '2025-07-01',
  'Microsoft.Resources/resourceGroups': '2025-04-01',
  'Microsoft.ServiceBus/namespaces': '2024-01-01',
  'Microsoft.Storage/storageAccounts': '2025-08-01',
  'Microsoft.Web/serverfarms': '2025-03-01',
  'Microsoft.Web/sites': '2025-03-01',
};

/** Azure tags these; whatever else lies below a service has none. */
const tagged = Object.keys(apiVersions).filter((type) => !type.startsWith('Microsoft.Authorization/'));

export function values(world: World): string[] {
  return all(world).flatMap(({ where, resource }) => [
    ...closed
      .filter(([type, path, taken]) => resource.type === type && !taken.includes(valueAt(resource, path)))
      .map(([, path]) => `${where}: ${path} is ${JSON.stringify(valueAt(resource, path))}`),
    ...(tagged.includes(resource.type) && resource.tags?.['application'] !== 'tideway' ? [`${where}: no tags`] : []),
  ]);
}

/** Kind, sku and properties of shares fit together, or Azure refuses what the compiler took. */
export function billing(world: World): string[] {
  return apps.flatMap((name) => {
    const snapshot = world.snapshots[name];
    const account = ownResources(snapshot, 'Microsoft.Storage/storageAccounts').find((each) =>
      each.name.startsWith('stshare'),
    );
    const sku = String(account?.sku?.['name']);
    const model = models[sku.split('_')[0] ?? ''];
    if (model?.kind !== account?.kind || model?.skus.includes(sku) !== true)
      return [`${name}: ${account?.kind} with ${sku}`];
    return ownResources(snapshot, 'Microsoft.Storage/storageAccounts/fileServices/shares')
      .filter(({ properties }) => properties?.[model.has] === undefined || properties[model.not] !== undefined)
      .map((share) => `${name}: ${share.name} is not billed as ${sku}`);
  });
}

export function versions(world: World): string[] {
  return all(world)
    .filter(({ resource: { type, apiVersion } }) => {
      const service = Object.keys(apiVersions).find((known) => type === known || type.startsWith(`${known}/`));
      return service === undefined || apiVersions[service] !== apiVersion;
    })
    .map(({ where, resource }) => `${where}: ${resource.apiVersion} is not the version of the list`);
}

/** Keys of accounts are off, but where one signs for agents; none leaves the template other than into the vault. */
export function keys(world: World): string[] {
  const isSecret = /listKeys|AccountKey|SharedAccessKey|connectionString/i;
  return [
    ...all(world)
      .filter(({ resource }) => resource.type !== 'Microsoft.KeyVault/vaults/secrets')
      .filter(({ resource }) => /listKeys/i.test(JSON.stringify(resource)))
      .map(({ where }) => `${where}: a key outside the vault`),
    ...apps.flatMap((name) =>
      Object.entries(world.snapshots[name].outputs ?? {})
        .filter(([, value]) => isSecret.test(JSON.stringify(value)))
        .map(([output]) => `${name}: the output ${output} holds a key`),
    ),
    ...all(world)
      .filter(({ resource }) => resource.type === 'Microsoft.Storage/storageAccounts')
      .filter(({ resource }) => valueAt(resource, 'properties.allowSharedKeyAccess') === true)
      .filter(({ resource }) => {
        const open = (service: string): boolean =>
          valueAt(resource, `properties.allowSharedKeyAccessForServices.${service}.enabled`) !== false;
        return ['blob', 'queue', 'file', 'table'].filter(open).length !== 1;
      })
      .map(({ where }) => `${where}: its key opens more than the service it signs for`),
  ];
}

function all(world: World): { where: string; resource: Resource }[] {
  return Object.entries(world.snapshots).flatMap(([variant, snapshot]) =>
    snapshot.predictedResources.map((resource) => ({
      where: `${variant}: ${resource.name} (${resource.type})`,
      resource,
    })),
  );
}
