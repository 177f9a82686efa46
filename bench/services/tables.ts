// Rates of the embedded Tables, through the official client: node bench/services/tables.ts [ROWS, 100000 unless told]
import { AzureNamedKeyCredential, TableClient, type TransactionAction } from '@azure/data-tables';
import { floor, key, rate, serve } from './served.ts';

const rows = Number(process.argv[2] ?? 100_000);
const service = await serve('tables');
const credential = new AzureNamedKeyCredential('bench', key);
const client = new TableClient(service.address, 'bench', credential, { allowInsecureConnection: true });
await client.createTable();
const text = 'x'.repeat(300);
const pad = (i: number): string => String(i).padStart(9, '0');
const partitions = 64;
const partition = (i: number): string => `p${i % partitions}`;

/** A transaction of 100 new entities, the `block`th. */
function transaction(block: number): TransactionAction[] {
  const partitionKey = partition(block);
  return Array.from({ length: 100 }, (_, i): TransactionAction => {
    const n = block * 100 + i;
    return ['create', { partitionKey, rowKey: pad(n), n, text, at: new Date(1_700_000_000_000 + n), big: BigInt(n) }];
  });
}

/** Several callers, each waiting for its own answer. */
async function parallel(callers: number, count: number, act: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const call = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: callers }, call));
}

await floor(500);
const steps = 5;
const blocks = Math.ceil(rows / 100 / steps);
for (let step = 0; step < steps; step++)
  await rate(service, `insert by 100, 4 callers, up to ${(step + 1) * blocks * 100} rows`, blocks * 100, () =>
    parallel(4, blocks, (i) => client.submitTransaction(transaction(step * blocks + i))),
  );
const known = (i: number): [string, string] => {
  const n = (i * 7919) % (steps * blocks * 100);
  return [partition(Math.floor(n / 100)), pad(n)];
};
await rate(service, 'upsert by 1, 1 caller', 500, () =>
  parallel(1, 500, (i) => client.upsertEntity({ partitionKey: 'single', rowKey: pad(i), text }, 'Replace')),
);
await rate(service, 'upsert by 1, 16 callers', 4000, () =>
  parallel(16, 4000, (i) => client.upsertEntity({ partitionKey: 'many', rowKey: pad(i), text }, 'Replace')),
);
await rate(service, 'get, 1 caller', 1000, () => parallel(1, 1000, (i) => client.getEntity(...known(i))));
await rate(service, 'get, 16 callers', 4000, () => parallel(16, 4000, (i) => client.getEntity(...known(i))));
await rate(service, 'range of 100 in a partition', 300, () =>
  parallel(1, 300, async (i) => {
    const [partitionKey, from] = known(i);
    const filter = `PartitionKey eq '${partitionKey}' and RowKey ge '${from}'`;
    await client.listEntities({ queryOptions: { filter } }).byPage({ maxPageSize: 100 }).next();
  }),
);
const walked = Math.min(steps * blocks * 100, 100_000);
await rate(service, 'walk in pages of 1,000', walked, async () => {
  let seen = 0;
  for await (const page of client.listEntities().byPage()) if ((seen += page.length) >= walked) break;
});
await service.stop();
