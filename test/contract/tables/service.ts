import { describe, expect } from '@jest/globals';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { connectionString, namesOf, options, pad, range, refuses, type Suite } from './suite.ts';

export function servicePromises({ promise, freshTable, endpoint, service, tableName }: Suite): void {
  describe('the service', () => {
    promise('keeps its properties, and those that a request leaves out', async () => {
      const off = { enabled: false };
      const on = { version: '1.0', enabled: true, includeAPIs: true, retentionPolicy: { enabled: true, days: 7 } };
      const rule = {
        allowedOrigins: 'https://a.example,https://b.example',
        allowedMethods: 'GET,PUT',
        allowedHeaders: 'x-ms-meta-*',
        exposedHeaders: '*',
        maxAgeInSeconds: 60,
      };
      const logging = { version: '1.0', delete: true, read: false, write: true, retentionPolicy: off };
      await service().setProperties({ logging, hourMetrics: on, minuteMetrics: { ...on, retentionPolicy: off } });
      await service().setProperties({ cors: [rule] });
      const found = await service().getProperties();
      expect(found).toMatchObject({ logging, hourMetrics: on, cors: [rule] });
      await service().setProperties({
        hourMetrics: { version: '1.0', enabled: false, retentionPolicy: off },
        cors: [],
      });
      const { logging: kept, hourMetrics, cors } = await service().getProperties();
      expect([kept?.delete, hourMetrics?.enabled, cors ?? []]).toEqual([true, false, []]);
    });

    promise('refuses properties that make no sense', async () => {
      const retentionPolicy = { enabled: true, days: 366 };
      const hourMetrics = { version: '1.0', enabled: false, retentionPolicy };
      await refuses(service().setProperties({ hourMetrics }), 400);
      const rule = {
        allowedOrigins: '*',
        allowedMethods: 'GET',
        allowedHeaders: '',
        exposedHeaders: '',
        maxAgeInSeconds: 1,
      };
      await refuses(service().setProperties({ cors: range(6).map(() => rule) }), 400);
    });

    promise('tells how far its copy is', async () => {
      expect(await service().getStatistics()).toMatchObject({ geoReplication: { status: 'live' } });
    });

    promise('creates and deletes tables, twice without complaint', async () => {
      const name = tableName();
      for (const _ of range(2)) await service().createTable(name);
      expect(await namesOf(service())).toContain(name);
      for (const _ of range(2)) await service().deleteTable(name);
      expect(await namesOf(service())).not.toContain(name);
    });

    promise('lists tables in pages that join without gap', async () => {
      const stem = tableName();
      const names = range(5).map((i) => `${stem}x${pad(i)}`);
      for (const name of names) await service().createTable(name);
      const filter = `TableName ge '${stem}x' and TableName lt '${stem}y'`;
      const listed = service().listTables({ queryOptions: { filter } });
      const first = await listed.byPage({ maxPageSize: 2 }).next();
      const { continuationToken = '' } = first.value as { continuationToken?: string };
      const namesIn = (page: readonly { readonly name?: string }[]): (string | undefined)[] =>
        page.map((item) => item.name);
      expect(namesIn(first.value)).toEqual(names.slice(0, 2));
      const rest: (string | undefined)[] = [];
      for await (const page of listed.byPage({ maxPageSize: 2, continuationToken })) rest.push(...namesIn(page));
      expect(rest).toEqual(names.slice(2));
    });

    promise('is found by its connection string', async () => {
      const { tableName: name } = await freshTable();
      const text = connectionString(endpoint());
      const client = TableClient.fromConnectionString(text, name, options);
      await client.createEntity({ partitionKey: 'p', rowKey: 'r' });
      expect(await client.getEntity('p', 'r')).toMatchObject({ rowKey: 'r' });
      expect(await namesOf(TableServiceClient.fromConnectionString(text, options))).toContain(name);
    });
  });
}
