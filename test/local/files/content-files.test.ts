import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContentFiles } from '../../../lib/local/files/content-files.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tideway-files-contents-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
}

test('overlapping writes take turns, others do not wait', async () => {
  const files = new ContentFiles(dir);
  const first = gate();
  const order: string[] = [];
  const work = (name: string, until?: Promise<void>) => async (): Promise<void> => {
    await until;
    order.push(name);
  };
  const all = [
    files.exclusively(1, 0, 10, work('first', first.opened)),
    files.exclusively(1, 9, 20, work('overlaps')),
    files.exclusively(1, 10, 20, work('waits for the one before')),
    files.exclusively(1, 100, 110, work('elsewhere')),
    files.exclusively(2, 0, 10, work('another file')),
  ];
  await turns();
  expect(order).toEqual(['elsewhere', 'another file']);
  first.open();
  await Promise.all(all);
  expect(order.slice(2)).toEqual(['first', 'overlaps', 'waits for the one before']);
});

test('what asks for quiet waits for the writes under way, and holds off those that come', async () => {
  const files = new ContentFiles(dir);
  const [write, quiet] = [gate(), gate()];
  const order: string[] = [];
  const under = files.exclusively(1, 0, 10, async () => {
    await write.opened;
    order.push('under way');
  });
  const calm = files.quietly(async () => {
    order.push('quiet begins');
    await quiet.opened;
    order.push('quiet ends');
  });
  const late = files.exclusively(1, 0, 10, async () => void order.push('late'));
  const again = files.quietly(async () => void order.push('quiet again'));
  await turns();
  expect(order).toEqual([]);
  write.open();
  await under;
  await turns();
  expect(order).toEqual(['under way', 'quiet begins']);
  quiet.open();
  await Promise.all([calm, late, again]);
  expect(order.slice(0, 3)).toEqual(['under way', 'quiet begins', 'quiet ends']);
  expect(order.slice(3).toSorted()).toEqual(['late', 'quiet again']);
});

test('a refusal ends the quiet too', async () => {
  const files = new ContentFiles(dir);
  await expect(files.quietly(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await files.exclusively(1, 0, 1, async () => 'works')).toBe('works');
});
