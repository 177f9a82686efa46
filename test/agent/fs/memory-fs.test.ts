import { describe, expect, test } from '@jest/globals';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import { MemoryUser } from '../../../lib/agent/fs/memory-user.ts';
import { memoryWatch } from '../../../lib/agent/fs/memory-watch.ts';
import { Heard, textOf } from './heard.ts';
import { names, put, refused, text } from './site.ts';

function volume(limits?: { bytes: number; inodes: number }): { fs: MemoryFs; user: MemoryUser } {
  const fs = new MemoryFs(() => 1_000_000n, limits);
  return { fs, user: new MemoryUser(fs.volume) };
}

describe('the volume', () => {
  test('is full at its limit of bytes, and has room again when something goes', async () => {
    const { fs, user } = volume({ bytes: 10, inodes: 100 });
    await put(fs, 'a', '12345678');
    const file = await fs.create('b', 0o644);
    await refused(file.write(0, Buffer.from('123')), 'ENOSPC');
    expect((await file.stat()).size).toBe(0);
    await file.write(0, Buffer.from('12'));
    expect(await fs.space()).toEqual({ freeBytes: 0, freeInodes: 97 });
    user.rm('a');
    await file.write(2, Buffer.from('345'));
    await file.truncate(3);
    expect((await fs.space()).freeBytes).toBe(7);
    await file.close();
  });

  test('keeps the space of an unlinked file until it is closed', async () => {
    const { fs, user } = volume({ bytes: 10, inodes: 100 });
    await put(fs, 'a', '12345678');
    const reader = await fs.open('a');
    user.rm('a');
    expect((await fs.space()).freeBytes).toBe(2);
    expect(Buffer.from(await reader.read(0, 8)).toString()).toBe('12345678');
    await reader.close();
    expect(await fs.space()).toEqual({ freeBytes: 10, freeInodes: 99 });
  });

  test('is full at its limit of inodes', async () => {
    const { fs } = volume({ bytes: 10, inodes: 2 });
    await fs.mkdir('a', 0o755);
    await refused(fs.mkdir('b', 0o755), 'ENOSPC');
    await refused(fs.create('b', 0o644), 'ENOSPC');
    await fs.rmdir('a');
    await fs.mkdir('b', 0o755);
  });

  test('gives the number of a removed file to the next one, as ext4 does', async () => {
    const { fs, user } = volume();
    user.writeFile('a', 'A');
    const old = await fs.stat('a');
    user.rm('a');
    user.writeFile('b', 'B');
    const next = await fs.stat('b');
    expect(next?.ino).toBe(old?.ino);
    expect(next?.ctimeNs).not.toBe(old?.ctimeNs);
  });

  test('gives each change a time of its own while its clock stands still', async () => {
    const { fs, user } = volume();
    user.writeFile('a', '1');
    const first = await fs.stat('a');
    user.writeFile('a', '2');
    expect((await fs.stat('a'))?.mtimeNs).toBeGreaterThan(first?.mtimeNs ?? 0n);
  });

  test('asks before every call, and the call waits, or throws what is thrown', async () => {
    const { fs, user } = volume();
    const asked: string[] = [];
    fs.before = async (call, path) => {
      asked.push(`${call} ${path}`);
      if (call === 'write') user.writeFile('other', 'first');
      if (call === 'sync') throw new Error('power');
      await Promise.resolve();
    };
    const file = await fs.create('a', 0o644);
    await file.write(0, Buffer.from('x'));
    await expect(file.sync()).rejects.toThrow('power');
    await file.close();
    expect(asked).toEqual(['create a', 'write a', 'sync a', 'close a']);
    expect(await names(fs)).toEqual(['a', 'other']);
  });
});

describe('the user', () => {
  test('works on whole trees', async () => {
    const { fs, user } = volume();
    user.mkdirp('a/b/c');
    user.writeFile('a/b/f', 'one');
    user.appendFile('a/b/f', ' two');
    user.link('a/b/f', 'a/g');
    user.rename('a', 'z');
    user.chmod('z/g', 0o600);
    user.utimes('z/g', 5n);
    expect([...user.snapshot().keys()]).toEqual(['z', 'z/b', 'z/b/c', 'z/b/f', 'z/g']);
    const found = user.snapshot('z/b').get('z/b/f');
    expect(found?.stat).toMatchObject({ mode: 0o600, mtimeNs: 5n, links: 2 });
    expect(Buffer.from(found?.data ?? []).toString()).toBe('one two');
    user.rm('z/b');
    expect(await names(fs, 'z')).toEqual(['g']);
  });

  test('writes through an open handle to what was replaced', async () => {
    const { fs, user } = volume();
    user.writeFile('a', 'old');
    const editor = user.open('a');
    await put(fs, 'b', 'new');
    await fs.link('a', 'kept');
    await fs.rename('b', 'a', true);
    editor.write(3, 'er');
    expect(await text(fs, 'a')).toBe('new');
    expect(await text(fs, 'kept')).toBe('older');
    expect(await fs.isOpen('kept')).toBe(true);
    await editor.close();
    expect(await fs.isOpen('kept')).toBe(false);
  });
});

describe('the watch', () => {
  test('tells what inotify would, under present paths, of watched directories only', async () => {
    const { fs, user } = volume();
    user.mkdirp('d/e');
    user.mkdirp('unwatched');
    await using heard = await Heard.by(memoryWatch(fs.volume), '', 'd', 'd/e', 'none');
    user.writeFile('d/e/f', 'x');
    expect(await heard.upTo('closed d/e/f')).toEqual(['changed d/e/f', 'written d/e/f', 'closed d/e/f']);
    user.rename('d', 'z');
    user.appendFile('z/e/f', 'y');
    expect(await heard.upTo('closed z/e/f')).toEqual(['moved d > z', 'written z/e/f', 'closed z/e/f']);
    user.rename('z/e/f', 'unwatched/f');
    user.writeFile('unwatched/f', 'zz');
    user.rename('unwatched/f', 'f');
    user.rm('z');
    expect(await heard.upTo('changed z')).toEqual(['changed z/e/f', 'changed f', 'changed z/e', 'changed z']);
  });

  test('loses what it is told to lose; a full queue says so once', async () => {
    const { fs, user } = volume();
    const drop = (event: { readonly kind: string }): boolean => event.kind === 'written';
    await using heard = await Heard.by(memoryWatch(fs.volume, { drop, queue: 3, watches: 1 }), '', '');
    user.mkdirp('d');
    await heard.watch.add('d');
    await heard.watch.add('d');
    for (const name of ['a', 'b', 'c']) user.writeFile(name, name);
    await heard.when((events) => events.find(({ kind }) => kind === 'overflow'), 'overflow');
    expect(heard.events.map(textOf)).toEqual(['changed d', 'limit d', 'changed a', 'overflow']);
    user.rm('a');
    expect(await heard.upTo('changed a')).toContain('changed a');
  });
});
