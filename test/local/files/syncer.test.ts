import { expect, test } from '@jest/globals';
import { Syncer } from '../../../lib/local/files/syncer.ts';

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  return Promise.withResolvers<void>();
}

test('who asks while a flush runs waits for the next one, together with others', async () => {
  const syncer = new Syncer();
  const flushes = [deferred(), deferred(), deferred()];
  let started = 0;
  const flush = (): Promise<void> => flushes[started++]?.promise ?? Promise.reject(new Error('too many flushes'));
  const done: string[] = [];
  const ask = (name: string): Promise<void> => syncer.sync('file', flush).then(() => void done.push(name));

  const all = [ask('a'), ask('b'), ask('c')];
  expect(started).toBe(1);
  flushes[0]?.resolve();
  await all[0];
  expect(done).toEqual(['a']);
  await new Promise(setImmediate);
  expect(started).toBe(2);
  all.push(ask('d'));
  flushes[1]?.resolve();
  await Promise.all(all.slice(0, 3));
  expect(done).toEqual(['a', 'b', 'c']);
  await new Promise(setImmediate);
  flushes[2]?.resolve();
  await Promise.all(all);
  expect(started).toBe(3);
});

test('a failed flush fails those it was for, and only them', async () => {
  const syncer = new Syncer();
  const [first, second] = [deferred(), deferred()];
  const one = syncer.sync('file', () => first.promise);
  const two = syncer.sync('file', () => second.promise);
  const other = syncer.sync('other', () => Promise.resolve());
  first.reject(new Error('disk'));
  await expect(one).rejects.toThrow('disk');
  second.resolve();
  await expect(two).resolves.toBeUndefined();
  await expect(other).resolves.toBeUndefined();
});
