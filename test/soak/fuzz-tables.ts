// Nonsense for the Table service, for MINUTES (5 unless told) from SEED on: node test/soak/fuzz-tables.ts
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { startTables } from '../../lib/local/tables/service.ts';
import { throwNonsense } from '../local/tables/fuzz.ts';

const minutes = Number(process.env['MINUTES'] ?? 5);
let seed = Number(process.env['SEED'] ?? Date.now());
const account = { name: 'fuzz', key: Buffer.alloc(64, 4).toString('base64') };
const errors: unknown[] = [];
const log = { error: (...told: unknown[]) => void errors.push(told), warn() {}, info() {}, debug() {} };
const service = await startTables({ file: ':memory:', account, log });
const credential = new AzureNamedKeyCredential(account.name, account.key);
const kept = new TableClient(service.url, 'kept', credential, { allowInsecureConnection: true });
await kept.createTable();
const end = performance.now() + minutes * 60_000;
for (let round = 0; performance.now() < end; round++, seed++) {
  await kept.upsertEntity({ partitionKey: 'p', rowKey: 'r', round }, 'Replace');
  const statuses = await throwNonsense(service.url, account, seed, 2000);
  if (errors.length > 0) throw new Error(`seed ${seed}: ${JSON.stringify(errors[0])}`, { cause: errors[0] });
  const found = await kept.getEntity<{ round: number }>('p', 'r');
  if (found.round !== round) throw new Error(`seed ${seed}: expected ${round}, got ${found.round}`);
  const memory = Math.round(process.memoryUsage().rss / 1024 / 1024);
  if (round % 10 === 0)
    process.stdout.write(`round ${round}, seed ${seed}: alive, ${memory} MB, ${JSON.stringify([...statuses])}\n`);
}
await service.stop();
process.stdout.write('done\n');
