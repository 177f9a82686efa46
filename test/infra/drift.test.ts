// Each rule with something planted against it: a rule that sees nothing would be green for ever.
import { describe, expect, test } from '@jest/globals';
import { alerts, events, host, messages, settings } from './rules.ts';
import { network } from './network.ts';
import { roles } from './roles.ts';
import { billing, keys, values, versions } from './security.ts';
import { readWorld, type Resource, type World } from './world.ts';

const real = readWorld();

/** The world with one resource of one variant put otherwise; null takes it away. */
function planted(
  type: string,
  name: RegExp,
  change: (resource: Resource) => Resource | null,
  variant: 'smallest' | 'private' = 'smallest',
): World {
  const snapshot = real.snapshots[variant];
  const resources = snapshot.predictedResources;
  const at = resources.findIndex((each) => each.type === type && name.test(each.name));
  const found = resources[at];
  if (found === undefined) throw new Error(`nothing to plant on: ${type} ${name.source}`);
  const made = change(structuredClone(found));
  const predictedResources = [...resources.slice(0, at), ...(made === null ? [] : [made]), ...resources.slice(at + 1)];
  return { ...real, snapshots: { ...real.snapshots, [variant]: { ...snapshot, predictedResources } } };
}

/** What a rule finds that it does not find in the world as it is: that it finds nothing there is the other test's. */
function found(rule: (world: World) => string[], world: World): string[] {
  const before = rule(real);
  return rule(world).filter((text) => !before.includes(text));
}

const set = (resource: Resource, properties: Record<string, unknown>): Resource => ({
  ...resource,
  properties: { ...resource.properties, ...properties },
});
const without = (resource: Resource, name: string): Resource => ({
  ...resource,
  properties: Object.fromEntries(Object.entries(resource.properties ?? {}).filter(([key]) => key !== name)),
});
const queues = 'Microsoft.ServiceBus/namespaces/queues';
const rules = 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules';
const config = 'Microsoft.Web/sites/config';
const assignments = 'Microsoft.Authorization/roleAssignments';

