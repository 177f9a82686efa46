import { describe, expect } from '@jest/globals';
import { collect, plain, range, refuses, type Suite } from './suite.ts';

export function entityPromises({ promise, freshTable }: Suite): void {
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

    promise('are won by one of many who hold the same ETag', async () => {
      const client = await freshTable();
      const entity = { partitionKey: 'p', rowKey: 'r' };
      const { etag = '' } = await client.createEntity({ ...entity, v: -1 });
      const attempts = range(10).map((v) => client.updateEntity({ ...entity, v }, 'Replace', { etag }));
      const outcomes = (await Promise.allSettled(attempts)).map(({ status }) => status);
      expect(outcomes.filter((status) => status === 'fulfilled')).toHaveLength(1);
      expect(await client.getEntity('p', 'r')).toMatchObject({ v: outcomes.indexOf('fulfilled') });
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
}
