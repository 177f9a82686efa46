// Every form of a fault, on the services themselves, asked for over the loopback port as a test in another process does.
import { TableClient } from '@azure/data-tables';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { ServiceBusClient } from '@azure/service-bus';
import { type ShareClient, ShareServiceClient } from '@azure/storage-file-share';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventGridService, startEventGrid } from '../../lib/local/event-grid/service.ts';
import { type FaultAdmin, startFaultAdmin } from '../../lib/local/faults/admin.ts';
import { Switchboard } from '../../lib/local/faults/switchboard.ts';
import { type FileService, startFiles } from '../../lib/local/files/service.ts';
import { type ServiceBusService, startServiceBus } from '../../lib/local/service-bus/start.ts';
import { expandTopology } from '../../lib/local/service-bus/topology.ts';
import { type TableService, startTables } from '../../lib/local/tables/service.ts';
import { empty, receive } from '../local/service-bus/support.ts';
import { type Endpoint, startEndpoint, validating } from '../support/apps/endpoint.ts';

jest.setTimeout(30_000);

const account = { name: 'tideway', key: Buffer.from('a key of the account').toString('base64') };
const access = { name: 'Root', key: Buffer.from('a key of thirty-two bytes, or so').toString('base64') };
const topic = { name: 'tideway', key: Buffer.from('a key of the topic, of 32 bytes.').toString('base64') };
const noRetry = { retryOptions: { maxTries: 1, maxRetries: 0 } };

const board = new Switchboard(1);
const killed: string[] = [];
let admin: FaultAdmin;
let [tables, files, bus, grid, hook] = [] as unknown as [
  TableService,
  FileService,
  ServiceBusService,
  EventGridService,
  Endpoint,
];
let table: TableClient;
let share: ShareClient;
let client: ServiceBusClient;

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fault-switches-'));
  hook = await startEndpoint(validating(() => ({ status: 200 })));
  tables = await startTables({ file: join(dir, 'tables.db'), account, faults: board.of('tables') });
  files = await startFiles({ dir: join(dir, 'files'), account, faults: board.of('files') });
  bus = await startServiceBus({
    file: join(dir, 'bus.db'),
    keys: [access],
    topology: expandTopology({ queues: [{ name: 'changes' }], topics: [] }),
    faults: board.of('service-bus'),
  });
  grid = await startEventGrid({
    file: join(dir, 'events.db'),
    topic,
    subscriptions: [{ name: 'fan-out', endpoint: hook.url }],
    faults: board.of('event-grid'),
  });
  Object.assign(board.targets, {
    files,
    serviceBus: bus,
    eventGrid: grid,
    crash: (name: string) => name === 'functions' && killed.push(name) > 0,
  });
  admin = await startFaultAdmin(board, 'the token');
  const connection = `DefaultEndpointsProtocol=http;AccountName=${account.name};AccountKey=${account.key};TableEndpoint=${tables.url};FileEndpoint=${files.url};`;
  table = TableClient.fromConnectionString(connection, 'things', { allowInsecureConnection: true, ...noRetry });
  share = ShareServiceClient.fromConnectionString(connection, noRetry).getShareClient('team');
  await table.createTable();
  await share.create();
  client = new ServiceBusClient(
    `Endpoint=sb://localhost:${bus.port};SharedAccessKeyName=${access.name};SharedAccessKey=${access.key};UseDevelopmentEmulator=true`,
    { retryOptions: { maxRetries: 0 } },
  );
});

afterAll(async () => {
  await client.close();
  for (const one of [admin, grid, bus, files, tables, hook]) await one.stop();
});

