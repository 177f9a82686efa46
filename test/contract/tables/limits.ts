import { describe, expect } from '@jest/globals';
import { plain, range, refuses, type Suite } from './suite.ts';

export function limitPromises({ promise, freshTable }: Suite): void {
  describe('limits', () => {
    const keys = { partitionKey: 'p', rowKey: 'r' };

    promise('252 properties an entity', async () => {
      const client = await freshTable();
      const many = (count: number): Record<string, number> => Object.fromEntries(range(count).map((i) => [`n${i}`, i]));
      await client.upsertEntity({ ...keys, ...many(252) }, 'Replace');
      await refuses(client.upsertEntity({ ...keys, ...many(253) }, 'Replace'), 400, 'TooManyProperties');
      await refuses(client.upsertEntity({ ...keys, oneMore: 1 }, 'Merge'), 400, 'TooManyProperties');
      expect(plain(await client.getEntity('p', 'r'))).toEqual({ ...keys, ...many(252) });
    });

    promise('255 characters a property name', async () => {
      const client = await freshTable();
      await client.upsertEntity({ ...keys, ['n'.repeat(255)]: 1 }, 'Replace');
      await refuses(client.upsertEntity({ ...keys, ['n'.repeat(256)]: 1 }, 'Replace'), 400, 'PropertyNameTooLong');
      await client.upsertEntity({ ...keys, größe_2: 1, __proto: 2 }, 'Replace');
      for (const bad of ['with space', 'with-hyphen', '1st', 'a.b', ''])
        await refuses(client.upsertEntity({ ...keys, [bad]: 1 }, 'Replace'), 400, 'PropertyNameInvalid');
    });

    promise('64 KiB a property', async () => {
      const client = await freshTable();
      await client.upsertEntity({ ...keys, s: 'x'.repeat(32_768), b: new Uint8Array(65_536) }, 'Replace');
      await refuses(client.upsertEntity({ ...keys, s: 'x'.repeat(32_769) }, 'Replace'), 400, 'PropertyValueTooLarge');
      await refuses(client.upsertEntity({ ...keys, b: new Uint8Array(65_537) }), 400, 'PropertyValueTooLarge');
    });

    promise('1 MiB an entity', async () => {
      const client = await freshTable();
      const texts = (names: string): Record<string, string> =>
        Object.fromEntries(names.split('').map((name) => [name, 'x'.repeat(32_000)]));
      await client.upsertEntity({ ...keys, ...texts('abcdefghijklmnop') }, 'Replace');
      await refuses(client.upsertEntity({ ...keys, ...texts('abcdefghijklmnopq') }, 'Replace'), 400, 'EntityTooLarge');
      await refuses(client.upsertEntity({ ...keys, ...texts('q') }, 'Merge'), 400, 'EntityTooLarge');
    });

    promise('keys of 1 KiB without forbidden characters', async () => {
      const client = await freshTable();
      for (const bad of ['x'.repeat(513), 'a\\b', 'a#b', 'a?b', 'a\tb', 'a\u0085b', 'half \ud83d']) {
        await refuses(client.createEntity({ partitionKey: bad, rowKey: 'r' }), 400);
        await refuses(client.createEntity({ partitionKey: 'p', rowKey: bad }), 400);
      }
    });
  });
}
