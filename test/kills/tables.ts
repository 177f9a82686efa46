import { TableClient, type TransactionAction } from '@azure/data-tables';
import { Victim, fixedPort, lanes, must, torture } from './victim.ts';

const rows = 20;

/** Rows alone and transactions: what was acknowledged is there, a transaction whole or not at all. */
export async function killTables(dir: string, kills: number, load: number): Promise<number> {
  const victim = new Victim({ dir, port: fixedPort(3), args: ['--only', 'tables'] });
  const accepted = new Set<string>();
  const clientOf = (): TableClient =>
    TableClient.fromConnectionString(victim.settings['AZURE_STORAGE_CONNECTION_STRING'] ?? '', 'kills', {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 0 },
    });
  const write = lanes(6, async (lane, n) => {
    const client = clientOf();
    const partitionKey = `${lane}-${n}`;
    if (n === 0) await client.createTable();
    const row = (index: number): TransactionAction => ['create', { partitionKey, rowKey: String(index), n }];
    if (lane < 4) await client.upsertEntity({ partitionKey, rowKey: '0', n });
    else await client.submitTransaction(Array.from({ length: rows }, (_, index) => row(index)));
    accepted.add(partitionKey);
  });
  const verify = async (): Promise<void> => {
    const found = new Map<string, number>();
    for await (const { partitionKey = '' } of clientOf().listEntities())
      found.set(partitionKey, (found.get(partitionKey) ?? 0) + 1);
    const lost = [...accepted].filter((key) => !found.has(key));
    must(lost.length === 0, 'acknowledged, and not there', lost);
    const torn = [...found].filter(([key, count]) => count !== (Number(key[0]) < 4 ? 1 : rows));
    must(torn.length === 0, 'transactions in part', torn);
  };
  return torture(victim, { ...write, acknowledged: () => accepted.size, verify }, kills, load);
}
