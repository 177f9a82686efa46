// What the Table service promises, asked through the official client: run against the embedded service and against
// Azurite, so that neither our reading of the documentation nor the emulator's is the only witness.
import { describe, expect, test, beforeAll, afterAll } from '@jest/globals';
import {
  AzureNamedKeyCredential,
  AzureSASCredential,
  generateAccountSas,
  generateTableSas,
  odata,
  RestError,
  TableClient,
  type TableEntity,
  TableServiceClient,
  type TransactionAction,
} from '@azure/data-tables';

export interface Endpoint {
  readonly url: string;
  readonly account: { readonly name: string; readonly key: string };
  stop(): Promise<void>;
}

/** `deviates`: names of tests that the other implementation is known not to pass, each with its reason at the caller. */
export function tableContract(name: string, start: () => Promise<Endpoint>, deviates: readonly string[] = []): void {
  describe(name, () => {
    let endpoint: Endpoint;
    let credential: AzureNamedKeyCredential;
    let tables = 0;
    const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
    const promise = (what: string, check: () => Promise<void>): void =>
      (deviates.includes(what) ? test.skip : test)(what, check);

    beforeAll(async () => {
      endpoint = await start();
      credential = new AzureNamedKeyCredential(endpoint.account.name, endpoint.account.key);
    });
    afterAll(() => endpoint.stop());

    const clientOf = (table: string): TableClient => new TableClient(endpoint.url, table, credential, options);
    const service = (): TableServiceClient => new TableServiceClient(endpoint.url, credential, options);
    const freshTable = async (): Promise<TableClient> => {
      const client = clientOf(`contract${++tables}`);
      await client.createTable();
      return client;
    };

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

    describe('entities', () => {
      promise('keep every type', async () => {
        const client = await freshTable();
        const when = new Date('2026-01-31T12:34:56.789Z');
        const entity = {
          partitionKey: 'types',
          rowKey: 'all',
          text: 'quote " backslash \\ line\nseparator \u2028 astral \u{1f600} half \ud83d',
          empty: '',
          yes: true,
          no: false,
          whole: -2_147_483_648,
          fraction: 0.1,
          tiny: 5e-324,
          large: 12_345_678_901,
          long: 9_223_372_036_854_775_807n,
          negative: -9_223_372_036_854_775_808n,
          when,
          guid: { type: 'Guid', value: '0A1B2C3D-0000-4000-8000-00000000ABCD' },
          bytes: new Uint8Array([0, 1, 127, 128, 255]),
          none: new Uint8Array(0),
          nothing: null,
        };
        await client.createEntity(entity);
        const found = await client.getEntity<Record<string, unknown>>('types', 'all');
        const { guid: _guid, bytes: _bytes, none: _none, nothing: _nothing, ...rest } = entity;
        expect(found).toMatchObject(rest);
        expect(found['guid']).toMatchObject({ type: 'Guid' });
        expect(String((found['guid'] as { value: string }).value).toLowerCase()).toBe(entity.guid.value.toLowerCase());
        expect([...(found['bytes'] as Uint8Array)]).toEqual([0, 1, 127, 128, 255]);
        expect((found['none'] as Uint8Array).length).toBe(0);
        expect('nothing' in found).toBe(false);
      });

      promise('keep Doubles that JSON cannot write', async () => {
        const client = await freshTable();
        const double = (value: string): { type: 'Double'; value: string } => ({ type: 'Double', value });
        const names = { nan: double('NaN'), up: double('Infinity'), down: double('-Infinity') };
        await client.createEntity({ partitionKey: 'p', rowKey: 'r', ...names });
        const found = await client.getEntity('p', 'r', { disableTypeConversion: true });
        expect(found).toMatchObject(names);
      });

      promise('keep a whole Double a Double', async () => {
        const client = await freshTable();
        await client.createEntity({ partitionKey: 'p', rowKey: 'r', whole: { type: 'Double', value: 5 } });
        await client.updateEntity({ partitionKey: 'p', rowKey: 'r', other: 1 }, 'Merge');
        let text = '';
        await client.getEntity('p', 'r', { onResponse: (raw) => (text = raw.bodyAsText ?? '') });
        expect(text).toMatch(/"whole":5\.0/);
      });

      promise('have Timestamp and ETag that move with each write', async () => {
        const client = await freshTable();
        const before = Date.now();
        const { etag: first } = await client.createEntity({ partitionKey: 'p', rowKey: 'r' });
        const { etag: second } = await client.upsertEntity({ partitionKey: 'p', rowKey: 'r' }, 'Replace');
        const found = await client.getEntity('p', 'r');
        expect(first).toMatch(/^W\/"datetime'\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A\d\d\.\d+Z'"$/);
        expect(second).not.toBe(first);
        expect(found.etag).toBe(second);
        expect(Math.abs(Date.parse(String(found.timestamp)) - before)).toBeLessThan(60_000);
      });

      promise('take any key that is not forbidden', async () => {
        const client = await freshTable();
        const keys = ['', "it's", 'a b', 'ü', '\u{1f600}', '%27', '{}', '(x),y=z', '+&;:@', '"', 'x'.repeat(512)];
        for (const key of keys) {
          await client.upsertEntity({ partitionKey: key, rowKey: key, key }, 'Replace');
          expect(await client.getEntity(key, key)).toMatchObject({ partitionKey: key, rowKey: key, key });
        }
        const found = await collect(client.listEntities());
        expect(new Set(found.map((entity) => entity.rowKey))).toEqual(new Set(keys));
        for (const key of keys) await client.deleteEntity(key, key);
        expect(await collect(client.listEntities())).toEqual([]);
      });

      promise('are inserted once', async () => {
        const client = await freshTable();
        await client.createEntity({ partitionKey: 'p', rowKey: 'r', v: 1 });
        await refuses(client.createEntity({ partitionKey: 'p', rowKey: 'r', v: 2 }), 409, 'EntityAlreadyExists');
        expect(await client.getEntity('p', 'r')).toMatchObject({ v: 1 });
      });

      promise('are merged or replaced by update and upsert', async () => {
        const client = await freshTable();
        const keys = { partitionKey: 'p', rowKey: 'r' };
        for (const write of ['updateEntity', 'upsertEntity'] as const) {
          await client.upsertEntity({ ...keys, a: 1, b: 'old', c: 3n }, 'Replace');
          await client[write]({ ...keys, b: 'new', d: true }, 'Merge');
          expect(plain(await client.getEntity('p', 'r'))).toEqual({ ...keys, a: 1, b: 'new', c: 3n, d: true });
          await client[write]({ ...keys, b: 'last' }, 'Replace');
          expect(plain(await client.getEntity('p', 'r'))).toEqual({ ...keys, b: 'last' });
        }
        await client.upsertEntity({ partitionKey: 'p', rowKey: 'merged', a: 1 }, 'Merge');
        expect(await client.getEntity('p', 'merged')).toMatchObject({ a: 1 });
      });

      promise('that are missing are not updated, deleted or found', async () => {
        const client = await freshTable();
        const entity = { partitionKey: 'p', rowKey: 'r' };
        await refuses(client.getEntity('p', 'r'), 404, 'ResourceNotFound');
        await refuses(client.updateEntity(entity, 'Merge'), 404, 'ResourceNotFound');
        await refuses(client.updateEntity(entity, 'Replace'), 404, 'ResourceNotFound');
        await refuses(client.deleteEntity('p', 'r'), 404, 'ResourceNotFound');
      });

      promise('are changed only under the ETag that was named', async () => {
        const client = await freshTable();
        const entity = { partitionKey: 'p', rowKey: 'r' };
        const { etag: stale = '' } = await client.createEntity(entity);
        const { etag: fresh = '' } = await client.updateEntity({ ...entity, v: 1 }, 'Merge', { etag: stale });
        const failing = [
          client.updateEntity({ ...entity, v: 2 }, 'Merge', { etag: stale }),
          client.updateEntity({ ...entity, v: 2 }, 'Replace', { etag: stale }),
          client.deleteEntity('p', 'r', { etag: stale }),
        ];
        for (const attempt of failing) await refuses(attempt, 412, 'UpdateConditionNotSatisfied');
        expect(await client.getEntity('p', 'r')).toMatchObject({ v: 1, etag: fresh });
        await client.deleteEntity('p', 'r', { etag: fresh });
        await refuses(client.getEntity('p', 'r'), 404, 'ResourceNotFound');
      });

      promise('show only selected properties', async () => {
        const client = await freshTable();
        await client.createEntity({ partitionKey: 'p', rowKey: 'r', a: 1, b: 2n });
        const select = ['rowKey', 'b'];
        expect(plain(await client.getEntity('p', 'r', { queryOptions: { select } }))).toEqual({ rowKey: 'r', b: 2n });
        const [first] = await collect(client.listEntities({ queryOptions: { select } }));
        expect(plain(first)).toEqual({ rowKey: 'r', b: 2n });
      });
    });

    describe('queries', () => {
      promise('find what the filter says', async () => {
        const client = await freshTable();
        const rows: TableEntity[] = [
          {
            partitionKey: 'a',
            rowKey: '1',
            n: 1,
            l: 10n,
            d: 0.5,
            s: 'x',
            b: true,
            t: new Date('2026-01-01T00:00:00Z'),
          },
          { partitionKey: 'a', rowKey: '2', n: 2, l: 20n, d: 1.5, s: "y'y", b: false },
          { partitionKey: 'b', rowKey: '1', n: 3, l: 30n, d: 2.5, s: 'z' },
          {
            partitionKey: 'b',
            rowKey: '2',
            s: 'no numbers',
            g: { type: 'Guid', value: guid },
            x: new Uint8Array([1, 171]),
          },
        ];
        for (const row of rows) await client.createEntity(row);
        const cases: readonly (readonly [string, string])[] = [
          ["PartitionKey eq 'a'", 'a1 a2'],
          ["PartitionKey eq 'a' and RowKey eq '2'", 'a2'],
          ["PartitionKey gt 'a'", 'b1 b2'],
          ["PartitionKey ge 'a' and PartitionKey lt 'b'", 'a1 a2'],
          ["PartitionKey eq 'a' and RowKey gt '1' and RowKey le '2'", 'a2'],
          ["RowKey eq '1'", 'a1 b1'],
          ["PartitionKey eq 'a' and PartitionKey eq 'b'", ''],
          ["(PartitionKey eq 'a' and RowKey eq '1') or (PartitionKey eq 'b' and RowKey eq '2')", 'a1 b2'],
          ['n gt 1', 'a2 b1'],
          ['n ge 1 and n lt 3', 'a1 a2'],
          ['l eq 20L', 'a2'],
          ['d lt 2.0', 'a1 a2'],
          ["s eq 'y''y'", 'a2'],
          ["s ge 'y'", 'a2 b1'],
          ['b eq true', 'a1'],
          ['b eq false', 'a2'],
          ["not (PartitionKey eq 'a')", 'b1 b2'],
          ["PartitionKey eq 'b' and (n eq 3 or s eq 'no numbers')", 'b1 b2'],
          ["t eq datetime'2026-01-01T00:00:00Z'", 'a1'],
          ["t gt datetime'2026-01-01T00:00:00Z'", ''],
          [`g eq guid'${guid}'`, 'b2'],
          ["x eq X'01ab'", 'b2'],
          ["missing eq 'x'", ''],
          ["s eq 'z' or PartitionKey eq 'a' and RowKey eq '1'", 'a1 b1'],
        ];
        for (const [filter, expected] of cases) {
          const found = await collect(client.listEntities({ queryOptions: { filter } }));
          expect([filter, found.map((e) => `${e.partitionKey}${e.rowKey}`).join(' ')]).toEqual([filter, expected]);
        }
      });

      promise('come in key order and in pages that join without gap', async () => {
        const client = await freshTable();
        for (const pk of ['p1', 'p2']) {
          const actions = range(60).map((i): TransactionAction => ['create', { partitionKey: pk, rowKey: pad(i) }]);
          await client.submitTransaction(actions.toReversed());
        }
        const lengths: number[] = [];
        const keys: string[] = [];
        for await (const page of client.listEntities().byPage({ maxPageSize: 25 })) {
          lengths.push(page.length);
          keys.push(...page.map((entity) => `${entity.partitionKey}/${entity.rowKey}`));
        }
        expect(lengths.slice(0, 4)).toEqual([25, 25, 25, 25]);
        expect(keys).toEqual(['p1', 'p2'].flatMap((pk) => range(60).map((i) => `${pk}/${pad(i)}`)));
      });

      promise('give at most 1000 entities a page', async () => {
        const client = await freshTable();
        for (const block of range(11)) {
          const actions = range(100).map((i): TransactionAction => [
            'create',
            { partitionKey: 'p', rowKey: pad(block * 100 + i) },
          ]);
          await client.submitTransaction(actions);
        }
        const pages = client.listEntities().byPage();
        const first = await pages.next();
        expect(first.value).toHaveLength(1000);
        expect(await collect(client.listEntities())).toHaveLength(1100);
      });

      promise('that make no sense are refused', async () => {
        const client = await freshTable();
        for (const filter of ['(', "PartitionKey eq 'a", "PartitionKey eq eq 'a'", "and PartitionKey eq 'a'"]) {
          await refuses(collect(client.listEntities({ queryOptions: { filter } })), 400);
        }
      });
    });

    describe('transactions', () => {
      promise('do everything', async () => {
        const client = await freshTable();
        const keys = (rowKey: string): { partitionKey: string; rowKey: string } => ({ partitionKey: 'p', rowKey });
        await client.submitTransaction(['up', 're', 'de', 'me'].map((row) => ['create', { ...keys(row), a: 1 }]));
        const { subResponses, status } = await client.submitTransaction([
          ['create', { ...keys('new'), b: 1 }],
          ['update', { ...keys('up'), b: 2 }, 'Merge'],
          ['update', { ...keys('re'), b: 3 }, 'Replace'],
          ['upsert', { ...keys('me'), b: 4 }, 'Merge'],
          ['upsert', { ...keys('ins'), b: 5 }, 'Replace'],
          ['delete', keys('de')],
        ]);
        expect([status, ...subResponses.map((response) => response.status)]).toEqual([202, ...range(6).map(() => 204)]);
        expect((await collect(client.listEntities())).map(plain)).toEqual([
          { ...keys('ins'), b: 5 },
          { ...keys('me'), a: 1, b: 4 },
          { ...keys('new'), b: 1 },
          { ...keys('re'), b: 3 },
          { ...keys('up'), a: 1, b: 2 },
        ]);
        const found = await client.getEntity('p', 'new');
        expect(subResponses[0]).toMatchObject({ rowKey: 'new', etag: found.etag });
      });

      promise('do nothing when one operation fails, and say which', async () => {
        const client = await freshTable();
        const { etag: stale = '' } = await client.createEntity({ partitionKey: 'p', rowKey: 'old', v: 1 });
        await client.upsertEntity({ partitionKey: 'p', rowKey: 'old', v: 2 });
        const fresh: TransactionAction = ['create', { partitionKey: 'p', rowKey: 'fresh' }];
        const cases: readonly (readonly [TransactionAction, number, string])[] = [
          [['create', { partitionKey: 'p', rowKey: 'old' }], 409, 'EntityAlreadyExists'],
          [['update', { partitionKey: 'p', rowKey: 'none' }], 404, 'ResourceNotFound'],
          [['delete', { partitionKey: 'p', rowKey: 'none' }], 404, 'ResourceNotFound'],
          [
            ['update', { partitionKey: 'p', rowKey: 'old', v: 3 }, 'Merge', { etag: stale }],
            412,
            'UpdateConditionNotSatisfied',
          ],
        ];
        for (const [action, status, code] of cases) {
          const error = await refuses(client.submitTransaction([fresh, action]), status, code);
          expect(error.message).toMatch(/^1:/);
        }
        expect((await collect(client.listEntities())).map(plain)).toEqual([{ partitionKey: 'p', rowKey: 'old', v: 2 }]);
      });

      promise('take 100 operations and no more', async () => {
        const client = await freshTable();
        const actions = range(101).map((i): TransactionAction => ['create', { partitionKey: 'p', rowKey: pad(i) }]);
        await refuses(client.submitTransaction(actions), 400, 'InvalidInput');
        expect(await collect(client.listEntities())).toEqual([]);
        await client.submitTransaction(actions.slice(1));
        expect(await collect(client.listEntities())).toHaveLength(100);
      });

      promise('name each entity once', async () => {
        const client = await freshTable();
        const twice: TransactionAction = ['upsert', { partitionKey: 'p', rowKey: 'r' }];
        await refuses(client.submitTransaction([twice, twice]), 400, 'InvalidDuplicateRow');
      });

      promise('take up to 4 MiB', async () => {
        const client = await freshTable();
        const big = (count: number): TransactionAction[] =>
          range(count).map((i) => ['create', { partitionKey: 'p', rowKey: `${count}-${i}`, text: 'x'.repeat(32_000) }]);
        await client.submitTransaction(big(90));
        await refuses(client.submitTransaction([...big(100), ...big(99)].slice(0, 199)), 413, 'RequestBodyTooLarge');
        expect(await collect(client.listEntities({ queryOptions: { select: ['rowKey'] } }))).toHaveLength(90);
      });
    });

    describe('authentication', () => {
      promise('refuses a wrong key', async () => {
        const { tableName } = await freshTable();
        const other = new AzureNamedKeyCredential(endpoint.account.name, Buffer.alloc(64, 1).toString('base64'));
        const client = new TableClient(endpoint.url, tableName, other, options);
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
          generateAccountSas(credential, { expiresOn: new Date(Date.now() + 600_000), ...values });
        const reading = accountSas({ permissions: { query: true }, resourceTypes: 'o', services: { table: true } });
        const reader = withSas(owner.tableName, reading);
        expect((await reader.getEntity('p', 'r')).rowKey).toBe('r');
        await refuses(reader.createEntity({ partitionKey: 'p', rowKey: 'x' }), 403);
        const lister = accountSas({ permissions: { list: true }, resourceTypes: 'c', services: { table: true } });
        const listing = new TableServiceClient(endpoint.url, new AzureSASCredential(lister), options);
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
        const sas = generateTableSas(owner.tableName, credential, { identifier: 'read<&>' });
        const reader = withSas(owner.tableName, sas);
        expect((await reader.getEntity('p', 'r')).rowKey).toBe('r');
        await refuses(reader.deleteEntity('p', 'r'), 403);
        await owner.setAccessPolicy([]);
        await refuses(reader.getEntity('p', 'r'), 403);
      });
    });

    promise('limits are kept', async () => {
      const client = await freshTable();
      const keys = { partitionKey: 'p', rowKey: 'r' };
      const many = (count: number): Record<string, number> => Object.fromEntries(range(count).map((i) => [`n${i}`, i]));
      await client.upsertEntity({ ...keys, ...many(252) }, 'Replace');
      await refuses(client.upsertEntity({ ...keys, ...many(253) }, 'Replace'), 400, 'TooManyProperties');
      await client.upsertEntity({ ...keys, ['n'.repeat(255)]: 1 }, 'Replace');
      await refuses(client.upsertEntity({ ...keys, ['n'.repeat(256)]: 1 }, 'Replace'), 400, 'PropertyNameTooLong');
      await client.upsertEntity({ ...keys, s: 'x'.repeat(32_768), b: new Uint8Array(65_536) }, 'Replace');
      await refuses(client.upsertEntity({ ...keys, s: 'x'.repeat(32_769) }, 'Replace'), 400, 'PropertyValueTooLarge');
      await refuses(client.upsertEntity({ ...keys, b: new Uint8Array(65_537) }), 400, 'PropertyValueTooLarge');
      const megabyte = Object.fromEntries(range(17).map((i) => [`s${i}`, 'x'.repeat(32_000)]));
      await refuses(client.upsertEntity({ ...keys, ...megabyte }, 'Replace'), 400, 'EntityTooLarge');
      await refuses(client.createEntity({ partitionKey: 'x'.repeat(513), rowKey: 'r' }), 400);
      for (const bad of ['a\\b', 'a#b', 'a?b', 'a\tb', 'a\u0085b'])
        await refuses(client.createEntity({ partitionKey: 'p', rowKey: bad }), 400);
    });

    promise('service properties and statistics are answered', async () => {
      expect(await service().getProperties()).toMatchObject({ minuteMetrics: { enabled: false } });
      await service().setProperties({ cors: [] });
      expect((await service().getProperties()).cors ?? []).toEqual([]);
    });

    type SasValues = NonNullable<Parameters<typeof generateTableSas>[2]>;
    const tableSas = (table: string, values: SasValues): string =>
      generateTableSas(table, credential, { permissions: { query: true }, ...values });
    const withSas = (table: string, sas: string): TableClient =>
      new TableClient(endpoint.url, table, new AzureSASCredential(sas), options);
    const signed = (table: string, values: SasValues): TableClient =>
      withSas(table, tableSas(table, { expiresOn: new Date(Date.now() + 600_000), ...values }));
  });
}

const guid = '01234567-89ab-4cde-8f01-23456789abcd';

export async function refuses(attempt: Promise<unknown>, status: number, code?: string): Promise<RestError> {
  const error = await attempt.then(
    () => new Error('it was accepted'),
    (refusal: unknown) => refusal,
  );
  if (!(error instanceof RestError)) throw error;
  expect([error.statusCode, code === undefined ? undefined : codeIn(error)]).toEqual([status, code]);
  return error;
}

/** The client keeps the code of a single operation in the parsed body, that of a transaction on the error. */
function codeIn(error: RestError): string | undefined {
  const details = error.details as { odataError?: { code?: string } } | undefined;
  return details?.odataError?.code ?? error.code;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function namesOf(service: TableServiceClient): Promise<(string | undefined)[]> {
  return (await collect(service.listTables())).map((table) => table.name);
}

/** An entity without what the service adds. */
function plain(entity: object | undefined): Record<string, unknown> {
  const own = Object.entries(entity ?? {}).filter(
    ([name]) => name !== 'etag' && name !== 'timestamp' && !name.startsWith('odata.'),
  );
  return Object.fromEntries(own);
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function pad(i: number): string {
  return String(i).padStart(5, '0');
}
