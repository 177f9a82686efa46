// The folder that goes to Azure, with the settings that Bicep gives the app: it syncs two sites through the embedded
// services. Names of settings are those of the deployment; only where services are, and who we are there, is put in.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startHub, type Hub } from '../../lib/local/hub/hub.ts';
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
    app: { dir: app, settings: (embedded) => (given = deployed(embedded)) },
    signal: stopping.signal,
  });
});

afterAll(async () => {
  stopping.abort();
  await hub?.stop();
  await space.dispose();
});

/** The settings of the smallest deployment, where everything that Azure fills in is the embedded one. */
function deployed(embedded: Readonly<Record<string, string>>): Record<string, string> {
  const part = (name: string): string =>
    new RegExp(`${name}=([^;]+)`).exec(embedded['AZURE_STORAGE_CONNECTION_STRING'] ?? '')?.[1] ?? '';
  const bus = embedded['SERVICEBUS_CONNECTION_STRING'] ?? '';
  const busKey = /SharedAccessKey=([^;]+)/.exec(bus)?.[1] ?? '';
  const filled: Readonly<Record<string, string>> = {
    EVENTGRID_TOPIC_ENDPOINT: embedded['EVENTGRID_TOPIC_ENDPOINT'] ?? '',
    TIDEWAY_FILES_ENDPOINT: part('FileEndpoint'),
    TIDEWAY_FILES_SIGNING: 'accountKey',
    TIDEWAY_FILES_KEY: part('AccountKey'),
    TIDEWAY_TABLES_ENDPOINT: part('TableEndpoint'),
    TIDEWAY_TABLES_KEY: part('AccountKey'),
    TIDEWAY_TOKEN_HASH: createHash('sha256')
      .update(embedded['TIDEWAY_TOKEN'] ?? '')
      .digest('hex'),
    TIDEWAY_BUS_SEND_KEY: busKey,
    TIDEWAY_BUS_LISTEN_KEY: busKey,
  };
  // An identity is asked for at an address of Azure; here its place is taken by the keys of the embedded services.
  const identity = {
    AzureWebJobsStorage: embedded['AzureWebJobsStorage'] ?? '',
    SERVICEBUS_CONNECTION_STRING: bus,
    EVENTGRID_TOPIC_KEY: embedded['EVENTGRID_TOPIC_KEY'] ?? '',
    TIDEWAY_FILES_KEY: part('AccountKey'),
  };
  const ofIdentity = /^(AzureWebJobsStorage__|SERVICEBUS_CONNECTION_STRING__|APPLICATIONINSIGHTS_|AZURE_CLIENT_ID$)/;
  const settings = Object.entries(settingsOf(readWorld().snapshots.smallest))
    .filter(([name]) => !ofIdentity.test(name))
    .map(([name, value]) => [name, filled[name] ?? String(value)] as const);
  return { ...Object.fromEntries(settings), ...identity };
}

const textAt = (site: string, name: string): string | false => {
  const file = path.join(site, name);
  return existsSync(file) && readFileSync(file, 'utf8');
};

test('what is left of the deployment in them is plain text', () => {
  for (const [name, value] of Object.entries(given))
    expect([name, value]).toEqual([name, expect.not.stringMatching(/^[[@]/)]);
  expect(Object.keys(given)).not.toContain('AZURE_STORAGE_CONNECTION_STRING');
  expect(given['TIDEWAY_PARK_AFTER_SECONDS']).toBe('10');
});

test('every function of the code is in the folder, and those for the other way of events are off', async () => {
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(path.join(space.data, name), 'utf8')) as Record<string, unknown>;
  const { functions } = read('hub.json')['ports'] as { functions: number };
  const url = `http://127.0.0.1:${functions}/admin/functions?code=${String(read('secrets.json')['masterKey'])}`;
  const loaded = (await (await fetch(url)).json()) as readonly { name: string }[];
  expect(loaded.map(({ name }) => name).toSorted()).toEqual(readWorld().code.functions);
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
