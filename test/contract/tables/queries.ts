import { describe, expect } from '@jest/globals';
import { type TableEntity, type TransactionAction } from '@azure/data-tables';
import { collect, range, pad, refuses, type Suite } from './suite.ts';

export function queryPromises({ promise, freshTable }: Suite): void {
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
        ['l gt 10L and l le 30L', 'a2 b1'],
        ['n ne 2', 'a1 b1'],
        ["RowKey ne '1' and d ne 0.5", 'a2'],
        [`t le datetime'2026-01-01T00:00:00Z' or g ne guid'${guid}'`, 'a1'],
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
}

const guid = '01234567-89ab-4cde-8f01-23456789abcd';
