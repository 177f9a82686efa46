// What every SiteFs must do: run on the kernel by the addon, by Node alone, and in memory.
import { describe, expect, test } from '@jest/globals';
import { must } from '../../../lib/base/errors.ts';
import type { Entry, FileStat, SiteFs } from '../../../lib/agent/fs/port.ts';
import { names, put, text, type Site } from './site.ts';

/** `foreign` are entries the port cannot make: the caller makes them, by the kernel or in memory. */
export interface Foreign {
  symlink(fs: SiteFs, target: string, path: string): void;
  fifo(fs: SiteFs, path: string): void;
}

export function contract(name: string, make: () => Promise<Site>, foreign: Foreign): void {
  const on = (title: string, body: (fs: SiteFs) => Promise<void>): void => {
    test(title, async () => {
      await using site = await make();
      await body(site.fs);
    });
  };

  describe(`${name}: files`, () => {
    on('are made, written, read, cut and listed', async (fs) => {
      const file = await fs.create('a', 0o640);
      await file.write(0, Buffer.from('hello'));
      await file.write(10, Buffer.from('there'));
      await file.truncate(12);
      await file.sync();
      expect(await file.stat()).toMatchObject({ kind: 'file', size: 12, mode: 0o640, links: 1 });
      await file.close();
      await file.close();
      expect(await text(fs, 'a')).toBe('hello\0\0\0\0\0th');
      const [entry] = await fs.list('');
      expect(entry).toEqual({ name: 'a', stat: await stat(fs, 'a') });
    });

    on('are read at an offset, and short only at the end', async (fs) => {
      await put(fs, 'a', '0123456789');
      const file = await fs.open('a');
      expect(Buffer.from(await file.read(3, 4)).toString()).toBe('3456');
      expect(Buffer.from(await file.read(8, 4)).toString()).toBe('89');
      expect((await file.read(10, 4)).length).toBe(0);
      await file.close();
    });

    on('tell where somebody wrote, as far as they know', async (fs) => {
      const file = await fs.create('a', 0o644);
      await file.truncate(2 ** 20);
      await file.write(2 ** 19, Buffer.from('x'));
      await file.close();
      const reader = await fs.open('a');
      for (const offset of [0, 2 ** 18, 2 ** 19, 2 ** 20 - 1]) {
        const next = await reader.nextData(offset);
        expect(next === Infinity || next >= offset).toBe(true);
        if (offset <= 2 ** 19) expect(next).toBeLessThanOrEqual(2 ** 19);
      }
      expect(await reader.nextData(2 ** 20)).toBeGreaterThanOrEqual(2 ** 20);
      await reader.close();
    });

    on('are not made where a name is taken, whatever has it', async (fs) => {
      await put(fs, 'a', 'first');
      await fs.mkdir('d', 0o755);
      foreign.symlink(fs, 'nowhere', 'l');
      for (const path of ['a', 'd', 'l']) await refused(fs.create(path, 0o644), 'EEXIST');
      expect(await text(fs, 'a')).toBe('first');
    });

    on('keep their birth whatever is done to them, and a later file has another', async (fs) => {
      await put(fs, 'a', 'first');
      const { bornNs } = await stat(fs, 'a');
      let late = await stat(fs, 'a');
      for (let i = 0; late.bornNs === bornNs; i++) {
        await fs.unlink(i === 0 ? 'a' : `later-${i - 1}`);
        await put(fs, `later-${i}`, 'later');
        late = await stat(fs, `later-${i}`);
      }
      expect(late.bornNs).toBeGreaterThan(bornNs);
      await fs.rename((await fs.list(''))[0]?.name ?? '', 'b', false);
      await fs.link('b', 'c');
      await fs.chmod('b', 0o600);
      await fs.utimes('b', 1n);
      const file = await fs.open('b');
      expect(await file.stat()).toMatchObject({ ino: late.ino, bornNs: late.bornNs });
      await file.close();
      expect(await stat(fs, 'c')).toMatchObject({ ino: late.ino, bornNs: late.bornNs });
    });

    on('keep all mode bits against the umask', async (fs) => {
      const file = await fs.create('a', 0o666);
      await fs.mkdir('d', 0o777);
      expect([(await file.stat()).mode, (await stat(fs, 'd')).mode]).toEqual([0o666, 0o777]);
      await file.chmod(0o600);
      await fs.chmod('d', 0o1750);
      expect([(await file.stat()).mode, (await stat(fs, 'd')).mode]).toEqual([0o600, 0o1750]);
      await file.close();
    });

    on('keep a modification time', async (fs) => {
      const wanted = [1_700_000_000_123_456_789n, 1n, 999_999_999n, 4_102_444_800_000_000_001n];
      await put(fs, 'a');
      for (const mtimeNs of wanted) {
        await fs.utimes('a', mtimeNs);
        expect(close((await stat(fs, 'a')).mtimeNs, mtimeNs, fs)).toBe(true);
      }
      const file = await fs.create('b', 0o644);
      for (const mtimeNs of wanted) {
        await file.utimes(mtimeNs);
        expect(close((await file.stat()).mtimeNs, mtimeNs, fs)).toBe(true);
      }
      await file.close();
    });

    on('change their times when they change', async (fs) => {
      const file = await fs.create('a', 0o644);
      const before = await file.stat();
      await tick();
      await file.write(0, Buffer.from('x'));
      const written = await file.stat();
      await tick();
      await file.chmod(0o600);
      const moded = await file.stat();
      expect(written.mtimeNs).toBeGreaterThan(before.mtimeNs);
      expect(written.ctimeNs).toBeGreaterThan(before.ctimeNs);
      expect(moded.mtimeNs).toBe(written.mtimeNs);
      expect(moded.ctimeNs).toBeGreaterThan(written.ctimeNs);
      await file.close();
    });

    on('live on through an open handle after their name is gone or another file has it', async (fs) => {
      const writer = await fs.create('a', 0o644);
      await writer.write(0, Buffer.from('old'));
      const reader = await fs.open('a');
      await put(fs, 'b', 'new');
      await fs.rename('b', 'a', true);
      await writer.write(3, Buffer.from('er'));
      expect(Buffer.from(await reader.read(0, 9)).toString()).toBe('older');
      expect((await reader.stat()).links).toBe(0);
      expect(await text(fs, 'a')).toBe('new');
      await Promise.all([writer.close(), reader.close()]);
    });

    on('are told open as long as somebody has them open', async (fs) => {
      const file = await fs.create('a', 0o644);
      const known = fs.capabilities.leases;
      expect(await fs.isOpen('a')).toBe(known ? true : undefined);
      await fs.rename('a', 'b', false);
      expect(await fs.isOpen('b')).toBe(known ? true : undefined);
      await file.close();
      const reader = await fs.open('b');
      expect(await fs.isOpen('b')).toBe(known ? true : undefined);
      await reader.close();
      expect(await fs.isOpen('b')).toBe(known ? false : undefined);
      await refused(fs.isOpen('none'), 'ENOENT');
    });
  });

  describe(`${name}: names`, () => {
    on('are bytes: valid UTF-8 as it is, any other byte as a lone surrogate', async (fs) => {
      const odd = ['caf\u00e9', 'cafe\u0301', 'bad\udcff\udc80', '\udce9t\udce9', ' .', '...', 'a\nb', '\u{1f600}'];
      for (const [index, one] of odd.entries()) await put(fs, one, `${index}`);
      expect(await names(fs)).toEqual([...odd].sort());
      for (const [index, one] of odd.entries()) expect(await text(fs, one)).toBe(`${index}`);
      await fs.mkdir('d\udcfe', 0o755);
      await fs.rename('bad\udcff\udc80', 'd\udcfe/\udcfd', false);
      expect(await names(fs, 'd\udcfe')).toEqual(['\udcfd']);
    });

    on('that no path may hold are refused before anything happens', async (fs) => {
      await put(fs, 'a');
      await fs.mkdir('d', 0o755);
      const bad = [
        '.',
        '..',
        '../a',
        'd/..',
        'd/../a',
        './a',
        '/a',
        'a/',
        'd//x',
        'x\0y',
        '\ud800',
        '\udc41',
        '\udcc3\udca9',
      ];
      for (const path of bad) {
        await refused(fs.create(path, 0o644), 'EINVAL');
        await refused(fs.stat(path), 'EINVAL');
        await refused(fs.rename('a', path, true), 'EINVAL');
        await refused(fs.unlink(path), 'EINVAL');
      }
      for (const change of [fs.create('', 0o644), fs.rmdir(''), fs.rename('', 'x', true), fs.mkdir('', 0o755)])
        await refused(change, 'EINVAL');
      expect(await names(fs)).toEqual(['a', 'd']);
    });

    on('have at most 255 bytes', async (fs) => {
      const longest = '\u00e9'.repeat(127) + 'x';
      await put(fs, longest);
      expect(await names(fs)).toEqual([longest]);
      await refused(fs.create(`${longest}y`, 0o644), 'ENAMETOOLONG');
      await refused(fs.rename(longest, `${longest}y`, false), 'ENAMETOOLONG');
    });
  });

  describe(`${name}: paths`, () => {
    on('never go through a symbolic link, nor act on what it points to', async (fs) => {
      await fs.mkdir('real', 0o755);
      await put(fs, 'real/a');
      foreign.symlink(fs, 'real', 'd');
      foreign.symlink(fs, 'real/a', 'f');
      for (const call of [
        () => fs.stat('d/a'),
        () => fs.list('d'),
        () => fs.open('d/a'),
        () => fs.open('f'),
        () => fs.create('d/b', 0o644),
        () => fs.mkdir('d/b', 0o755),
        () => fs.unlink('d/a'),
        () => fs.rename('d/a', 'x', true),
        () => fs.rename('real/a', 'd/x', true),
        () => fs.link('d/a', 'x'),
        () => fs.chmod('d/a', 0o600),
        () => fs.utimes('d/a', 0n),
      ])
        await refused(call(), 'ELOOP');
      expect((await stat(fs, 'd')).kind).toBe('symlink');
      await refused(fs.chmod('f', 0o600), 'ENOTSUP');
      const before = await stat(fs, 'real/a');
      await fs.utimes('f', 5_000_000_000n);
      expect(close((await stat(fs, 'f')).mtimeNs, 5_000_000_000n, fs)).toBe(true);
      await fs.rename('f', 'g', false);
      await fs.unlink('g');
      expect(await stat(fs, 'real/a')).toEqual(before);
      await refused(fs.rmdir('d'), 'ENOTDIR');
    });

    on('to nothing, or through a file, say so', async (fs) => {
      await put(fs, 'a');
      expect(await fs.stat('none')).toBeNull();
      expect(await fs.stat('none/x')).toBeNull();
      expect(await fs.stat('a/x')).toBeNull();
      await refused(fs.list('none'), 'ENOENT');
      await refused(fs.list('a'), 'ENOTDIR');
      await refused(fs.open('none'), 'ENOENT');
      await refused(fs.open('a/x'), 'ENOTDIR');
      await refused(fs.create('none/x', 0o644), 'ENOENT');
      await refused(fs.mkdir('a/x', 0o755), 'ENOTDIR');
      await refused(fs.unlink('none'), 'ENOENT');
      await refused(fs.chmod('none', 0o644), 'ENOENT');
      await refused(fs.utimes('none', 0n), 'ENOENT');
    });

    on('to what is no regular file do not open, and do not wait', async (fs) => {
      await fs.mkdir('d', 0o755);
      foreign.fifo(fs, 'p');
      await refused(fs.open('d'), 'EISDIR');
      await refused(fs.open(''), 'EISDIR');
      await refused(fs.open('p'), 'EINVAL');
      expect((await stat(fs, 'p')).kind).toBe('other');
      expect(await fs.isOpen('p')).toBeUndefined();
    });

    on('may be the root where something is asked of it', async (fs) => {
      await fs.mkdir('d', 0o755);
      expect(await stat(fs, '')).toMatchObject({ kind: 'directory', links: 3 });
      await fs.chmod('', 0o750);
      await fs.utimes('', 7_000_000_000n);
      const root = await stat(fs, '');
      expect(root.mode).toBe(0o750);
      expect(close(root.mtimeNs, 7_000_000_000n, fs)).toBe(true);
    });
  });

  describe(`${name}: directories`, () => {
    on('are made, listed and removed when empty', async (fs) => {
      await fs.mkdir('d', 0o700);
      await fs.mkdir('d/e', 0o755);
      await put(fs, 'd/a');
      expect(await names(fs, 'd')).toEqual(['a', 'e']);
      expect((await stat(fs, 'd')).links).toBe(3);
      await refused(fs.mkdir('d', 0o755), 'EEXIST');
      await refused(fs.rmdir('d'), 'ENOTEMPTY');
      await refused(fs.rmdir('d/a'), 'ENOTDIR');
      await refused(fs.unlink('d/e'), 'EISDIR');
      await fs.unlink('d/a');
      await fs.rmdir('d/e');
      await fs.rmdir('d');
      expect(await fs.list('')).toEqual([]);
    });

    on('may lie deeper than one call of the kernel takes', async (fs) => {
      const deep = Array.from({ length: 20 }, (_, depth) => `${depth}${'x'.repeat(240)}`);
      const dirs = deep.map((_, depth) => deep.slice(0, depth + 1).join('/'));
      for (const dir of dirs) await fs.mkdir(dir, 0o755);
      const bottom = must(dirs.at(-1), 'the deepest');
      expect(bottom.length).toBeGreaterThan(4096);
      await put(fs, `${bottom}/a`, 'A');
      await fs.rename(`${bottom}/a`, `${bottom}/b`, false);
      await fs.symlink('b', `${bottom}/l`);
      expect([await names(fs, bottom), await text(fs, `${bottom}/b`)]).toEqual([['b', 'l'], 'A']);
      expect((await fs.details(bottom, ['l']))[0]?.target).toBe('b');
      expect((await fs.syncPaths([bottom, `${bottom}/b`])).map((stat) => stat?.kind)).toEqual(['directory', 'file']);
      for (const name of ['b', 'l']) await fs.unlink(`${bottom}/${name}`);
      for (const dir of dirs.toReversed()) await fs.rmdir(dir);
    });

    on('of many entries are listed whole', async (fs) => {
      const wanted = Array.from({ length: 3000 }, (_, index) => `entry-${index}-${'x'.repeat(index % 50)}`).sort();
      for (const one of wanted) await fs.mkdir(one, 0o755);
      expect(await names(fs)).toEqual(wanted);
    });
  });

  describe(`${name}: rename`, () => {
    on('replaces, or does not, as asked', async (fs) => {
      await put(fs, 'a', 'A');
      await put(fs, 'b', 'B');
      await refused(fs.rename('a', 'b', false), 'EEXIST');
      await refused(fs.rename('a', 'a', false), 'EEXIST');
      expect([await text(fs, 'a'), await text(fs, 'b')]).toEqual(['A', 'B']);
      const { ino } = await stat(fs, 'a');
      await fs.rename('a', 'c', false);
      expect((await stat(fs, 'c')).ino).toBe(ino);
      await fs.rename('c', 'b', true);
      expect(await names(fs)).toEqual(['b']);
      expect(await text(fs, 'b')).toBe('A');
      await refused(fs.rename('none', 'b', false), 'ENOENT');
      await refused(fs.rename('none', 'x', true), 'ENOENT');
    });

    on('of a directory takes everything along', async (fs) => {
      await fs.mkdir('d', 0o755);
      await fs.mkdir('e', 0o755);
      await put(fs, 'd/a');
      await refused(fs.rename('d', 'e', false), 'EEXIST');
      await fs.rename('d', 'e/d', false);
      expect(await text(fs, 'e/d/a')).toBe('d/a');
      await fs.mkdir('empty', 0o755);
      await fs.rename('e/d', 'empty', true);
      expect(await names(fs, 'empty')).toEqual(['a']);
      await refused(fs.rename('e', 'empty', true), 'ENOTEMPTY');
      await refused(fs.rename('empty', 'empty/x', true), 'EINVAL');
      await refused(fs.rename('empty', 'empty/x', false), 'EINVAL');
      await refused(fs.rename('empty/a', 'empty', true), 'ENOTEMPTY');
      await put(fs, 'f');
      await refused(fs.rename('e', 'f', true), 'ENOTDIR');
      await refused(fs.rename('f', 'e', true), 'EISDIR');
    });

    on('between two names of one file does nothing', async (fs) => {
      await put(fs, 'a', 'A');
      await fs.link('a', 'b');
      await fs.rename('a', 'b', true);
      expect(await names(fs)).toEqual(['a', 'b']);
    });

    on('exchanges two entries of any kind', async (fs) => {
      await put(fs, 'a', 'A');
      await put(fs, 'b', 'B');
      await fs.mkdir('d', 0o755);
      await put(fs, 'd/x', 'X');
      await fs.exchange('a', 'b');
      expect([await text(fs, 'a'), await text(fs, 'b')]).toEqual(['B', 'A']);
      await fs.exchange('a', 'd');
      expect([await text(fs, 'd'), await text(fs, 'a/x')]).toEqual(['B', 'X']);
      await fs.exchange('b', 'b');
      await refused(fs.exchange('a', 'none'), 'ENOENT');
      await refused(fs.exchange('none', 'a'), 'ENOENT');
      await refused(fs.exchange('a', 'a/x'), 'EINVAL');
      await refused(fs.exchange('a/x', 'a'), 'EINVAL');
      expect(await names(fs)).toEqual(['a', 'b', 'd']);
    });
  });

  describe(`${name}: the rest`, () => {
    on('links give one inode two names', async (fs) => {
      await put(fs, 'a', 'A');
      await fs.mkdir('d', 0o755);
      await fs.link('a', 'd/b');
      expect(await stat(fs, 'd/b')).toEqual(await stat(fs, 'a'));
      expect((await stat(fs, 'a')).links).toBe(2);
      await refused(fs.link('a', 'd/b'), 'EEXIST');
      await refused(fs.link('d', 'e'), 'EPERM');
      await refused(fs.link('none', 'e'), 'ENOENT');
      await fs.unlink('a');
      expect(await text(fs, 'd/b')).toBe('A');
    });

    on('sync and space answer', async (fs) => {
      await put(fs, 'a');
      await fs.sync();
      const { freeBytes, freeInodes } = await fs.space();
      expect(freeBytes).toBeGreaterThan(0);
      expect(freeInodes).toBeGreaterThan(0);
    });

    on('errors are as Node makes them', async (fs) => {
      const error: unknown = await fs.rename('none', 'x', false).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ code: 'ENOENT', syscall: 'rename', path: 'none', dest: 'x' });
      expect(String(error)).toContain("ENOENT: no such file or directory, rename 'none' -> 'x'");
    });
  });
}

export async function refused(call: Promise<unknown>, code: string): Promise<void> {
  await expect(call).rejects.toMatchObject({ code });
}

async function stat(fs: SiteFs, path: string): Promise<Entry['stat']> {
  return must<FileStat>(await fs.stat(path), path);
}

function close(got: bigint, wanted: bigint, fs: SiteFs): boolean {
  const off = got > wanted ? got - wanted : wanted - got;
  return off <= (fs.capabilities.nanoseconds ? 0n : 1000n);
}

/** Longer than the coarsest clock tick of a kernel. */
function tick(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 12);
  });
}
