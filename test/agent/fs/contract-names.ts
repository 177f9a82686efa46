// What every SiteFs must do with names and paths: no byte of them is lost, and none leads out of the site.
import { describe, expect } from '@jest/globals';
import type { Foreign } from './foreign.ts';
import { isClose, names, put, refused, sceneOf, stat, text, type Site } from './site.ts';

export function nameContract(name: string, make: () => Promise<Site>, foreign: Foreign): void {
  const on = sceneOf(make);

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
      expect(isClose((await stat(fs, 'f')).mtimeNs, 5_000_000_000n, fs)).toBe(true);
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
      expect(isClose(root.mtimeNs, 7_000_000_000n, fs)).toBe(true);
    });
  });
}
