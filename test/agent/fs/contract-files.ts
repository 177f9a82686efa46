// What every SiteFs must do with files and their contents.
import { describe, expect } from '@jest/globals';
import type { Foreign } from './foreign.ts';
import { isClose, put, refused, sceneOf, stat, text, tick, type Site } from './site.ts';

export function fileContract(name: string, make: () => Promise<Site>, foreign: Foreign): void {
  const on = sceneOf(make);

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
        expect(isClose((await stat(fs, 'a')).mtimeNs, mtimeNs, fs)).toBe(true);
      }
      const file = await fs.create('b', 0o644);
      for (const mtimeNs of wanted) {
        await file.utimes(mtimeNs);
        expect(isClose((await file.stat()).mtimeNs, mtimeNs, fs)).toBe(true);
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
}
