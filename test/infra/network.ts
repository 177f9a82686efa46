// The private mode: what the compiler takes as any text, and Azure refuses, or, worse, leaves open.
import { ownResources, valueAt } from './read-resources.ts';
import { apps } from './rules.ts';
import type { Resource, Snapshot, World } from './world.ts';

/** Services that have entrances, the groups that Azure knows of each, and the beginning of the zone of each group's names. */
const groups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Microsoft.Storage/storageAccounts': { blob: 'blob.', file: 'file.', queue: 'queue.', table: 'table.' },
  'Microsoft.ServiceBus/namespaces': { namespace: 'servicebus.windows.net' },
  'Microsoft.EventGrid/topics': { topic: 'eventgrid.azure.net' },
  'Microsoft.KeyVault/vaults': { vault: 'vaultcore.azure.net' },
  'Microsoft.Web/sites': { sites: 'azurewebsites.net' },
};
const entrances = 'Microsoft.Network/privateEndpoints';

export function network(world: World): string[] {
  return apps.flatMap((name) => wrongIn(world.snapshots[name]).map((text) => `${name}: ${text}`));
}

function wrongIn(snapshot: Snapshot): string[] {
  const services = Object.keys(groups).flatMap((type) => ownResources(snapshot, type));
  const closed = services.filter((each) => valueAt(each, 'properties.publicNetworkAccess') === 'Disabled');
  const all = ownResources(snapshot, entrances).map(entranceOf);
  return [
    ...(closed.length === 0 || closed.length === services.length
      ? []
      : ['some services are closed, and some are open']),
    ...closed
      .filter(({ id }) => !all.some(({ target }) => target === id))
      .map(({ name }) => `${name} is closed and has no entrance`),
    ...all.flatMap(({ name, target, group }) => {
      const service = services.find(({ id }) => id === target);
      const zone = service === undefined ? undefined : groups[service.type]?.[group];
      if (zone === undefined) return [`${name} leads to ${group} of ${service?.name ?? 'nothing'}`];
      const resolved = ownResources(snapshot, `${entrances}/privateDnsZoneGroups`).find((each) =>
        each.name.startsWith(`${name}/`),
      );
      return JSON.stringify(resolved?.properties)?.includes(zone) ? [] : [`${name} is not resolved by ${zone}`];
    }),
    ...ownResources(snapshot, 'Microsoft.ServiceBus/namespaces').flatMap((bus) => [
      ...(closed.includes(bus) && bus.sku?.['name'] !== 'Premium' ? ['only Premium can be closed'] : []),
      // What agents are given is signed by a key.
      ...(valueAt(bus, 'properties.disableLocalAuth') === false ? [] : ['no agent could reach Service Bus']),
    ]),
    ...ownResources(snapshot, 'Microsoft.Web/sites').flatMap((app) => subnetOf(app, snapshot, closed.length > 0)),
  ];
}

function entranceOf({ name, properties }: Resource): { name: string; target: string; group: string } {
  const connections = properties?.['privateLinkServiceConnections'] as
    | readonly { properties: { privateLinkServiceId: string; groupIds: readonly string[] } }[]
    | undefined;
  const [only] = connections ?? [];
  return {
    name,
    target: only?.properties.privateLinkServiceId ?? '',
    group: only?.properties.groupIds.join(' and ') ?? 'nothing',
  };
}

/** Flex Consumption takes a subnet that is handed to it whole. */
function subnetOf(app: Resource, snapshot: Snapshot, isClosed: boolean): string[] {
  const id = valueAt(app, 'properties.virtualNetworkSubnetId');
  if (typeof id !== 'string') return isClosed ? ['the app is in no network'] : [];
  const subnets = ownResources(snapshot, 'Microsoft.Network/virtualNetworks').flatMap(
    (each) => (each.properties?.['subnets'] ?? []) as readonly { name: string; properties: Record<string, unknown> }[],
  );
  const own = subnets.find(({ name }) => id.endsWith(`/subnets/${name}`));
  const shared = ownResources(snapshot, entrances).some((each) => valueAt(each, 'properties.subnet.id') === id);
  return [
    ...(JSON.stringify(own?.properties['delegations'])?.includes('"Microsoft.App/environments"')
      ? []
      : ["the app's subnet is not delegated to Microsoft.App/environments"]),
    ...(shared ? ["the app's subnet holds entrances, too"] : []),
    ...(Number(String(own?.properties['addressPrefix']).split('/')[1]) <= 26 ? [] : ['40 instances have no addresses']),
  ];
}
