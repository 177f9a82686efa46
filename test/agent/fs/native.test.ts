// What only the addon does, and what goes on around it: races, leases, sparse files, its build.
import { execFile, execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { codeOf, must } from '../../../lib/base/errors.ts';
import { loadNative } from '../../../lib/agent/fs/binding.ts';
import type { NativeFs } from '../../../lib/agent/fs/native-fs.ts';
import { openNativeFs, openNodeFs, openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { buildAddon } from '../../../native/addon.ts';
import { refused } from './contract.ts';
import { nativeSite, nodeSite, put, text, type Site } from './site.ts';

const native = must(loadNative(), 'the addon is built');

function on(title: string, body: (site: NativeFs, root: string) => Promise<void>): void {
  test(title, async () => {
    await using site = await nativeSite();
    await body(site.fs, site.fs.root);
  });
}

describe('a root', () => {
  test.each([nativeSite, nodeSite])('that was moved away is still the one that is worked on', async (make) => {
    await using site: Site = await make();
    const { root } = site.fs;
    fs.renameSync(root, `${root}.moved`);
    fs.mkdirSync(root);
    await put(site.fs, 'a');
    await site.fs.sync();
    expect(fs.readdirSync(root)).toEqual([]);
    fs.rmdirSync(root);
    fs.renameSync(`${root}.moved`, root);
    expect(fs.readdirSync(root)).toEqual(['a']);
  });

  test('holds no other mount', async () => {
    for (const site of [must(await openNativeFs('/', native), 'openat2'), await openNodeFs('/')]) {
      await refused(site.stat('proc/version'), 'EXDEV');
      await refused(site.list('proc'), 'EXDEV');
      await refused(site.open('proc/self/status'), 'EXDEV');
      await site.close();
    }
  });

  test('is left to Node alone where the kernel refuses openat2', async () => {
    await using site = await nativeSite();
    const old = { ...native, probe: () => Promise.resolve(-constants.errno.ENOSYS) };
    expect(await openNativeFs(site.fs.root, old)).toBeUndefined();
  });

  test('may be reached through a link, and must be a directory', async () => {
    await using site = await nativeSite();
    const { root } = site.fs;
    fs.symlinkSync('.', join(root, 'l'));
    fs.writeFileSync(join(root, 'f'), '');
    const through = await openSiteFs(join(root, 'l'));
    expect(through.root).toBe(root);
    await through.close();
    await refused(openSiteFs(join(root, 'f')), 'ENOTDIR');
    await refused(openSiteFs(join(root, 'none')), 'ENOENT');
  });

  test.each([nativeSite, nodeSite])('is never left, whatever is swapped meanwhile', async (make) => {
    await using outside = await nodeSite();
    await using site: Site = await make();
    const { root } = site.fs;
    fs.mkdirSync(join(root, 'd'));
    fs.symlinkSync(outside.fs.root, join(root, 'l'));
    const swap = `
      import { renameSync } from 'node:fs';
      process.chdir(${JSON.stringify(root)});
      console.log('swapping');
      for (;;) {
        renameSync('d', 'x'); renameSync('l', 'd'); renameSync('d', 'l'); renameSync('x', 'd');
      }`;
    const swapper = spawn(process.execPath, ['--input-type=module', '-e', swap], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => {
      swapper.stdout.once('data', resolve);
    });
    const met = new Set<string>();
    for (let round = 0; round < 1500; round++) {
      await put(site.fs, `d/f${round}`).then(
        () => met.add('made'),
        (error: unknown) => met.add(codeOf(error)),
      );
    }
    swapper.kill('SIGKILL');
    await new Promise((resolve) => {
      swapper.once('exit', resolve);
    });
    expect(fs.readdirSync(outside.fs.root)).toEqual([]);
    expect([...met].every((one) => ['made', 'ENOENT', 'ELOOP', 'ENOTDIR'].includes(one))).toBe(true);
    expect([...met]).toEqual(expect.arrayContaining(['made', 'ELOOP']));
  });
});

describe('a listing', () => {
  test.each([nativeSite, nodeSite])('during renames misses no entry that was there all the time', async (make) => {
    await using made: Site = await make();
    const { fs: site } = made;
    const { root } = site;
    for (let index = 0; index < 300; index++) fs.writeFileSync(join(root, `f${index}`), '');
    fs.mkdirSync(join(root, 'moving'));
    for (let round = 0; round < 200; round++) {
      const listed = site.list('');
      fs.renameSync(join(root, round % 2 === 0 ? 'moving' : 'moved'), join(root, round % 2 === 0 ? 'moved' : 'moving'));
      const found = (await listed).map(({ name }) => name);
      expect(new Set(found).size).toBe(found.length);
      expect(found.filter((name) => name.startsWith('f')).length).toBe(300);
      expect(found.some((name) => name.startsWith('mov'))).toBe(true);
    }
  });

  on('of a directory that may not be read is an error, not an empty list', async (_site, root) => {
    fs.mkdirSync(join(root, 'd'), { mode: 0o755 });
    fs.chmodSync(root, 0o755);
    fs.mkdirSync(join(root, 'd/closed'), { mode: 0o700 });
    const program = `
      import { openSiteFs } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/agent/fs/open-site.ts'))};
      const site = await openSiteFs(${JSON.stringify(root)});
      process.seteuid(65534);
      const told = await site.list('d/closed').catch((error) => error.code);
      console.log(JSON.stringify(told));`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', program]).toString()).toBe('"EACCES"\n');
  });
});

describe('asking who has a file open', () => {
  on('sees another process, for writing, reading and by a mapping', async (site, root) => {
    fs.writeFileSync(join(root, 'a'), 'x');
    expect(await site.isOpen('a')).toBe(false);
    for (const flags of ['r', 'w', 'a']) {
      const fd = fs.openSync(join(root, 'a'), flags);
      expect(await site.isOpen('a')).toBe(true);
      fs.closeSync(fd);
      expect(await site.isOpen('a')).toBe(false);
    }
  });

  on('kills nobody, and disturbs no opener, however often it is asked', async (site, root) => {
    fs.writeFileSync(join(root, 'a'), 'x');
    const program = `
      import { openSync, closeSync } from 'node:fs';
      console.log('opening');
      for (let i = 0; i < 20000; i++) closeSync(openSync(${JSON.stringify(join(root, 'a'))}, i % 2 ? 'r' : 'a'));
      console.log('done');`;
    const opener = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    let over = false;
    const answers = new Set<boolean | undefined>();
    void opener.finally(() => {
      over = true;
    });
    while (!over) answers.add(await site.isOpen('a'));
    expect((await opener).stdout).toBe('opening\ndone\n');
    expect(answers).toEqual(new Set([true, false]));
  });
});

describe('calls for what comes later', () => {
  on('find holes and data', async (site, root) => {
    const fd = fs.openSync(join(root, 'a'), 'w+');
    fs.writeSync(fd, 'x', 1024 * 1024);
    expect(await native.seek(fd, 0n, 0)).toBe(1024 * 1024);
    expect(await native.seek(fd, 0n, 1)).toBe(0);
    expect(await native.seek(fd, 2n ** 40n, 0)).toBe(-constants.errno.ENXIO);
    fs.closeSync(fd);
    expect((await site.stat('a'))?.size).toBe(1024 * 1024 + 1);
  });

  on('share blocks, or say that this volume cannot', async (site, root) => {
    await put(site, 'a', 'content');
    const [from, to] = [fs.openSync(join(root, 'a'), 'r'), fs.openSync(join(root, 'b'), 'w')];
    const answer = await native.clone(to, from);
    for (const fd of [from, to]) fs.closeSync(fd);
    if (answer === 0) expect(await text(site, 'b')).toBe('content');
    else expect([constants.errno.EOPNOTSUPP, constants.errno.EXDEV]).toContain(-answer);
  });

  on('keep extended attributes', async (_site, root) => {
    const fd = fs.openSync(join(root, 'a'), 'w');
    expect(await native.setXattr(fd, 'user.a', Buffer.from([0, 255]))).toBe(0);
    expect(await native.setXattr(fd, 'user.empty', '')).toBe(0);
    expect(Buffer.from((await native.getXattr(fd, 'user.a')) as ArrayBuffer)).toEqual(Buffer.from([0, 255]));
    const names = Buffer.from((await native.listXattrs(fd)) as ArrayBuffer).toString();
    expect(names.split('\0').sort()).toEqual(['', 'user.a', 'user.empty']);
    expect(await native.removeXattr(fd, 'user.a')).toBe(0);
    expect(await native.getXattr(fd, 'user.a')).toBe(-constants.errno.ENODATA);
    fs.closeSync(fd);
  });

  test('refuse wrong arguments at once', () => {
    const wrong = native as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const call of [
      () => wrong['stat']?.('x', 'path'),
      () => wrong['list']?.(1),
      () => wrong['utimes']?.(1, 'a', 5),
      () => wrong['utimes']?.(1, 'a', 2n ** 70n),
      () => wrong['watchStart']?.('no function'),
      () => wrong['watchAdd']?.({}, 1, 'a', 0),
    ])
      expect(call).toThrow(/^expected /);
  });
});

describe('building the addon', () => {
  on('happens once, and again when a source is newer', async (_site, root) => {
    const output = join(root, 'build/fs.node');
    expect(await buildAddon(output, 'g++')).toEqual({ outcome: 'built' });
    expect(await buildAddon(output, 'no-such-compiler')).toEqual({ outcome: 'current' });
    fs.utimesSync(output, 1, 1);
    const failed = await buildAddon(output, 'no-such-compiler');
    expect(failed).toEqual({ outcome: 'failed', reason: 'no compiler (no-such-compiler)' });
    expect(await buildAddon(output, 'false')).toMatchObject({ outcome: 'failed' });
    expect(fs.readdirSync(join(root, 'build'))).toEqual(['fs.node']);
  });
});