describe('planted drift is found', () => {
  test('a setting that Bicep forgets', () => {
    const world = planted(config, /appsettings/, (each) => without(each, 'TIDEWAY_TICK'));
    expect(found(settings, world)).toEqual(['smallest: TIDEWAY_TICK is read and not set']);
  });

  test('a setting that nobody reads', () => {
    const world = planted(config, /appsettings/, (each) => set(each, { TIDEWAY_OLD: '1' }));
    expect(found(settings, world)).toEqual(['smallest: TIDEWAY_OLD is set and read by nobody']);
  });

  test('a setting that the code begins to read', () => {
    const world = { ...real, code: { ...real.code, settings: [...real.code.settings, 'TIDEWAY_NEW'] } };
    const more = found(settings, world);
    expect(more).toContain('two-groups: TIDEWAY_NEW is read and not set');
    expect(more).toContain('TIDEWAY_NEW is read and not in local.settings.sample.json');
  });

  test('a key among the settings', () => {
    const world = planted(config, /appsettings/, (each) => set(each, { TIDEWAY_BUS_SEND_KEY: "[listKeys('x')]" }));
    expect(found(settings, world)).toEqual(['smallest: TIDEWAY_BUS_SEND_KEY holds a key, or no text']);
  });

  test('a queue under another name', () => {
    const world = planted(queues, /\/changes$/, (each) => ({ ...each, name: each.name.replace('changes', 'change') }));
    expect(found(messages, world)).toEqual([
      'smallest: changes is no queue in Bicep',
      'smallest: change is a queue in Bicep only',
    ]);
  });

  test('a queue that the code calls otherwise', () => {
    const code = { ...real.code, queues: ['changed', 'events'] };
    expect(found(messages, { ...real, code })).toEqual([
      'changes is a queue nobody uses',
      'changed is a queue that is not in topology.json',
    ]);
  });

  test.each<[string, (rule: Resource) => Resource | null]>([
    ['without its rule', () => null],
    ['whose rule stands beside $Default', (each) => ({ ...each, name: each.name.replace('$Default', 'to') })],
    ['with the rule of another', (each) => set(each, { correlationFilter: { to: 'site-008' } })],
  ])('a slot %s', (_, change) => {
    const world = planted(rules, /site-007/, change);
    expect(found(messages, world)).toEqual(['smallest: site-007 takes other messages than its own']);
  });

  test('a role too many', () => {
    const contributor = '/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c';
    const world = planted(assignments, /./, (each) => set(each, { roleDefinitionId: contributor }));
    expect(found(roles, world)).toEqual([
      'smallest: id-tideway b24988ac-6180-42a0-ab88-20f7382dd24c sthost is a role too many',
      'smallest: id-tideway blobOwner sthost is missing',
    ]);
  });

  test('an alert on a function that is called otherwise now', () => {
    const code = { ...real.code, functions: real.code.functions.filter((name) => name !== 'commit') };
    expect(found(host, { ...real, code })).toContain('commit is watched by an alert and no function');
  });

  test.each(['pendingSeconds', 'lastSeenSeconds', 'snapshotLateSeconds', 'tideway.timer', 'tideway.endpoint'])(
    'a metric that is called otherwise now: %s',
    (name) => {
      const code = { ...real.code, vitals: real.code.vitals.map((each) => (each === name ? 'renamed' : each)) };
      expect(found(alerts, { ...real, code })).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/renamed is told and read by no alert/),
          expect.stringMatching(new RegExp(`: ${name} is read by an alert and told by nobody`)),
        ]),
      );
    },
  );

  test('an alert that reads what is called otherwise', () => {
    const text = JSON.stringify(real.snapshots['two-groups']).replaceAll('vital.pendingSeconds', 'vital.lagSeconds');
    const changed = JSON.parse(text) as World['snapshots']['two-groups'];
    expect(found(alerts, { ...real, snapshots: { ...real.snapshots, 'two-groups': changed } })).toEqual([
      'two-groups: pendingSeconds is told and read by no alert',
      'two-groups: lagSeconds is read by an alert and told by nobody',
    ]);
  });

  test('a level at which nothing is told, and an alert on what that level drops', () => {
    const hostJson = { ...real.hostJson, logging: { logLevel: { default: 'Warning' } } };
    expect(found(alerts, { ...real, hostJson })).toContain('two-groups: what tick tells does not pass host.json');
    const text = JSON.stringify(real.snapshots['two-groups']).replaceAll('success == false', 'success == true');
    const changed = JSON.parse(text) as World['snapshots']['two-groups'];
    expect(found(alerts, { ...real, snapshots: { ...real.snapshots, 'two-groups': changed } })).toEqual([
      'two-groups: requests that succeeded do not pass host.json',
    ]);
  });

  test('an output with a key', () => {
    const outputs = { ...real.snapshots.smallest.outputs, KEY: "[listKeys('/x', '2025-08-01').keys[0].value]" };
    const smallest = { ...real.snapshots.smallest, outputs };
    expect(found(keys, { ...real, snapshots: { ...real.snapshots, smallest } })).toEqual([
      'smallest: the output KEY holds a key',
    ]);
  });

  test('an account whose key opens everything', () => {
    const world = planted('Microsoft.Storage/storageAccounts', /^sttable/, (each) =>
      set(each, { allowSharedKeyAccessForServices: null }),
    );
    expect(found(keys, world)).toEqual([expect.stringMatching(/its key opens more/)]);
  });

  test('a preview version', () => {
    const world = planted('Microsoft.EventGrid/topics', /./, (each) => ({ ...each, apiVersion: '2025-04-01-preview' }));
    expect(found(versions, world)).toEqual([expect.stringMatching(/2025-04-01-preview is not the version/)]);
  });

  test('an event subscription on a queue with sessions', () => {
    const name = 'subscriptions-private';
    const text = JSON.stringify(real.snapshots[name]).replace('/queues/events', '/queues/changes');
    const snapshots = { ...real.snapshots, [name]: JSON.parse(text) as World['snapshots'][typeof name] };
    expect(found(events, { ...real, snapshots })).toEqual([
      expect.stringMatching(/goes to changes, which has sessions/),
    ]);
  });

  test('a sku of provisioned shares on an account of the other kind', () => {
    const world = planted('Microsoft.Storage/storageAccounts', /^stshare/, (each) => ({
      ...each,
      sku: { name: 'PremiumV2_LRS' },
    }));
    expect(found(billing, world)).toEqual(['smallest: StorageV2 with PremiumV2_LRS']);
  });

  test('memory and TLS that Azure would refuse', () => {
    const world = planted('Microsoft.EventGrid/topics', /./, (each) => set(each, { minimumTlsVersionAllowed: '1.0' }));
    expect(found(values, world)).toEqual([expect.stringMatching(/minimumTlsVersionAllowed is "1.0"/)]);
  });

  /** The same resource with another word in it, wherever it stands. */
  const worded = (from: string, to: string) => (each: Resource) =>
    JSON.parse(JSON.stringify(each).replaceAll(from, to)) as Resource;
  const vnet = 'Microsoft.Network/virtualNetworks';
  const entrance = 'Microsoft.Network/privateEndpoints';
  const bus = 'Microsoft.ServiceBus/namespaces';

  test.each<[string, string, RegExp, (resource: Resource) => Resource | null, string]>([
    [
      'an entrance to a group that there is not',
      entrance,
      /-bus-/,
      worded('"namespace"', '"servicebus"'),
      'leads to servicebus of sb-',
    ],
    ['a service without an entrance', entrance, /-vault-/, () => null, 'is closed and has no entrance'],
    [
      'names that resolve to elsewhere',
      `${entrance}/privateDnsZoneGroups`,
      /-shares-/,
      worded('file.{0}', 'blob.{0}'),
      'is not resolved by file.',
    ],
    [
      'a subnet as plans of other kinds want it',
      vnet,
      /./,
      worded('Microsoft.App/environments', 'Microsoft.Web/serverFarms'),
      'is not delegated',
    ],
    ['a subnet that is too small', vnet, /./, worded('10.90.0.0/26', '10.90.0.0/28'), '40 instances'],
    ['a bus of the lesser tier', bus, /./, (each) => ({ ...each, sku: { name: 'Standard' } }), 'only Premium'],
    ['a bus that takes no keys', bus, /./, (each) => set(each, { disableLocalAuth: true }), 'no agent could reach'],
    ['a bus that is open', bus, /./, (each) => set(each, { publicNetworkAccess: 'Enabled' }), 'some are open'],
  ])('private mode: %s', (_, type, name, change, text) => {
    const world = planted(type, name, change, 'private');
    expect(found(network, world)).toEqual([expect.stringContaining(text)]);
  });
});
