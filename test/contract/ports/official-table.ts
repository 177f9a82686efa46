// Table `namespace` through the official client: the witness that the bare REST of lib/azure/rest/tables.ts is held against.
import { RestError, type TableClient, type TransactionAction } from '@azure/data-tables';
import { RowConflict, type Row, type Table, type Write } from '../../../lib/cloud/ports.ts';
import { columns, valueOf } from '../../../lib/azure/columns.ts';

interface Entity {
  partitionKey: string;
  rowKey: string;
  [column: string]: unknown;
}

export function tableOf(client: TableClient): Table {
  return {
    get: async (group, key) => {
      try {
        return rowOf(await client.getEntity<Entity>(group, key));
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    },
    range: async (group, from, to, limit) => {
      const filter = `PartitionKey eq ${literal(group)} and RowKey ge ${literal(from)} and RowKey lt ${literal(to)}`;
      const rows: Row[] = [];
      const pages = client
        .listEntities<Entity>({ queryOptions: { filter } })
        .byPage({ maxPageSize: Math.min(limit, 1000) });
      for await (const page of pages) {
        for (const entity of page) rows.push(rowOf(entity));
        if (rows.length >= limit) break;
      }
      return rows.slice(0, limit);
    },
    transact: async (group, writes) => transact(client, group, writes),
  };
}

async function transact(client: TableClient, group: string, writes: readonly Write[]): Promise<readonly string[]> {
  try {
    if (writes.some((write) => write.do === 'delete' && write.etag !== undefined))
      return await deleteEach(client, group, writes);
    const answer = await client.submitTransaction(writes.map((write) => actionOf(group, write)));
    return writes.map((_write, index) => answer.subResponses[index]?.etag ?? '');
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return withoutMissing(client, group, writes, error);
    if (status === 409 || status === 412) throw new RowConflict(String(error), { cause: error });
    throw error;
  }
}

/** The client's transactions know no delete with an ETag: such deletes go one by one, in order, and alone. */
async function deleteEach(client: TableClient, group: string, writes: readonly Write[]): Promise<readonly string[]> {
  for (const write of writes) {
    if (write.do !== 'delete') throw new Error('broken invariant: a delete with an ETag goes with deletes only');
    await client.deleteEntity(group, write.key, { etag: write.etag ?? '*' });
  }
  return writes.map(() => '');
}

/** Azure refuses the whole when a row to delete is not there; for us a delete without an ETag is then done already. */
async function withoutMissing(
  client: TableClient,
  group: string,
  writes: readonly Write[],
  error: unknown,
): Promise<readonly string[]> {
  const table = tableOf(client);
  const missing = new Set<string>();
  for (const write of writes)
    if (write.do === 'delete' && write.etag === undefined && (await table.get(group, write.key)) === undefined)
      missing.add(write.key);
  if (missing.size === 0) throw new RowConflict(String(error), { cause: error });
  const left = writes.filter((write) => !missing.has(write.key));
  const etags = left.length === 0 ? [] : [...(await transact(client, group, left))];
  return writes.map((write) => (missing.has(write.key) ? '' : (etags.shift() ?? '')));
}

function actionOf(group: string, write: Write): TransactionAction {
  const keys = { partitionKey: group, rowKey: write.key };
  switch (write.do) {
    case 'insert':
      return ['create', { ...keys, ...columns(write.value) }];
    case 'put':
      return ['upsert', { ...keys, ...columns(write.value) }, 'Replace'];
    case 'replace':
      return ['update', { ...keys, ...columns(write.value) }, 'Replace', { etag: write.etag }];
    case 'delete':
      return ['delete', keys];
    default:
      throw new Error('broken invariant: no such write');
  }
}

function rowOf(entity: Entity & { etag?: string | undefined }): Row {
  return { key: entity.rowKey, etag: entity.etag ?? '', value: valueOf(entity) };
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof RestError ? error.statusCode : undefined;
}
