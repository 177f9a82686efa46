// What `tideway local` decides before anything listens: settings of the app, the topology file, ports, the folder.
import { afterEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lockData } from '../../../lib/local/hub/lock.ts';
import { readApp, settingsOf } from '../../../lib/local/stack/app.ts';
import { temporaryFolder } from '../../../lib/local/stack/folder.ts';
import { choosePorts, keepPorts } from '../../../lib/local/stack/ports.ts';
import { startStack } from '../../../lib/local/stack/stack.ts';
import { emptyTopology, readTopology } from '../../../lib/local/stack/topology.ts';
import { silent } from '../../../lib/base/log.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function fresh(files: Readonly<Record<string, unknown>> = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'stack-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files))
    writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

describe('the settings of an app', () => {
  const connections = {
    AZURE_STORAGE_CONNECTION_STRING: 'our storage',
    SERVICEBUS_CONNECTION_STRING: 'our bus',
    EVENTGRID_TOPIC_KEY: 'our key',
  };

  test.each([
    ['an emulated account', 'UseDevelopmentStorage=true', 'our storage'],
    ['an emulated namespace', 'Endpoint=sb://localhost;SharedAccessKey=x;UseDevelopmentEmulator=true;', 'our bus'],
    ['a name of ours', 'key %EVENTGRID_TOPIC_KEY%', 'key our key'],
    ['a name of its own', '%OTHER%', '%OTHER%'],
    ['a real namespace', 'Endpoint=sb://real.servicebus.windows.net/;SharedAccessKey=x', undefined],
  ])('%s', (_, value, expected) => {
    expect(settingsOf({ It: value }, connections, {})['It']).toBe(expected ?? value);
  });

  test('of the environment count before those of the file; what the host says itself does not', () => {
    const environment = { It: 'UseDevelopmentStorage=true', Other: 'x', WEBSITE_HOSTNAME: 'y', no_proxy: 'z' };
    expect(settingsOf({ It: 'a', Mine: 'b' }, connections, environment)).toEqual({
      ...connections,
      AzureWebJobsStorage: 'our storage',
      It: 'our storage',
      Mine: 'b',
      Other: 'x',
    });
  });

  test('under our names are ours, unless its own file says otherwise', () => {
    const name = 'SERVICEBUS_CONNECTION_STRING';
    expect(settingsOf({}, connections, { [name]: 'a real one' })[name]).toBe('our bus');
    expect(settingsOf({ [name]: 'another' }, connections, {})[name]).toBe('another');
  });

  test('without services stay as they are', () => {
    expect(settingsOf({ A: 'UseDevelopmentStorage=true' }, {}, {})).toEqual({ A: 'UseDevelopmentStorage=true' });
  });

  test.each([
    ['no host.json', { 'package.json': {} }, 'host.json is missing'],
    ['no package.json', { 'host.json': {} }, 'package.json is missing'],
    ['no JSON', { 'host.json': {}, 'package.json': {}, 'local.settings.json': '{' }, 'cannot be read'],
    [
      'encrypted',
      { 'host.json': {}, 'package.json': {}, 'local.settings.json': { IsEncrypted: true } },
      'is encrypted',
    ],
    [
      'another language',
      {
        'host.json': {},
        'package.json': {},
        'local.settings.json': { Values: { FUNCTIONS_WORKER_RUNTIME: 'python' } },
      },
      'is of an app for python',
    ],
  ])('%s: refused, with the file', (_, files, message) => {
    expect(() => readApp(fresh(files), {}, {})).toThrow(message);
  });
});

describe('the topology file', () => {
  test('is that of the project, too', () => {
    const file = path.join(import.meta.dirname, '../../../infra/topology.json');
    const { serviceBus, subscriptions, tables } = readTopology(file);
    expect(serviceBus.queues.map(({ name }) => name)).toContain('changes');
    expect(subscriptions.map((one) => one.function)).toContain('fanOut');
    expect(tables).toContain('namespace');
  });

  test.each([
    ['no JSON', '{', 'topology_invalid'],
    ['a queue that makes no sense', { serviceBus: { queues: [{ name: 'q', lockDuration: 'x' }] } }, 'topology_invalid'],
    ['a misspelt filter', grid({ endpoint: 'http://x/', subjectBeginWith: '/a' }), 'subjectBeginWith'],
    [
      'an unknown operator',
      grid({ endpoint: 'http://x/', advancedFilters: [{ operatorType: 'Is', key: 'a' }] }),
      'oper',
    ],
    ['a queue that is not there', grid({ queue: 'nowhere' }), 'goes to nowhere'],
    ['no address', grid({}), 'needs one of function, endpoint, queue and topic'],
    ['two addresses', grid({ endpoint: 'http://x/', function: 'f' }), 'needs one of'],
  ])('%s: refused, with the place', (_, content, message) => {
    const file = path.join(fresh({ 'topology.json': content }), 'topology.json');
    let refusal = '';
    try {
      readTopology(file);
    } catch (error) {
      refusal = `${(error as { code: string }).code} ${String(error)}`;
    }
    expect(refusal).toMatch(/^topology_invalid/);
    expect(refusal).toContain(message);
  });

  function grid(subscription: object): object {
    return { eventGrid: { topic: 't', subscriptions: [{ name: 's', ...subscription }] } };
  }

  test('may name functions only where an app runs', async () => {
    const data = fresh();
    const subscriptions = [{ name: 's', function: 'f' }];
    const options = {
      data,
      services: new Set(['eventgrid'] as const),
      topology: { ...emptyTopology, subscriptions },
      timeScale: 1,
      environment: {},
      log: () => silent,
    };
    await expect(startStack(options)).rejects.toMatchObject({ code: 'topology_invalid', path: 's' });
    writeFileSync(path.join(data, 'hub.json'), '{}');
    await expect(startStack(options)).rejects.toMatchObject({ code: 'data_of_hub' });
  });
});

describe('ports', () => {
  const host = '127.0.0.1';

  test('follow each other from the one that is told', async () => {
    const { ports, any } = await choosePorts(fresh(), host, ['tables', 'servicebus', 'https'], 4000);
    expect([ports, any]).toEqual([{ tables: 4000, servicebus: 4001, https: 4002 }, false]);
  });

  test('are free ones, each another, and the same at the next start', async () => {
    const data = fresh();
    const first = await choosePorts(data, host, ['files', 'tables'], undefined);
    expect(first.any).toBe(true);
    expect(new Set(Object.values(first.ports)).size).toBe(2);
    keepPorts(data, first.ports);
    const more = await choosePorts(data, host, ['files', 'eventgrid'], undefined);
    expect(more.any).toBe(false);
    expect(more.ports.files).toBe(first.ports.files);
    expect(Object.values(first.ports)).not.toContain(more.ports.eventgrid);
    keepPorts(data, more.ports);
    const all = await choosePorts(data, host, ['files', 'tables', 'eventgrid'], undefined);
    expect(all.ports).toEqual({ ...first.ports, ...more.ports });
  });
});

test('a temporary folder: those of killed processes are taken away, those in use and those just made are not', () => {
  const parent = fresh();
  const old = ['dead', 'held', 'other'].map((name) => path.join(parent, `tideway-local-${name}`));
  old[2] = path.join(parent, 'other');
  const [dead = '', held = '', other = ''] = old;
  for (const folder of old) mkdirSync(folder);
  const lock = lockData(held);
  for (const folder of old) utimesSync(folder, 0, 0);
  const first = temporaryFolder(Date.now(), parent);
  const second = temporaryFolder(Date.now(), parent);
  expect([dead, held, other, first, second].map((folder) => existsSync(folder))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
  lock.release();
});
