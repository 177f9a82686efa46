// What every SiteFs must do with symbolic links, owners and extended attributes.
import { describe, expect } from '@jest/globals';
import { must } from '../../../lib/base/errors.ts';
import type { Details, SiteFs } from '../../../lib/agent/fs/port.ts';
import type { Foreign } from './foreign.ts';
import { put, refused, sceneOf, text, type Site } from './site.ts';

export function attributeContract(name: string, make: () => Promise<Site>, foreign: Foreign): void {
  const on = sceneOf(make);

  describe(`${name}: symbolic links`, () => {
    on('are made and read whatever they point to', async (fs) => {
      await put(fs, 'a', 'A');
      await fs.mkdir('d', 0o755);
      const targets = ['a', 'd', '../../etc/passwd', '/', 'd//x/.', ' ', 'caf\u00e9', '\udcff\udc80', 'x'.repeat(3000)];
      for (const [index, target] of targets.entries()) await fs.symlink(target, `d/l${index}`);
      const names = targets.map((_, index) => `l${index}`);
      const details = await fs.details('d', names);
      expect(details.map((each) => each?.target)).toEqual(targets);
      expect(details[0]).toEqual({ stat: await fs.stat('d/l0'), target: 'a', xattrs: undefined });
      expect(details[0]?.stat).toMatchObject({ kind: 'symlink', size: 1, mode: 0o777 });
      expect(await text(fs, 'a')).toBe('A');
    });

    on('are not made where a name is taken, nor through a link, nor to nothing', async (fs) => {
      await put(fs, 'a');
      await fs.mkdir('d', 0o755);
      await fs.symlink('d', 'l');
      for (const path of ['a', 'd', 'l']) await refused(fs.symlink('x', path), 'EEXIST');
      await refused(fs.symlink('x', 'l/x'), 'ELOOP');
      await refused(fs.symlink('x', 'none/x'), 'ENOENT');
      for (const target of ['', 'a\0b', '\ud800']) await refused(fs.symlink(target, 'new'), 'EINVAL');
      for (const path of ['', '..', 'd/../x']) await refused(fs.symlink('x', path), 'EINVAL');
      await refused(fs.details('l', ['a']), 'ELOOP');
    });

    on('are moved, exchanged and removed as themselves', async (fs) => {
      await put(fs, 'a', 'A');
      await fs.symlink('a', 'l');
      await fs.rename('l', 'm', false);
      await fs.exchange('m', 'a');
      expect([(await detailsOf(fs, 'a')).target, await text(fs, 'm')]).toEqual(['a', 'A']);
      await fs.unlink('a');
      expect(await text(fs, 'm')).toBe('A');
    });
  });

  describe(`${name}: owners`, () => {
    on('are set on the entry itself, with all the rest as it was', async (fs) => {
      await put(fs, 'a', 'A', 0o640);
      await fs.mkdir('d', 0o1777);
      await fs.symlink('a', 'l');
      for (const path of ['a', 'd', 'l']) await fs.chown(path, 12345, 4_294_967_294);
      const stats = await Promise.all(['a', 'd', 'l'].map((path) => fs.stat(path)));
      expect(stats).toMatchObject([
        { uid: 12345, gid: 4_294_967_294, mode: 0o640 },
        { uid: 12345, gid: 4_294_967_294, mode: 0o1777 },
        { uid: 12345, gid: 4_294_967_294, mode: 0o777 },
      ]);
      await fs.chown('l', 1, 2);
      expect(await fs.stat('a')).toMatchObject({ uid: 12345 });
      await refused(fs.chown('none', 1, 1), 'ENOENT');
    });

    on('take set-user-id and set-group-id from a file', async (fs) => {
      await put(fs, 'a', 'A', 0o755);
      await fs.chmod('a', 0o6755);
      await fs.chown('a', 5, 5);
      expect((await fs.stat('a'))?.mode).toBe(0o755);
    });
  });

  describe(`${name}: extended attributes`, () => {
    on('are exactly those that were set last', async (fs) => {
      await put(fs, 'a');
      await fs.mkdir('d', 0o755);
      if (!fs.capabilities.xattrs) {
        await refused(fs.setXattrs('a', {}), 'ENOTSUP');
        expect((await detailsOf(fs, 'a')).xattrs).toBeUndefined();
        return;
      }
      const some = { 'user.a': base64([0, 255]), 'user.empty': '', 'user.caf\u00e9': base64([1]) };
      for (const path of ['a', 'd', '']) await fs.setXattrs(path, some);
      expect((await detailsOf(fs, 'a')).xattrs).toEqual(some);
      expect((await detailsOf(fs, 'd')).xattrs).toEqual(some);
      const { ctimeNs } = must(await fs.stat('a'), 'a');
      await fs.setXattrs('a', some);
      expect((await fs.stat('a'))?.ctimeNs).toBe(ctimeNs);
      await fs.setXattrs('a', { 'user.a': base64([7]) });
      expect((await detailsOf(fs, 'a')).xattrs).toEqual({ 'user.a': base64([7]) });
      expect((await fs.stat('a'))?.ctimeNs).toBeGreaterThan(ctimeNs);
      await fs.setXattrs('a', {});
      expect(await detailsOf(fs, 'a')).toEqual({ stat: await fs.stat('a'), target: undefined, xattrs: {} });
    });

    on('are not those of what a link points to, nor of a fifo', async (fs) => {
      await put(fs, 'a');
      await fs.symlink('a', 'l');
      foreign.fifo(fs, 'p');
      for (const path of ['l', 'p']) {
        await refused(fs.setXattrs(path, {}), 'ENOTSUP');
        expect((await detailsOf(fs, path)).xattrs).toBeUndefined();
      }
    });

    on('of what is gone are null, and of no directory an error', async (fs) => {
      await put(fs, 'a');
      expect((await fs.details('', ['none', 'a', 'none'])).map((each) => each?.stat.kind)).toEqual([
        undefined,
        'file',
        undefined,
      ]);
      await refused(fs.details('none', ['a']), 'ENOENT');
      await refused(fs.details('a', ['b']), 'ENOTDIR');
      await refused(fs.details('', ['..']), 'EINVAL');
    });
  });
}

async function detailsOf(fs: SiteFs, path: string): Promise<Details> {
  const at = path.lastIndexOf('/');
  const [details] = await fs.details(path.slice(0, Math.max(at, 0)), [path.slice(at + 1)]);
  return must(details ?? undefined, path);
}

function base64(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('base64');
}
