// A bad day, planted: what the client sees, and whether the write happened.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { Faults } from '../../lib/local/faults.ts';
import { startTables, type TableService } from '../../lib/local/tables/service.ts';
import { collect, options, range } from './tables/suite.ts';

const account = { name: 'faulty', key: Buffer.alloc(64, 5).toString('base64') };
const entity = { partitionKey: 'p', rowKey: 'r' };
const faults = new Faults();
let slept: number[] = [];
let service: TableService;
let client: TableClient;

beforeAll(async () => {
  const clock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: (ms: number) => Promise.resolve(void slept.push(ms)),
  };
  service = await startTables({ file: ':memory:', account, clock, faults });
});
afterAll(() => service.stop());

let tables = 0;
beforeEach(async () => {
  faults.clear();
  slept = [];
  const credential = new AzureNamedKeyCredential(account.name, account.key);
  client = new TableClient(service.url, `faulty${++tables}`, credential, options);
  await client.createTable();
});

describe('planted faults', () => {
  test('drop before: broken connection, nothing written', async () => {
    faults.add(/^POST .*\/faulty/, { kind: 'drop', when: 'before' });
    await expect(client.createEntity(entity)).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|REQUEST_SEND/),
    });
    expect(await collect(client.listEntities())).toEqual([]);
  });

  test('drop after: broken connection, written all the same', async () => {
    faults.add(/^POST .*\/faulty/, { kind: 'drop', when: 'after' });
    await expect(client.createEntity(entity)).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|REQUEST_SEND/),
    });
    expect(await collect(client.listEntities())).toHaveLength(1);
  });

  test('a status before or after, with its code', async () => {
    const busy = { kind: 'status', status: 503, code: 'ServerBusy' } as const;
    faults.add(/^POST .*\$batch$/, { ...busy, when: 'before' });
    await expect(client.submitTransaction([['create', entity]])).rejects.toMatchObject({
      statusCode: 503,
      code: 'ServerBusy',
    });
    expect(await collect(client.listEntities())).toEqual([]);
    faults.add(/^POST .*\$batch$/, { ...busy, when: 'after' });
    await expect(client.submitTransaction([['create', entity]])).rejects.toMatchObject({ statusCode: 503 });
    expect(await collect(client.listEntities())).toHaveLength(1);
  });

  test('a delay, on the clock that was passed in', async () => {
    faults.add(/^GET /, { kind: 'delay', ms: 60_000 });
    expect(await collect(client.listEntities())).toEqual([]);
    expect(slept).toEqual([60_000]);
  });
});

describe('counters', () => {
  test('tell requests, transactions, entities and commits', async () => {
    const before = { ...service.counters };
    await Promise.all(range(40).map((i) => client.upsertEntity({ ...entity, rowKey: `${i}` }, 'Replace')));
    await client.submitTransaction(range(7).map((i) => ['delete', { ...entity, rowKey: `${i}` }]));
    await expect(client.createEntity({ ...entity, rowKey: '39' })).rejects.toMatchObject({ statusCode: 409 });
    const { requests, transactions, entitiesWritten, commits } = service.counters;
    expect(requests - before.requests).toBe(42);
    expect(transactions - before.transactions).toBe(1);
    expect(entitiesWritten - before.entitiesWritten).toBe(47);
    // How many share one depends on what arrives together.
    expect(commits - before.commits).toBeGreaterThan(1);
    expect(commits - before.commits).toBeLessThanOrEqual(41);
  });
});
