import { describe, expect } from '@jest/globals';
import { TableTransaction, type TransactionAction } from '@azure/data-tables';
import { collect, plain, range, pad, refuses, type Suite } from './suite.ts';

export function transactionPromises({ promise, freshTable }: Suite): void {
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

    promise('are collected by the helper of the client, and answered entity by entity', async () => {
      const client = await freshTable();
      const keys = (rowKey: string): { partitionKey: string; rowKey: string } => ({ partitionKey: 'p', rowKey });
      await client.submitTransaction(['a', 'b', 'c'].map((row) => ['create', { ...keys(row), v: 0, w: 0 }]));
      const transaction = new TableTransaction();
      transaction.createEntity({ ...keys('new'), v: 1 });
      transaction.updateEntity({ ...keys('a'), v: 2 }, 'Merge');
      transaction.upsertEntity({ ...keys('b'), v: 3 }, 'Replace');
      transaction.deleteEntity('p', 'c');
      const answer = await client.submitTransaction(transaction.actions);
      // Only an insert is answered with its entity's address, by which the client finds it.
      const { etag } = await client.getEntity('p', 'new');
      expect(answer.getResponseForEntity('new')).toMatchObject({ status: 204, etag });
      expect((await collect(client.listEntities())).map(plain)).toEqual([
        { ...keys('a'), v: 2, w: 0 },
        { ...keys('b'), v: 3 },
        { ...keys('new'), v: 1 },
      ]);
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
}
