// The fakes must be as strict as what they stand for, and the checker must see what is broken: else no test here proves anything.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { logKey } from '../../lib/protocol/log-row.ts';
import { idKey } from '../../lib/cloud/rows.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { at } from '../support/life.ts';
import { MemoryShare } from '../support/memory-share.ts';
import { MemoryTable } from '../support/memory-table.ts';

describe('table', () => {
  const table = new MemoryTable();
  const client = table.client();

  test('a transaction is all or nothing', async () => {
    const [etag] = await client.transact('p', [{ do: 'insert', key: 'a', value: 1 }]);
    await expect(
      client.transact('p', [
        { do: 'put', key: 'b', value: 2 },
        { do: 'insert', key: 'a', value: 2 },
      ]),
    ).rejects.toMatchObject({ code: 'row_conflict' });
    expect(await client.get('p', 'b')).toBeUndefined();
    await expect(client.transact('p', [{ do: 'replace', key: 'a', value: 2, etag: 'other' }])).rejects.toMatchObject({
      code: 'row_conflict',
    });
    const [next] = await client.transact('p', [{ do: 'replace', key: 'a', value: 2, etag: etag ?? '' }]);
    expect(next).not.toBe(etag);
    expect(await client.get('p', 'a')).toEqual({ key: 'a', etag: next, value: 2 });
    expect(await client.get('q', 'a')).toBeUndefined();
  });

  test('100 rows, each once, of legal keys', async () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ do: 'put' as const, key: `k${n}`, value: n }));
    await expect(client.transact('p', rows(101))).rejects.toThrow('InvalidInput');
    await expect(client.transact('p', [...rows(1), ...rows(1)])).rejects.toThrow('InvalidDuplicateRow');
    await expect(client.transact('p', [{ do: 'put', key: 'a/b', value: 1 }])).rejects.toThrow('KeyValueInvalid');
    await client.transact('p', rows(100));
    expect((await client.range('p', 'k1', 'k2', 5)).map((row) => row.key)).toEqual(['k1', 'k10', 'k11', 'k12', 'k13']);
  });

  test('what is written is copied, and what is read cannot be changed', async () => {
    const written = { list: [1] };
    await client.transact('p', [{ do: 'put', key: 'o', value: written }]);
    written.list.push(3);
    const value = (await client.get('p', 'o'))?.value as { list: number[] } | undefined;
    expect(() => value?.list.push(2)).toThrow(TypeError);
    expect((await client.get('p', 'o'))?.value).toEqual({ list: [1] });
  });
});

describe('share', () => {
  let share: MemoryShare;
  const fault = (fn: () => unknown): unknown => {
    try {
      fn();
    } catch (error) {
      return (error as { fault?: string }).fault;
    }
    return 'done';
  };

  beforeEach(() => {
    share = new MemoryShare(() => 0);
    share.mkdir('d');
    share.upload('a', Buffer.from('a'));
    share.upload('b', Buffer.from('b'));
  });

  test('a rename keeps file id and last-write, gives a new ETag and replaces nothing', () => {
    const before = share.properties('a', 'file');
    const after = share.rename('a', 'd/c', 'file');
    expect(after).toMatchObject({ fileId: before?.fileId, lastWrite: before?.lastWrite });
    expect(after.etag).not.toBe(before?.etag);
    expect(fault(() => share.rename('d/c', 'B', 'file'))).toBe('exists');
    expect(fault(() => share.rename('nowhere', 'b', 'file'))).toBe('absent');
    expect(fault(() => share.rename('b', 'nowhere/b', 'file'))).toBe('absent');
    expect(fault(() => share.rename('d', 'e', 'file'))).toBe('mismatch');
    expect(fault(() => share.rename('d', 'd/e', 'directory'))).toBeUndefined(); // thrown, and no refusal of a path
    share.rename('b', 'B', 'file');
    expect(share.walk().map(([path]) => path)).toEqual(['B', 'd', 'd/c']);
  });

  test('what is open is busy, with the directories above it; what is being deleted is busy for everybody', () => {
    share.rename('a', 'd/a', 'file');
    const close = share.open('d/a');
    expect(fault(() => share.rename('d/a', 'x', 'file'))).toBe('busy');
    expect(fault(() => share.rename('d', 'x', 'directory'))).toBe('busy');
    expect(fault(() => share.remove('d/a', 'file'))).toBe('busy');
    expect(fault(() => share.properties('d/a', 'file'))).toBe('done');
    close();
    expect(fault(() => share.remove('d', 'directory'))).toBe('not-empty');
    const gone = share.deletePending('b');
    expect(fault(() => share.properties('b', 'file'))).toBe('busy');
    expect(fault(() => share.rename('d/a', 'b', 'file'))).toBe('busy');
    gone();
    expect(share.find('b')).toBeUndefined();
  });

  test('a write in place moves ETag and last-write and keeps the file id', () => {
    const before = share.properties('a', 'file');
    const after = share.write('a', Buffer.from('other'));
    expect(after.fileId).toBe(before?.fileId);
    expect(after.etag).not.toBe(before?.etag);
    expect(after.lastWrite).not.toBe(before?.lastWrite);
  });
});

