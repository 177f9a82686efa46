// The folder that goes to Azure, with the settings that Bicep gives the app: it syncs two sites through the embedded
// services. Names of settings are those of the deployment; only where services are, and who we are there, is put in. It has
// no key that it has not in Azure: it asks for tokens, and may do with them what the roles of the template say.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startHub, type Hub } from '../../lib/local/hub/hub.ts';
import type { SecurePlaces } from '../../lib/local/hub/app-identity.ts';
import type { Role } from '../../lib/local/token.ts';
import { assigned } from '../infra/roles.ts';
import { settingsOf } from '../infra/read-resources.ts';
import { readWorld } from '../infra/world.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

const root = path.join(import.meta.dirname, '../..');
const space = new Workspace('paris', 'tokyo');
const app = path.join(space.dir, 'app');
const [paris, tokyo] = [space.site('paris'), space.site('tokyo')];
const stopping = new AbortController();
let hub: Hub | undefined;
let given: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  execFileSync(process.execPath, ['build.ts', 'functions', app], { cwd: root, stdio: 'ignore' });
  hub = await startHub({
    data: space.data,
    sites: [
      { name: 'paris', path: paris },
      { name: 'tokyo', path: tokyo },
    ],
    app: {
      dir: app,
      identity: { clientId, roles: rolesOfApp() },
      settings: (embedded, places) => (given = deployed(embedded, places)),
    },
    signal: stopping.signal,
  });
});

afterAll(async () => {
  stopping.abort();
  await hub?.stop();
  await space.dispose();
});

const world = readWorld();
const { smallest } = world.snapshots;
const clientId = '7d1c1c0e-0000-4000-8000-000000000001';

/** What the template lets the app do, in the words of the embedded services; a role that they do not know is of none of them. */
function rolesOfApp(): Role[] {
  const storage = { filePrivilegedContributor: 'write', tableContributor: 'write', fileDelegator: 'delegate' } as const;
  return assigned(world, smallest).flatMap((each): Role[] => {
    const [who, role = '', on] = each.split(' ');
    if (who !== 'id-tideway') return [];
    if (role === 'busReceiver') return [`listen ${on}`];
    if (role === 'busSender') return [`send ${on}`];
    if (role === 'eventSender') return ['publish'];
    if (role === 'tideway-shares') return ['manage'];
    return role in storage ? [storage[role as keyof typeof storage]] : [];
  });
}

