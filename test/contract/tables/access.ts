import { describe, expect } from '@jest/globals';
import {
  AzureNamedKeyCredential,
  AzureSASCredential,
  generateAccountSas,
  generateTableSas,
  RestError,
  TableClient,
  TableServiceClient,
} from '@azure/data-tables';
import { collect, namesOf, refuses, options, type Suite } from './suite.ts';

export function accessPromises({ promise, freshTable, endpoint, credential }: Suite): void {
  describe('authentication', () => {
    promise('refuses a wrong key', async () => {
      const { tableName } = await freshTable();
      const other = new AzureNamedKeyCredential(endpoint().account.name, Buffer.alloc(64, 1).toString('base64'));
      const client = new TableClient(endpoint().url, tableName, other, options);
      await refuses(client.getEntity('p', 'r'), 403);
    });

    promise('limits a table signature to its permissions', async () => {
      const owner = await freshTable();
      const entity = { partitionKey: 'p', rowKey: 'r' };
      await owner.createEntity(entity);
      const reader = signed(owner.tableName, { permissions: { query: true } });
      expect(await reader.getEntity('p', 'r')).toMatchObject(entity);
      expect(await collect(reader.listEntities())).toHaveLength(1);
      await refuses(reader.createEntity({ ...entity, rowKey: 'x' }), 403);
      await refuses(reader.upsertEntity(entity), 403);
      await refuses(reader.updateEntity(entity), 403);
      await refuses(reader.deleteEntity('p', 'r'), 403);
      await refuses(reader.submitTransaction([['upsert', entity]]), 403);
      const adder = signed(owner.tableName, { permissions: { add: true } });
      await adder.createEntity({ ...entity, rowKey: 'added' });
      await refuses(adder.getEntity('p', 'added'), 403);
    });

    promise('refuses a signature for another table, forged, expired or not yet valid', async () => {
      const one = await freshTable();
      const two = await freshTable();
      const sas = tableSas(one.tableName, { permissions: { query: true } });
      await refuses(withSas(two.tableName, sas).getEntity('p', 'r'), 403);
      await refuses(withSas(one.tableName, sas.replace('sp=r', 'sp=raud')).deleteEntity('p', 'r'), 403);
      const past = new Date(Date.now() - 60_000);
      const future = new Date(Date.now() + 60_000);
      await refuses(signed(one.tableName, { expiresOn: past }).getEntity('p', 'r'), 403);
      await refuses(signed(one.tableName, { startsOn: future }).getEntity('p', 'r'), 403);
    });

    promise('limits a signature to its addresses and its protocol', async () => {
      const owner = await freshTable();
      await owner.createEntity({ partitionKey: 'p', rowKey: 'r' });
      await refuses(
        signed(owner.tableName, { ipRange: { start: '10.0.0.1', end: '10.0.0.9' } }).getEntity('p', 'r'),
        403,
      );
      const https = signed(owner.tableName, { protocol: 'https' }).getEntity('p', 'r');
      if (endpoint().url.startsWith('https:')) expect(await https).toMatchObject({ rowKey: 'r' });
      else await refuses(https, 403);
    });

    promise('limits a table signature to its range of keys', async () => {
      const owner = await freshTable();
      for (const partitionKey of ['a', 'b', 'c'])
        for (const rowKey of ['1', '2', '3']) await owner.createEntity({ partitionKey, rowKey });
      const seenBy = async (values: SasValues): Promise<string> => {
        const client = signed(owner.tableName, values);
        const pages = await Promise.all([
          collect(client.listEntities()),
          collect(client.listEntities({ queryOptions: { filter: "RowKey ge '2'" } })),
        ]);
        return pages.map((page) => page.map((e) => `${e.partitionKey}${e.rowKey}`).join(' ')).join(', ');
      };
      const b = { startPartitionKey: 'b', endPartitionKey: 'b' };
      expect(await seenBy(b)).toBe('b1 b2 b3, b2 b3');
      expect(await seenBy({ ...b, startRowKey: '2' })).toBe('b2 b3, b2 b3');
      expect(await seenBy({ ...b, endRowKey: '2' })).toBe('b1 b2, b2');
      expect(await seenBy({ startPartitionKey: 'b', startRowKey: '3' })).toBe('b3 c1 c2 c3, b3 c2 c3');
      expect(await seenBy({ endPartitionKey: 'b', endRowKey: '1' })).toBe('a1 a2 a3 b1, a2 a3');
      const everything = { query: true, add: true, update: true, delete: true };
      const writer = signed(owner.tableName, { ...b, permissions: everything });
      await writer.upsertEntity({ partitionKey: 'b', rowKey: '4' }, 'Replace');
      await refuses(writer.upsertEntity({ partitionKey: 'c', rowKey: '4' }, 'Replace'), 403);
      await refuses(writer.deleteEntity('a', '1'), 403);
      await refuses(writer.submitTransaction([['delete', { partitionKey: 'a', rowKey: '1' }]]), 403);
      await expect(writer.getEntity('a', '1')).rejects.toBeInstanceOf(RestError);
    });

    promise('takes account signatures', async () => {
      const owner = await freshTable();
      await owner.createEntity({ partitionKey: 'p', rowKey: 'r' });
      const accountSas = (values: Parameters<typeof generateAccountSas>[1]): string =>
        generateAccountSas(credential(), { expiresOn: new Date(Date.now() + 600_000), ...values });
      const reading = accountSas({ permissions: { query: true }, resourceTypes: 'o', services: { table: true } });
      const reader = withSas(owner.tableName, reading);
      expect((await reader.getEntity('p', 'r')).rowKey).toBe('r');
      await refuses(reader.createEntity({ partitionKey: 'p', rowKey: 'x' }), 403);
      const lister = accountSas({ permissions: { list: true }, resourceTypes: 'c', services: { table: true } });
      const listing = new TableServiceClient(endpoint().url, new AzureSASCredential(lister), options);
      expect(await namesOf(listing)).toContain(owner.tableName);
      const blobs = accountSas({ permissions: { query: true }, resourceTypes: 'o', services: { blob: true } });
      await refuses(withSas(owner.tableName, blobs).getEntity('p', 'r'), 403);
    });

    promise('takes stored access policies', async () => {
      const owner = await freshTable();
      await owner.createEntity({ partitionKey: 'p', rowKey: 'r' });
      const expiry = new Date(Math.ceil(Date.now() / 1000) * 1000 + 600_000);
      await owner.setAccessPolicy([{ id: 'read<&>', accessPolicy: { expiry, permission: 'r' } }]);
      const policies = await owner.getAccessPolicy();
      expect(policies).toMatchObject([{ id: 'read<&>', accessPolicy: { expiry, permission: 'r' } }]);
      const sas = generateTableSas(owner.tableName, credential(), { identifier: 'read<&>' });
      const reader = withSas(owner.tableName, sas);
      expect((await reader.getEntity('p', 'r')).rowKey).toBe('r');
      await refuses(reader.deleteEntity('p', 'r'), 403);
      await owner.setAccessPolicy([]);
      await refuses(reader.getEntity('p', 'r'), 403);
    });
  });

  type SasValues = NonNullable<Parameters<typeof generateTableSas>[2]>;
  const tableSas = (table: string, values: SasValues): string =>
    generateTableSas(table, credential(), { permissions: { query: true }, ...values });
  const withSas = (table: string, sas: string): TableClient =>
    new TableClient(endpoint().url, table, new AzureSASCredential(sas), options);
  const signed = (table: string, values: SasValues): TableClient =>
    withSas(table, tableSas(table, { expiresOn: new Date(Date.now() + 600_000), ...values }));
}