describe('the checker sees', () => {
  let world: CloudWorld;
  let paris: Endpoint;

  beforeEach(async () => {
    world = await CloudWorld.create();
    paris = await world.endpoint('paris');
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'a', 'one'), paris.create('root', 'b', 'two'));
    await world.commit(paris, paris.edit(world.node('b'), 'three', { at: 5 }));
    expect(brokenInvariants(world)).toEqual([]);
  });

  const rowOf = (prefix: string) => world.table.all(group).find((row) => row.key.startsWith(prefix));

  const broken: Readonly<Record<string, readonly [RegExp, () => unknown]>> = {
    'a gap in the log': [/I9/, () => world.table.transact(group, [{ do: 'delete', key: logKey(2) }])],
    'an open intent': [
      /I11/,
      () => world.table.transact(group, [{ do: 'put', key: 'intent|0000000000000009', value: {} }]),
    ],
    'a head behind its intent': [
      /I11/,
      () =>
        world.table.transact(group, [
          { do: 'put', key: 'head', value: { ...(rowOf('head')?.value as object), intentSeq: 99 } },
        ]),
    ],
    'a number that ended twice': [
      /I10/,
      () => {
        const row = world.rows().at(-1);
        const head = { ...(rowOf('head')?.value as object), committedSeq: 5, intentSeq: 5 };
        world.table.transact(group, [
          { do: 'put', key: 'head', value: head },
          { do: 'put', key: logKey(5), value: { ...row, seq: 5 } },
        ]);
      },
    ],
    'a number without an end': [
      /I10/,
      () =>
        world.table.transact(group, [
          { do: 'put', key: `endpoint|${paris.id}`, value: { ...(rowOf('endpoint|')?.value as object), n: 5 } },
        ]),
    ],
    'a row the log knows nothing of': [
      /I1 /,
      () =>
        world.table.transact(group, [
          {
            do: 'put',
            key: 'node|root|0',
            value: { ...(rowOf('node|root|')?.value as object), id: 'other', name: 'o' },
          },
        ]),
    ],
    'a row that says something else than the log': [
      /I1 /,
      () => {
        const row = rowOf('node|root|');
        world.table.transact(group, [
          { do: 'put', key: row?.key ?? '', value: { ...(row?.value as object), mode: 1 } },
        ]);
      },
    ],
    'an id that leads elsewhere': [
      /I7/,
      () =>
        world.table.transact(group, [
          { do: 'put', key: idKey(world.node('b').id), value: { v: 1, parent: 'x', key: 'y' } },
        ]),
    ],
    'a file nobody knows': [/I1 .*not in the namespace/, () => world.share.upload('x', Buffer.from('x'))],
    'a file that is missing': [/I1 .*not on the share/, () => world.share.remove('d/a', 'file')],
    'other content': [/I19/, () => world.share.write('d/a', Buffer.from('ONE'))],
    'a version that is nowhere': [/I3 .*nowhere/, () => world.share.remove('.tideway/trash/4-4', 'file')],
    'an edit of somebody that went to trash': [
      /I3 .*never was a version/,
      () => {
        world.foreign.add('of somebody');
        world.share.upload('.tideway/trash/9-9', Buffer.from('of somebody'));
      },
    ],
  };

  test.each(Object.keys(broken))('%s', (name) => {
    const [pattern, spoil] = broken[name] ?? [/never/, () => undefined];
    spoil();
    expect(brokenInvariants(world).join('\n')).toMatch(pattern);
  });
});

test('a killed life runs nothing any more, not even a handler', async () => {
  const world = await CloudWorld.create();
  const committer = world.committer(at(0, 'kill-before'));
  let handled = false;
  const work = committer.life.run(async () => {
    try {
      await committer.cloud.table.get(group, 'head');
    } finally {
      handled = true;
    }
  });
  await expect(work).rejects.toMatchObject({ name: 'Killed' });
  await world.clock.sleep(1000);
  expect(handled).toBe(false);
});
