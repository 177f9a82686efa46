import { describe, expect, test } from '@jest/globals';
import { readAlive } from '../../../lib/agent/remote/namespace.ts';
import type { RowReader } from '../../../lib/azure/site.ts';
import type { NodeState } from '../../../lib/core/node.ts';

interface Given {
  readonly id: string;
  readonly parent?: string;
  readonly kind?: 'file' | 'directory' | 'link';
  readonly seq?: number;
  readonly cleared?: number;
}

const plain = {
  version: 0,
  size: 0,
  hash: null,
  mtime: '0',
  mode: 0o755,
  etag: '',
  fileId: '',
  lastWrite: '',
  author: 'a',
};

function rowsOf(given: readonly Given[]): { rows: RowReader; pages: number[] } {
  const pages: number[] = [];
  const all = given
    .map(({ id, parent = 'root', kind = 'directory', seq = 1, cleared }) => ({
      key: `node|${parent}|${id}`,
      etag: '',
      value: {
        ...plain,
        id,
        parent,
        name: id,
        kind,
        seq,
        ...(cleared === undefined ? {} : { cleared }),
      },
    }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const range = (from: string, to: string, limit: number) => {
    const page = all.filter(({ key }) => key >= from && key < to).slice(0, limit);
    pages.push(page.length);
    return Promise.resolve(page);
  };
  return { rows: { get: () => Promise.resolve(undefined), range, close: () => {} }, pages };
}

async function alive(...given: readonly Given[]): Promise<string[]> {
  const seen: NodeState[] = [];
  await readAlive(rowsOf(given).rows, (nodes) => {
    seen.push(...nodes);
    return Promise.resolve();
  });
  return seen.map(({ id }) => id);
}

describe('the namespace, read whole', () => {
  test('has links, too: one that seemed gone would be removed at the site', async () => {
    expect(await alive({ id: 'd' }, { id: 'l', parent: 'd', kind: 'link' }, { id: 'f', kind: 'file' })).toEqual([
      'd',
      'l',
      'f',
    ]);
  });

  test('gives parents before what is in them, whatever the order of the rows', async () => {
    const found = await alive(
      { id: 'f', parent: 'a-deep', kind: 'file' },
      { id: 'a-deep', parent: 'z' },
      { id: 'z', parent: 'm' },
      { id: 'm' },
    );
    expect(found).toEqual(['m', 'z', 'a-deep', 'f']);
  });

  test('leaves out what is below a directory that is gone, however deep', async () => {
    const found = await alive(
      { id: 'd', parent: 'gone' },
      { id: 'e', parent: 'd' },
      { id: 'f', parent: 'e', kind: 'file' },
      { id: 'g', kind: 'file' },
    );
    expect(found).toEqual(['g']);
  });

  test('leaves out what was there before its directory came back, and keeps what came since', async () => {
    const found = await alive(
      { id: 'd', seq: 9, cleared: 5 },
      { id: 'old', parent: 'd', kind: 'file', seq: 5 },
      { id: 'new', parent: 'd', kind: 'file', seq: 6 },
      { id: 'olddir', parent: 'd', seq: 4 },
      { id: 'inside', parent: 'olddir', kind: 'file', seq: 8 },
    );
    expect(found).toEqual(['d', 'new']);
  });

  test.each([
    ['before', 'a-place'],
    ['after', 'z-place'],
  ])('a directory that came back elsewhere is there, its older row being read %s the newer one', async (_, gone) => {
    const found = await alive(
      { id: 'm-place', seq: 8 },
      { id: 'd', parent: 'm-place', seq: 9, cleared: 9 },
      { id: 'd', parent: gone, seq: 3 },
      { id: 'old', parent: 'd', kind: 'file', seq: 4 },
      { id: 'new', parent: 'd', kind: 'file', seq: 10 },
      { id: 'sub', parent: 'd', seq: 11 },
      { id: 'deep', parent: 'sub', kind: 'file', seq: 12 },
    );
    expect(found).toEqual(['m-place', 'd', 'sub', 'new', 'deep']);
  });

  test('a broken row does not hang it: directories that hold each other are not there', async () => {
    expect(await alive({ id: 'a', parent: 'b' }, { id: 'b', parent: 'a' }, { id: 'c' })).toEqual(['c']);
  });

  test('is read page by page to its end, also where that is the end of a page', async () => {
    for (const count of [999, 1000, 1001, 2000]) {
      const { rows, pages } = rowsOf(
        Array.from({ length: count }, (_, index) => ({ id: `f${index}`, kind: 'file' as const })),
      );
      let seen = 0;
      await readAlive(rows, (nodes) => {
        seen += nodes.length;
        return Promise.resolve();
      });
      expect([seen, pages.every((page) => page <= 1000)]).toEqual([count, true]);
    }
  });
});
