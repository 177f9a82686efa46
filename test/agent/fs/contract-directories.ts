// What every SiteFs must do with directories, and with names that change hands.
import { describe, expect } from '@jest/globals';
import { must } from '../../../lib/base/errors.ts';
import { names, put, refused, sceneOf, stat, text, type Site } from './site.ts';

export function directoryContract(name: string, make: () => Promise<Site>): void {
  const on = sceneOf(make);

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
}
