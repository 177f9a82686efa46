// The embedded services for other projects: `tideway local` as a process, the official clients, and an app that is not ours.
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { TableClient } from '@azure/data-tables';
import { ServiceBusClient } from '@azure/service-bus';
import { ShareServiceClient } from '@azure/storage-file-share';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { untilNoneRuns } from './support/processes.ts';
import { until } from './support/wait.ts';
import { type Ran, Workspace } from './support/workspace.ts';

const app = path.join(import.meta.dirname, '../support/apps/foreign');
const shop = ['--app', app, '--topology', path.join(app, 'topology.json')];
const insecure = { allowInsecureConnection: true };

let space: Workspace;

/** Below the range that the kernel gives away, so that nobody takes it while nothing listens there. */
const fixedPort = (): number => 20_000 + 10 * Math.floor(1_000 * Math.random());

beforeEach(() => {
  space = new Workspace();
});

afterEach(() => space.dispose(), 30_000);

interface Local {
  readonly settings: Readonly<Record<string, string>>;
  readonly url: string;
  readonly out: { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<Ran>;
  kill(signal: NodeJS.Signals): void;
}

async function start(...args: readonly string[]): Promise<Local> {
  const { child, out, ended } = space.begin('local', ...args);
  const url = await Promise.race([
    until('the line "ready"', 60_000, () => /^ready (\S+)$/m.exec(out.stdout)?.[1]),
    ended.then(({ code, stderr }) => {
      throw new Error(`tideway local ended with ${code}: ${stderr}`);
    }),
  ]);
  const [first = ''] = out.stdout.split('\n');
  const settings = args.includes('--json')
    ? (JSON.parse(first) as Record<string, string>)
    : Object.fromEntries([...out.stdout.matchAll(/^([A-Z_]+)="(.*)"$/gm)].map(([, name, value]) => [name, value]));
  return { settings, url, out, ended, kill: (signal) => child.kill(signal) };
}

const ledgerOf = ({ settings }: Local): TableClient =>
  TableClient.fromConnectionString(settings['AZURE_STORAGE_CONNECTION_STRING'] ?? '', 'ledger', insecure);

async function rowOf(local: Local, what: string, order: string): Promise<Record<string, unknown>> {
  return until(`order ${order} ${what}`, 60_000, () =>
    ledgerOf(local)
      .getEntity(what, order)
      .catch(() => undefined),
  );
}

const order = (local: Local, id: number, body: object): Promise<Response> =>
  fetch(`${local.url}/v1/orders/${id}`, { method: 'POST', body: JSON.stringify(body) });

const pack = (local: Local, id: string): Promise<Response> =>
  fetch(`${local.url}/v1/packing/${id}`, { method: 'POST' });

describe("somebody else's functions app", () => {
  test('runs unchanged: HTTP to queue to table, events to a function, keys, its settings', async () => {
    const local = await start(...shop, '--data', space.data);
    const { settings } = local;
    const response = await order(local, 7, { failing: true });
    expect([response.status, await response.json()]).toEqual([
      202,
      { id: '7', topic: settings['EVENTGRID_TOPIC_ENDPOINT'] },
    ]);
    expect(await rowOf(local, 'billed', '7')).toMatchObject({ attempts: '3' });
    expect(local.out.stderr).toMatch(/^\[info\] Function\.order\.User: order 7$/m);
    expect(local.out.stderr).toContain('no paper in the printer');

    const key = new AzureKeyCredential(settings['EVENTGRID_TOPIC_KEY'] ?? '');
    const topic = new EventGridPublisherClient(settings['EVENTGRID_TOPIC_ENDPOINT'] ?? '', 'EventGrid', key, insecure);
    await topic.send([{ eventType: 'Shop.Shipped', subject: '7', dataVersion: '1', data: {} }]);
    await rowOf(local, 'shipped', '7');

    const ship = (id: string) => fetch(`${local.url}/v1/shipments/${id}`, { method: 'POST' });
    expect((await ship('8')).status).toBe(202);
    for (const id of ['8', '8-again']) await rowOf(local, 'shipped', id);
    // Refused by the topic: the function has failed.
    expect((await ship('bad')).status).toBe(500);

    expect((await fetch(`${local.url}/v1/secret`)).status).toBe(401);
    const opened = await fetch(`${local.url}/v1/secret?code=${settings['FUNCTIONS_KEY']}`);
    expect(await opened.text()).toBe('told');
    local.kill('SIGTERM');
    expect(await local.ended).toMatchObject({ code: 0, signal: null });
  }, 120_000);

  test('killed with -9 goes on at the next start where it was, at the same addresses', async () => {
    // What a killed host had begun is begun again after 300 s, which are 1.5 s here.
    const quick = [...shop, '--data', space.data, '--time-scale', '0.005'];
    const first = await start(...quick, '--port', String(fixedPort()));
    expect((await order(first, 1, {})).status).toBe(202);
    await rowOf(first, 'billed', '1');
    const links = (await (await pack(first, 'p1')).json()) as Readonly<Record<string, string>>;
    first.kill('SIGKILL');
    await first.ended;
    await untilNoneRuns(space.data, 5_000);
    const again = await start(...quick, '--json');
    const asBefore = { ...first.settings, AZURE_FILES_TOKEN: expect.any(String) as unknown };
    expect(again.settings).toEqual(asBefore);
    await rowOf(again, 'billed', '1');
    expect((await order(again, 2, {})).status).toBe(202);
    await rowOf(again, 'billed', '2');
    const told = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '"Paris"' };
    await fetch((links['sendEventPostUri'] ?? '').replace('{eventName}', 'address'), told);
    const output = await until('the orchestration to end', 60_000, async () => {
      const status = (await (await fetch(links['statusQueryGetUri'] ?? '')).json()) as Record<string, unknown>;
      return status['runtimeStatus'] === 'Completed' && status['output'];
    });
    expect(output).toEqual({ left: 9, label: 'to Paris' });
    // Told twice it does not wait for what runs.
    again.kill('SIGINT');
    again.kill('SIGTERM');
    expect((await again.ended).code).toBe(0);
  }, 120_000);
});

