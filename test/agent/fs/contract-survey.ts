// What every SiteFs must say of many directories at once: what it says of each by itself.
import { describe, expect } from '@jest/globals';
import { codeOf } from '../../../lib/base/errors.ts';
import { linesOf } from '../../../lib/agent/fs/lines.ts';
import type { Surveyed } from '../../../lib/agent/fs/port.ts';
import type { Foreign } from './foreign.ts';
import { put, sceneOf, type Site } from './site.ts';

/** Of which the order of bytes is neither that of UTF-16 nor that of any list. */
const hostile = [
  'b',
  'a\nb',
  'a',
  'a b',
  'a-',
  'ab',
  '\u00e9',
  '\udcff',
  'a\udcc3',
  '\u{1f600}',
  '\uffee',
  "'",
  '\x01',
];

export function surveyContract(name: string, make: () => Promise<Site>, foreign: Foreign): void {
  const on = sceneOf(make);

  describe(`${name}: a survey`, () => {
    on('says of each directory what a list and a stat say', async (fs) => {
      await fs.mkdir('d', 0o751);
      await fs.mkdir('d/empty', 0o700);
      for (const each of hostile) await put(fs, `d/${each}`, each);
      await fs.chmod('d/b', 0o4640);
      await fs.utimes('d/a', -5_000_000_000n);
      await fs.link('d/a', 'second');
      await fs.symlink('d', 'd/link');
      foreign.fifo(fs, 'd/fifo');
      const dirs = ['', 'd', 'd/empty'];
      const surveyed = await fs.survey(dirs);
      expect(surveyed.length).toBe(3);
      for (const [index, dir] of dirs.entries()) {
        const entries = await fs.list(dir);
        const lines = linesOf(entries).toString('latin1');
        expect(textOf(surveyed[index])).toEqual({ stat: await fs.stat(dir), count: entries.length, lines });
      }
      expect(textOf(surveyed[1])).toMatchObject({ count: hostile.length + 3 });
    });

    on('says the error of a directory at its place, and all of the others', async (fs) => {
      await fs.mkdir('d', 0o755);
      await put(fs, 'f');
      await put(fs, 'd/g');
      await fs.symlink('d', 'l');
      const surveyed = await fs.survey(['none', 'd', 'f', 'l', 'f/x', 'd']);
      const told = surveyed.map((each) => ('error' in each ? codeOf(each.error) : each.count));
      expect(told).toEqual(['ENOENT', 1, 'ENOTDIR', 'ELOOP', 'ENOTDIR', 1]);
    });

    on('of no directory is nothing', async (fs) => {
      expect(await fs.survey([])).toEqual([]);
    });
  });
}

function textOf(surveyed: Surveyed | undefined): unknown {
  return surveyed === undefined || 'error' in surveyed
    ? surveyed
    : { ...surveyed, lines: surveyed.lines.toString('latin1') };
}
