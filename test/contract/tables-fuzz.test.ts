// Whatever is asked, it is answered with something else than an error of the service, which goes on and keeps what it has.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { startTables, type TableService } from '../../lib/local/tables/service.ts';
import { throwNonsense } from '../local/tables/fuzz.ts';
import { options } from './tables/suite.ts';

const account = { name: 'fuzz', key: Buffer.alloc(64, 4).toString('base64') };
const seed = Number(process.env['TIDEWAY_SEED'] ?? 20_261_126);
let service: TableService;
beforeAll(async () => {
  service = await startTables({ file: ':memory:', account });
});
afterAll(() => service.stop());

test(`spoilt requests (TIDEWAY_SEED=${seed})`, async () => {
  const credential = new AzureNamedKeyCredential(account.name, account.key);
  const [kept, fuzzed] = ['kept', 'Fuzzed'].map((name) => new TableClient(service.url, name, credential, options));
  for (const client of [kept!, fuzzed!]) await client.createTable();
  await kept!.createEntity({ partitionKey: 'p', rowKey: 'r', v: 1 });
  const statuses = await throwNonsense(service.url, account, seed, 400);
  expect([...statuses.keys()].filter((status) => status >= 500 && status !== 501)).toEqual([]);
  // Some of it was sound enough to be done.
  for (const status of [200, 204, 400, 404])
    expect([status, statuses.get(status)]).toEqual([status, expect.any(Number)]);
  expect(await kept!.getEntity('p', 'r')).toMatchObject({ v: 1 });
  await kept!.updateEntity({ partitionKey: 'p', rowKey: 'r', v: 2 }, 'Replace');
  expect(await kept!.getEntity('p', 'r')).toMatchObject({ v: 2 });
});