/** As somebody, which the official client does over https alone. */
async function sharesByHttps(settings: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const token = settings['AZURE_FILES_TOKEN'] ?? '';
  const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const ca = readFileSync(settings['AZURE_FILES_CERTIFICATE'] ?? '', 'utf8');
  const options: object = { tlsOptions: { ca }, fileRequestIntent: 'backup' };
  const service = new ShareServiceClient(settings['AZURE_FILES_HTTPS_URL'] ?? '', credential, options);
  await service.getShareClient('more').createIfNotExists();
  const names: string[] = [];
  for await (const { name } of service.listShares()) names.push(name);
  return names;
}

test('a hub serves Azure Files by https, where it is told to', async () => {
  const port = fixedPort();
  mkdirSync(space.site('a'));
  const args = ['--data', space.data, '--site', `a=${space.site('a')}`, '--https-port', String(port)];
  const { out } = space.begin('up', ...args);
  await until('the hub', 60_000, () => out.stdout.includes('ready '));
  const settings = await space.settings();
  expect(settings['AZURE_FILES_HTTPS_URL']).toBe(`https://127.0.0.1:${port}/tideway`);
  expect(await sharesByHttps(settings)).toEqual(['default', 'more']);
}, 120_000);

describe('the services alone', () => {
  test('are those that were asked for, at the ports from --port on; their state goes away with them', async () => {
    const port = fixedPort();
    space.env['TMPDIR'] = space.dir;
    const temporaries = (): readonly string[] =>
      readdirSync(space.dir).filter((name) => name.startsWith('tideway-local-'));
    const local = await start(
      '--only',
      'servicebus',
      '--port',
      String(port),
      '--topology',
      path.join(app, 'topology.json'),
    );
    expect(Object.keys(local.settings)).toEqual(['SERVICEBUS_CONNECTION_STRING']);
    expect(local.url).toBe(`http://127.0.0.1:${port}`);
    const client = new ServiceBusClient(local.settings['SERVICEBUS_CONNECTION_STRING'] ?? '');
    await client.createSender('orders').sendMessages({ body: 'one' });
    const [message] = await client.createReceiver('orders').receiveMessages(1);
    expect(message?.body).toBe('one');
    await client.close();
    expect(temporaries()).toHaveLength(1);
    local.kill('SIGTERM');
    expect((await local.ended).code).toBe(0);
    expect(temporaries()).toEqual([]);
  }, 120_000);

  test('serve Azure Files by https too, under a certificate of their own', async () => {
    const local = await start('--only', 'files', '--data', space.data, '--topology', path.join(app, 'topology.json'));
    const { settings } = local;
    expect(await sharesByHttps(settings)).toEqual(['invoices', 'more']);
    local.kill('SIGTERM');
    expect((await local.ended).code).toBe(0);
  }, 120_000);
});

test("the example for another project's jest, as it stands in the documentation", async () => {
  const docs = readFileSync(path.join(import.meta.dirname, '../../docs/emulators.md'), 'utf8');
  const [, begin = '', end = ''] =
    /\/\/ test\/azure\.js\n([^]*?)\/\/ test\/azure-stop\.js\n([^]*?)```/.exec(docs) ?? [];
  const folder = path.join(space.dir, 'test');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'topology.json'), JSON.stringify({ serviceBus: { queues: [{ name: 'orders' }] } }));
  writeFileSync(path.join(folder, 'azure.cjs'), begin);
  writeFileSync(path.join(folder, 'azure-stop.cjs'), end);
  const suite = `
    await (await import('${folder}/azure.cjs')).default();
    console.log(process.env.SERVICEBUS_CONNECTION_STRING);
    await (await import('${folder}/azure-stop.cjs')).default();
    console.log('stopped with', globalThis.azure.exitCode);`;
  const bin = path.join(import.meta.dirname, '../../bin');
  const { NODE_OPTIONS: _options, ...env } = { ...process.env, ...space.env };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', suite], {
    cwd: space.dir,
    env: { ...env, PATH: `${bin}:${process.env['PATH']}` },
  });
  expect(stdout).toMatch(/^Endpoint=sb:.*\nstopped with 0\n$/);
}, 120_000);