const ask = (method: string, body?: unknown, token = 'the token'): Promise<Response> =>
  fetch(admin.url, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
async function set(...described: object[]): Promise<void> {
  const response = await ask('POST', described);
  if (response.status !== 200) throw new Error(await response.text());
}
afterEach(async () => {
  expect((await ask('DELETE')).status).toBe(200);
});

const upsert = (n: number): Promise<unknown> => table.upsertEntity({ partitionKey: 'p', rowKey: 'r', n });
const stored = async (): Promise<unknown> => (await table.getEntity('p', 'r'))['n'];

describe('tables', () => {
  test('a refusal before the act, a lost answer after it, and a chance', async () => {
    await upsert(1);
    const line = '^PATCH .*things';
    await set({ on: 'tables', line, fault: { kind: 'status', status: 429, code: 'TooManyRequests', when: 'before' } });
    await expect(upsert(2)).rejects.toMatchObject({ statusCode: 429 });
    expect(await stored()).toBe(1);
    await set({ on: 'tables', line, fault: { kind: 'drop', when: 'after' } });
    await expect(upsert(3)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await stored()).toBe(3);
    const fault = { kind: 'status', status: 500, code: 'OperationTimedOut', when: 'after' };
    await set({ on: 'tables', line, fault, chance: 0.5, times: 'always' });
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => upsert(4)));
    expect(new Set(outcomes.map(({ status }) => status)).size).toBe(2);
  });

  test('a process killed when its request was applied', async () => {
    await set({ on: 'tables', line: 'things', fault: { kind: 'crash', process: 'functions', when: 'after' } });
    await expect(upsert(5)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([await stored(), killed]).toEqual([5, ['functions']]);
  });
});

describe('files', () => {
  test('a path held over SMB, until it is released', async () => {
    const file = share.rootDirectoryClient.getFileClient('held');
    await file.create(1);
    const held = { on: 'files', share: 'team', path: 'held' };
    await set({ ...held, do: 'hold' });
    await expect(file.delete()).rejects.toMatchObject({ code: 'SharingViolation' });
    await set({ ...held, do: 'release' });
    await file.delete();
  });

  test('all faults gone: what was held is released', async () => {
    const file = share.rootDirectoryClient.getFileClient('held');
    await file.create(1);
    await set({ on: 'files', share: 'team', path: 'held', do: 'hold' });
    expect((await ask('DELETE')).status).toBe(200);
    await file.delete();
  });
});

describe('Service Bus', () => {
  test('paused, twice, and with its locks lost', async () => {
    const entity = { on: 'service-bus', entity: 'changes' };
    const receiver = client.createReceiver('changes');
    await set({ ...entity, do: 'pause' });
    await client.createSender('changes').sendMessages({ body: 1 });
    expect(await empty(receiver)).toBe(true);
    await set({ ...entity, do: 'resume' }, { ...entity, do: 'duplicate' });
    const [first, second] = await receive(receiver, 2);
    expect(first!.sequenceNumber!.equals(second!.sequenceNumber!)).toBe(true);
    await set({ ...entity, do: 'lose-locks' });
    await expect(receiver.completeMessage(second!)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await receiver.close();
  });
});

test('Event Grid: paused deliveries', async () => {
  const publisher = new EventGridPublisherClient(grid.url, 'CloudEvent', new AzureKeyCredential(topic.key), {
    allowInsecureConnection: true,
  });
  await set({ on: 'event-grid', subscription: 'fan-out', do: 'pause' });
  await publisher.send([{ id: 'a', type: 'T', source: 's', data: {} }]);
  expect(grid.pending()).toBe(1);
  await ask('DELETE');
  while (grid.pending() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
});

describe('the port', () => {
  test('wants its token', async () => {
    expect((await ask('GET', undefined, 'another')).status).toBe(401);
    expect((await ask('POST', {}, '')).status).toBe(401);
  });

  test('tells how many exchanges met a fault', async () => {
    const struck = async (): Promise<number> => {
      const told = (await (await ask('GET')).json()) as { struck: Record<string, number> };
      return told.struck['tables'] ?? NaN;
    };
    const before = await struck();
    await set({ on: 'tables', line: 'things', fault: { kind: 'drop', when: 'before' }, times: 2 });
    for (const n of [1, 2]) await expect(upsert(n)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await upsert(3);
    expect(await struck()).toBe(before + 2);
  });

  test.each([
    ['a wrong pattern', { on: 'files', line: '(', fault: { kind: 'duplicate' } }],
    ['an unknown service', { on: 'queues', line: '.', fault: { kind: 'duplicate' } }],
    ['an unknown word', { on: 'files', line: '.', fault: { kind: 'duplicate' }, once: true }],
    ['a chance above one', { on: 'files', line: '.', fault: { kind: 'duplicate' }, chance: 2 }],
    ['a process that is not there', { on: 'process', process: 'hub', do: 'crash' }],
  ])('refuses %s', async (_, described) => {
    const response = await ask('POST', described);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'fault_invalid' } }]);
  });
});
