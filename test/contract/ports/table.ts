// What the commit protocol leans on in a table, whichever implements it (see share.ts).
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RowConflict, type Table } from '../../../lib/cloud/ports.ts';

export interface TableRig {
  readonly table: Table;
  stop(): Promise<void>;
}

export function tableContract(name: string, start: () => Promise<TableRig>): void {
  describe(`a table: ${name}`, () => {
    let rig: TableRig;
    let table: Table;
    beforeAll(async () => {
      rig = await start();
      table = rig.table;
    });
    afterAll(() => rig.stop());

    const conflicts = async (work: Promise<unknown>): Promise<boolean> => {
      try {
        await work;
      } catch (error) {
        if (error instanceof RowConflict) return true;
        throw error;
      }
      return false;
    };

    test('a row is what was written, with the ETag that the transaction answered', async () => {
      expect(await table.get('g', 'none')).toBeUndefined();
      const value = { v: 1, text: 'ä"\\😀', big: 'x'.repeat(90_000) };
      const [etag] = await table.transact('g', [{ do: 'insert', key: 'k|1', value }]);
      expect(await table.get('g', 'k|1')).toEqual({ key: 'k|1', etag, value });
    });

    test('insert, replace and delete refuse what has moved, and then nothing of the call is done', async () => {
      const [etag] = await table.transact('g', [{ do: 'insert', key: 'm', value: 1 }]);
      const [newer] = await table.transact('g', [{ do: 'put', key: 'm', value: 2 }]);
      expect(newer).not.toBe(etag);
      const other = { do: 'put', key: 'm2', value: 1 } as const;
      expect(await conflicts(table.transact('g', [other, { do: 'insert', key: 'm', value: 3 }]))).toBe(true);
      const stale = { do: 'replace', key: 'm', value: 3, etag: etag ?? '' } as const;
      expect(await conflicts(table.transact('g', [other, stale]))).toBe(true);
      expect(await conflicts(table.transact('g', [{ do: 'delete', key: 'm', etag: etag ?? '' }]))).toBe(true);
      expect((await table.get('g', 'm'))?.value).toBe(2);
      expect(await table.get('g', 'm2')).toBeUndefined();
      await table.transact('g', [{ do: 'replace', key: 'm', value: 4, etag: newer ?? '' }]);
      expect((await table.get('g', 'm'))?.value).toBe(4);
    });

    test('a delete without an ETag is done when nothing is there, and the rest goes through', async () => {
      await table.transact('g', [
        { do: 'put', key: 'a', value: 1 },
        { do: 'delete', key: 'never' },
        { do: 'put', key: 'b', value: 2 },
      ]);
      expect((await table.get('g', 'b'))?.value).toBe(2);
      await table.transact('g', [
        { do: 'delete', key: 'a' },
        { do: 'delete', key: 'b' },
      ]);
      expect(await table.get('g', 'a')).toBeUndefined();
    });

    test('a range is in order of keys, from the one to before the other, at most so many', async () => {
      const writes = ['r|2', 'r|10', 'r|1', 's|1', 'r}'].map((key) => ({ do: 'put' as const, key, value: key }));
      await table.transact('range', writes);
      const keys = async (limit: number): Promise<string[]> =>
        (await table.range('range', 'r|', 'r}', limit)).map((row) => row.key);
      expect(await keys(100)).toEqual(['r|1', 'r|10', 'r|2']);
      expect(await keys(2)).toEqual(['r|1', 'r|10']);
      expect(await table.range('other', 'r|', 'r}', 10)).toEqual([]);
    });

    test('more rows than a page holds come all', async () => {
      for (let part = 0; part < 15; part++)
        await table.transact(
          'many',
          Array.from({ length: 100 }, (_, index) => {
            const key = `n|${String(part * 100 + index).padStart(6, '0')}`;
            return { do: 'insert' as const, key, value: index };
          }),
        );
      expect(await table.range('many', 'n|', 'n}', 4000)).toHaveLength(1500);
      expect(await table.range('many', 'n|', 'n}', 1200)).toHaveLength(1200);
    });
  });
}
