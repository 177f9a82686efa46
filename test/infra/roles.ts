// Who may do what, as one table: a role more is as wrong as one that is missing.
import { ownResources } from './read-resources.ts';
import { apps } from './rules.ts';
import type { Snapshot, World } from './world.ts';

const hub = 'id-tideway';
const topic = 'evgt-tideway';

/** Identity, role, and the resource it is given on, without the part of names that differs. */
function wanted(snapshot: Snapshot, name: (typeof apps)[number]): string[] {
  const shares = ownResources(snapshot, 'Microsoft.Storage/storageAccounts/fileServices/shares');
  const secrets = ownResources(snapshot, 'Microsoft.KeyVault/vaults/secrets');
  const last = (text: string): string => text.slice(text.lastIndexOf('/') + 1);
  return [
    `${hub} blobOwner sthost`,
    `${hub} queueContributor sthost`,
    `${hub} tableContributor sthost`,
    `${hub} tableContributor sttable`,
    ...(name === 'private' ? [`${hub} tableDelegator sttable`] : []),
    ...(name === 'provisioned' ? [] : [`${hub} fileDelegator stshare`]),
    `${hub} tideway-shares stshare`,
    ...shares.map((each) => `${hub} filePrivilegedContributor ${last(each.name)}`),
    `${hub} busReceiver changes`,
    `${hub} busSender changes`,
    `${hub} busReceiver events`,
    `${hub} busSender sites`,
    `${hub} eventSender evgt-tideway`,
    `${hub} metricsPublisher appi-tideway`,
    ...secrets.map((each) => `${hub} secretsUser ${last(each.name)}`),
    `${topic} busSender events`,
    `${topic} blobContributor dead-letters`,
  ];
}

export function roles(world: World): string[] {
  return apps.flatMap((name) => {
    const snapshot = world.snapshots[name];
    const found = assigned(world, snapshot);
    const should = wanted(snapshot, name);
    return [
      ...found.filter((each) => !should.includes(each)).map((each) => `${name}: ${each} is a role too many`),
      ...should.filter((each) => !found.includes(each)).map((each) => `${name}: ${each} is missing`),
    ];
  });
}

/** Each assignment as identity, role and the last part of what it is given on. */
export function assigned(world: Pick<World, 'roles'>, snapshot: Snapshot): string[] {
  const names = new Map(Object.entries(world.roles).map(([name, id]) => [id, name]));
  const custom = ownResources(snapshot, 'Microsoft.Authorization/roleDefinitions').map(({ name }) => name);
  const suffix = /-?[a-z0-9]{13}$/;
  return ownResources(snapshot, 'Microsoft.Authorization/roleAssignments').map(({ id, properties }) => {
    const scope = id.split('/providers/Microsoft.Authorization/')[0] ?? '';
    const role = String(properties?.['roleDefinitionId']).split('/').at(-1) ?? '';
    const who = /\/(id-tideway|evgt-tideway)-/.exec(String(properties?.['principalId']))?.[1] ?? 'nobody we know';
    const what = names.get(role) ?? (custom.includes(role) ? 'tideway-shares' : role);
    return `${who} ${what} ${(scope.split('/').at(-1) ?? '').replace(suffix, '')}`;
  });
}
