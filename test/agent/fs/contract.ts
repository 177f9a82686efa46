// What every SiteFs must do: run on the kernel by the addon, by Node alone, and in memory.
import { describe, expect } from '@jest/globals';
import { directoryContract } from './contract-directories.ts';
import { fileContract } from './contract-files.ts';
import { nameContract } from './contract-names.ts';
import type { Foreign } from './foreign.ts';
import { put, refused, sceneOf, stat, text, type Site } from './site.ts';

export function contract(name: string, make: () => Promise<Site>, foreign: Foreign): void {
  const on = sceneOf(make);
  fileContract(name, make, foreign);
  nameContract(name, make, foreign);
  directoryContract(name, make);

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