/** The settings of the smallest deployment, where everything that Azure fills in is the embedded one. */
function deployed(
  embedded: Readonly<Record<string, string>>,
  places: SecurePlaces | undefined,
): Record<string, string> {
  const secretIn = (name: string, setting: string): string =>
    new RegExp(`${name}=([^;]+)`).exec(embedded[setting] ?? '')?.[1] ?? '';
  const busKey = secretIn('SharedAccessKey', 'SERVICEBUS_CONNECTION_STRING');
  const filled: Readonly<Record<string, string>> = {
    AZURE_CLIENT_ID: clientId,
    // Whose place the state of the embedded host takes.
    AzureWebJobsStorage__clientId: clientId,
    AzureWebJobsStorage__blobServiceUri: 'http://127.0.0.1:9/blob',
    AzureWebJobsStorage__queueServiceUri: 'http://127.0.0.1:9/queue',
    AzureWebJobsStorage__tableServiceUri: 'http://127.0.0.1:9/table',
    APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${clientId}`,
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `ClientId=${clientId};Authorization=AAD`,
    SERVICEBUS_CONNECTION_STRING__fullyQualifiedNamespace: places?.serviceBus ?? '',
    SERVICEBUS_CONNECTION_STRING__clientId: clientId,
    EVENTGRID_TOPIC_ENDPOINT: places?.eventGrid ?? '',
    TIDEWAY_FILES_ENDPOINT: `${places?.files}/`,
    TIDEWAY_TABLES_ENDPOINT: `${secretIn('TableEndpoint', 'AZURE_STORAGE_CONNECTION_STRING')}/`,
    TIDEWAY_TABLES_KEY: secretIn('AccountKey', 'AZURE_STORAGE_CONNECTION_STRING'),
    TIDEWAY_TOKEN_HASH: createHash('sha256')
      .update(embedded['TIDEWAY_TOKEN'] ?? '')
      .digest('hex'),
    TIDEWAY_BUS_SEND_KEY: busKey,
    TIDEWAY_BUS_LISTEN_KEY: busKey,
  };
  const settings = Object.entries(settingsOf(smallest));
  return Object.fromEntries(settings.map(([name, value]) => [name, filled[name] ?? String(value)]));
}

const textAt = (site: string, name: string): string | false => {
  const file = path.join(site, name);
  return existsSync(file) && readFileSync(file, 'utf8');
};

test('all settings of the deployment and no other, as plain text; no key but those that the vault holds', () => {
  expect(Object.keys(given).toSorted()).toEqual(Object.keys(settingsOf(smallest)).toSorted());
  for (const [name, value] of Object.entries(given))
    expect([name, value]).toEqual([name, expect.not.stringMatching(/^[[@]|^$/)]);
  const keys = Object.keys(given).filter((name) => /_KEY$|CONNECTION_STRING$/.test(name));
  expect(keys.toSorted()).toEqual([
    'APPLICATIONINSIGHTS_CONNECTION_STRING',
    'TIDEWAY_BUS_LISTEN_KEY',
    'TIDEWAY_BUS_SEND_KEY',
    'TIDEWAY_TABLES_KEY',
  ]);
  expect(given).toMatchObject({ TIDEWAY_FILES_SIGNING: 'userDelegation', TIDEWAY_PARK_AFTER_SECONDS: '10' });
});

test('the folder holds the functions and what they share, nothing of agents, of the embedded services, or of development', () => {
  const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  const known = /^(host\.json|package\.json|\.funcignore|(functions|chunks)\/[\w-]+\.mjs(\.LEGAL\.txt)?)$/;
  expect(files.filter((name) => !known.test(name))).toEqual([]);
  const text = files.map((name) => readFileSync(path.join(app, name), 'utf8')).join('\n');
  // State of agents and services, an agent's watch, the embedded host's own name, the tools.
  for (const foreign of ['node:sqlite', 'fs.node', 'tideway-service-bus', 'registerHooks', '@jest', 'typescript'])
    expect([foreign, text.includes(foreign)]).toEqual([foreign, false]);
  // The one module that the host supplies is asked for by its name: the search sees what is there.
  expect(text).toContain('@azure/functions-core');
});

test('every function of the code is in the folder, and those for the other way of events are off', async () => {
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(path.join(space.data, name), 'utf8')) as Record<string, unknown>;
  const { functions } = read('hub.json')['ports'] as { functions: number };
  const url = `http://127.0.0.1:${functions}/admin/functions?code=${String(read('secrets.json')['masterKey'])}`;
  const loaded = (await (await fetch(url)).json()) as readonly { name: string }[];
  expect(loaded.map(({ name }) => name).toSorted()).toEqual(world.code.functions);
  expect(given['AzureWebJobs.events.Disabled']?.toLowerCase()).toBe('true');
});

test('two sites, both ways: create, edit, rename, delete', async () => {
  writeFileSync(path.join(paris, 'report.txt'), 'first');
  await until('the file is at the other site', 60_000, () => textAt(tokyo, 'report.txt') === 'first');
  writeFileSync(path.join(tokyo, 'report.txt'), 'second, longer');
  await until('the edit is back', 60_000, () => textAt(paris, 'report.txt') === 'second, longer');
  mkdirSync(path.join(paris, 'archive'));
  renameSync(path.join(paris, 'report.txt'), path.join(paris, 'archive/report.txt'));
  await until('it has moved', 60_000, () => textAt(tokyo, 'archive/report.txt') === 'second, longer');
  rmSync(path.join(tokyo, 'archive'), { recursive: true });
  await until('it is gone', 60_000, () => !existsSync(path.join(paris, 'archive')));
});

test('a snapshot of the share, which is a right of its own, and nothing that the services refused', async () => {
  const { stdout, code } = await space.run('snapshot', 'create', '--json');
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ id: expect.any(String) as unknown })]);
  // Made with the first line.
  const log = path.join(space.data, 'logs/hub.log');
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
  const bad = lines.filter((line) => /"level":"(warn|error)"/.test(line));
  expect(bad).toEqual([]);
});
