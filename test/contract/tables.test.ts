import { startTables } from '../../lib/local/tables/service.ts';
import { tableContract } from './tables/contract.ts';
import { elsewhere } from './tables/elsewhere.ts';

tableContract('the embedded Table service', async () => {
  const account = { name: 'contract', key: Buffer.alloc(64, 7).toString('base64') };
  const service = await startTables({ file: ':memory:', account });
  return { url: service.url, account, stop: () => service.stop() };
});

const other = elsewhere();
if (other !== undefined) tableContract(other.name, () => Promise.resolve(other.endpoint), other);
