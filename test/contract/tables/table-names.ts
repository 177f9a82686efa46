import { describe, expect } from '@jest/globals';
import { odata } from '@azure/data-tables';
import { collect, namesOf, refuses, type Suite } from './suite.ts';

export function tablePromises({ promise, freshTable, clientOf, service }: Suite): void {
  describe('tables', () => {
    promise('are created, listed and deleted', async () => {
      const client = await freshTable();
      expect(await namesOf(service())).toContain(client.tableName);
      await client.deleteTable();
      expect(await namesOf(service())).not.toContain(client.tableName);
    });

    promise('refuse a second table of the name, whatever the case', async () => {
      const client = await freshTable();
      let status = 0;
      await clientOf(client.tableName.toUpperCase()).createTable({ onResponse: (raw) => (status = raw.status) });
      expect(status).toBe(409);
    });

    promise('are found whatever the case', async () => {
      const client = await freshTable();
      await client.createEntity({ partitionKey: 'p', rowKey: 'r' });
      const shouted = clientOf(client.tableName.toUpperCase());
      expect((await shouted.getEntity('p', 'r')).rowKey).toBe('r');
    });

    promise('come back empty after deletion and creation', async () => {
      const client = await freshTable();
      await client.createEntity({ partitionKey: 'p', rowKey: 'r' });
      await client.deleteTable();
      await client.createTable();
      expect(await collect(client.listEntities())).toEqual([]);
    });

    promise('that are missing are named as such', async () => {
      const client = clientOf('nosuchtable');
      const entity = { partitionKey: 'p', rowKey: 'r' };
      await refuses(client.createEntity(entity), 404, 'TableNotFound');
      await refuses(client.getEntity('p', 'r'), 404, 'TableNotFound');
      await refuses(collect(client.listEntities()), 404, 'TableNotFound');
      await refuses(client.submitTransaction([['create', entity]]), 404, 'TableNotFound');
    });

    promise('are filtered by name', async () => {
      const client = await freshTable();
      const found = service().listTables({ queryOptions: { filter: odata`TableName eq ${client.tableName}` } });
      expect((await collect(found)).map((item) => item.name)).toEqual([client.tableName]);
    });
  });
}
