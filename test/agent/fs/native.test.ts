// What only the addon does, and what goes on around it: races, leases, sparse files.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { codeOf, must } from '../../../lib/base/errors.ts';
import { loadNative } from '../../../lib/agent/fs/binding.ts';
import type { NativeFs } from '../../../lib/agent/fs/native-fs.ts';
import { openNativeFs, openNodeFs, openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { nativeSite, nodeSite, put, refused, text, type Site } from './site.ts';

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
  test.each<[string, () => Promise<Site>, number]>([
    ['native', nativeSite, 200],
    ['node', nodeSite, 40],
  ])('during renames misses no entry that was there all the time (%s)', async (_name, make, rounds) => {
    await using made: Site = await make();
    const { fs: site } = made;
    const { root } = site;
    for (let index = 0; index < 300; index++) fs.writeFileSync(join(root, `f${index}`), '');
    for (let index = 0; index < 8; index++) fs.mkdirSync(join(root, `m${index}`));
    for (let round = 0; round < rounds; round++) {
      const listed = site.list('');
      spin((round % 40) * 15);
      const moving = join(root, `m${round % 8}`);
      const there = fs.existsSync(moving);
      fs.renameSync(there ? moving : `${moving}-moved`, there ? `${moving}-moved` : moving);
      const found = (await listed).map(({ name }) => name);
      expect(new Set(found).size).toBe(found.length);
      expect(found.filter((name) => name.startsWith('f')).length).toBe(300);
      const moved = new Set(found.filter((name) => name.startsWith('m')).map((name) => name.slice(0, 2)));
      expect(moved.size).toBe(8);
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
  on('sees who reads, writes or appends', async (site, root) => {
    fs.writeFileSync(join(root, 'a'), 'x');
    expect(await site.isOpen('a')).toBe(false);
    for (const flags of ['r', 'w', 'a']) {
      const fd = fs.openSync(join(root, 'a'), flags);
      expect(await site.isOpen('a')).toBe(true);
      fs.closeSync(fd);
      expect(await site.isOpen('a')).toBe(false);
    }
  });

  // An opener that comes while the lease is held makes the kernel send a signal, whose default is death: so it is asked
  // in a process of its own, often enough that this happens.
  on('kills nobody, and disturbs no opener', async (_site, root) => {
    const file = JSON.stringify(join(root, 'a'));
    fs.writeFileSync(join(root, 'a'), 'x');
    const opener = spawn(process.execPath, [
      '-e',
      `const fs = require('node:fs'); for (;;) fs.closeSync(fs.openSync(${file}, 'r'));`,
    ]);
    const failed = once(opener, 'exit').then(([code]) => code as number | null);
    const asking = `
      import { openSiteFs } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/agent/fs/open-site.ts'))};
      const site = await openSiteFs(${JSON.stringify(root)});
      const answers = new Set();
      for (const end = performance.now() + 1500; performance.now() < end; ) answers.add(await site.isOpen('a'));
      console.log([...answers].sort().join());`;
    const asked = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', asking]);
    expect(asked.stdout).toBe('false,true\n');
    expect(opener.exitCode).toBeNull();
    opener.kill('SIGKILL');
    expect(await failed).toBeNull();
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

  on('give a file the access control of another, and leave its mode', async (site, root) => {
    await put(site, 'old', 'old', 0o640);
    await put(site, 'new', 'new', 0o604);
    const fd = fs.openSync(join(root, 'old'), 'r');
    // Version 2; then owner rw, user 1234 r, group r, mask r, others nothing: tag, permissions, id.
    const acl = Buffer.alloc(4 + 5 * 8);
    acl.writeUInt32LE(2);
    const entries = [
      [0x01, 6, 0xffff_ffff],
      [0x02, 4, 1234],
      [0x04, 4, 0xffff_ffff],
      [0x10, 4, 0xffff_ffff],
      [0x20, 0, 0xffff_ffff],
    ] as const;
    entries.forEach(([tag, permissions, id], index) => {
      acl.writeUInt16LE(tag, 4 + index * 8);
      acl.writeUInt16LE(permissions, 6 + index * 8);
      acl.writeUInt32LE(id, 8 + index * 8);
    });
    const kept = await native.setXattr(fd, 'system.posix_acl_access', acl);
    fs.closeSync(fd);
    expect(await site.copyAccess('old', 'new')).toBe(kept === 0);
    expect((await site.stat('new'))?.mode).toBe(0o604);
    const copy = fs.openSync(join(root, 'new'), 'r');
    const answer = await native.getXattr(copy, 'system.posix_acl_access');
    fs.closeSync(copy);
    if (kept === 0) expect(Buffer.from(answer as ArrayBuffer).subarray(12, 20)).toEqual(acl.subarray(12, 20));
    else expect(answer).toBeLessThan(0);
    await refused(site.copyAccess('none', 'new'), 'ENOENT');
    fs.symlinkSync('old', join(root, 'l'));
    expect(await site.copyAccess('l', 'new')).toBe(false);
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

/** Waits without letting go of the thread, so that what follows falls somewhere into a call under way. */
function spin(microseconds: number): void {
  const until = performance.now() + microseconds / 1000;
  while (performance.now() < until);
}
