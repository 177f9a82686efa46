import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { constants } from 'node:os';
import { joinPath } from '../../../lib/agent/fs/names.ts';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { watchOf } from '../../../lib/agent/fs/watch.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';
import { Heard } from './heard.ts';
import { nativeSite, siteOver } from './site.ts';

/** The kernel's own view: a file is made last, so that everything before it has been told when it is. */
function end(root: string): string {
  fs.mkdirSync(join(root, 'end'));
  return 'changed end';
}

function on(title: string, body: (root: string, site: SiteFs) => Promise<void>): void {
  test(title, async () => {
    await using site = await nativeSite();
    await body(site.fs.root, site.fs);
  });
}

describe('what is told of a file', () => {
  on('made, written and closed', async (root, site) => {
    await using heard = await Heard.by(watchOf(site), '');
    const fd = fs.openSync(join(root, 'a'), 'w');
    fs.writeSync(fd, 'x');
    expect(await heard.upTo('written a')).toEqual(['changed a', 'written a']);
    fs.writeSync(fd, 'y');
    fs.writeSync(fd, 'z');
    fs.closeSync(fd);
    expect(new Set(await heard.upTo('closed a'))).toEqual(new Set(['written a', 'closed a']));
  });

  on('appended, attributes changed, removed', async (root, site) => {
    fs.writeFileSync(join(root, 'a'), '');
    await using heard = await Heard.by(watchOf(site), '');
    fs.appendFileSync(join(root, 'a'), 'x');
    expect(await heard.upTo('closed a')).toEqual(['written a', 'closed a']);
    fs.chmodSync(join(root, 'a'), 0o600);
    expect(await heard.upTo('changed a')).toEqual(['changed a']);
    fs.rmSync(join(root, 'a'));
    expect(await heard.upTo('changed a')).toEqual(['changed a']);
  });

  on('renamed: both ends in one event', async (root, site) => {
    fs.mkdirSync(join(root, 'd'));
    fs.writeFileSync(join(root, 'a'), '');
    await using heard = await Heard.by(watchOf(site), '', 'd');
    fs.renameSync(join(root, 'a'), join(root, 'd/b'));
    expect(await heard.upTo('moved a > d/b')).toEqual(['moved a > d/b']);
    fs.renameSync(join(root, 'd/b'), join(root, 'd/c'));
    expect(await heard.upTo('moved d/b > d/c')).toEqual(['moved d/b > d/c']);
  });

  on('renamed a thousand times: never half of one', async (root, site) => {
    fs.mkdirSync(join(root, 'd'));
    fs.writeFileSync(join(root, 'a'), '');
    await using heard = await Heard.by(watchOf(site), '', 'd');
    for (let round = 0; round < 500; round++) {
      fs.renameSync(join(root, 'a'), join(root, 'd/a'));
      if (round % 5 === 0) await new Promise(setImmediate);
      fs.renameSync(join(root, 'd/a'), join(root, 'a'));
    }
    const events = await heard.upTo(end(root));
    expect(events.length).toBe(1001);
    expect(new Set(events.slice(0, -1))).toEqual(new Set(['moved a > d/a', 'moved d/a > a']));
  });

  on('moved in or out of what is watched', async (root, site) => {
    fs.mkdirSync(join(root, 'unwatched'));
    fs.writeFileSync(join(root, 'a'), '');
    await using heard = await Heard.by(watchOf(site), '');
    fs.renameSync(join(root, 'a'), join(root, 'unwatched/a'));
    expect(await heard.upTo('changed a')).toEqual(['changed a']);
    fs.renameSync(join(root, 'unwatched/a'), join(root, 'b'));
    expect(await heard.upTo('changed b')).toEqual(['changed b']);
  });

  on('of a name that is not UTF-8', async (root, site) => {
    await using heard = await Heard.by(watchOf(site), '');
    fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/x`), Buffer.of(0xff)]), '');
    expect(await heard.upTo('closed x\udcff')).toEqual(['changed x\udcff', 'closed x\udcff']);
  });

  on('within 20 ms, and half of the time within 5', async (root, site) => {
    await using heard = await Heard.by(watchOf(site), '');
    const took: number[] = [];
    for (let round = 0; round < 40; round++) {
      const before = performance.now();
      fs.writeFileSync(join(root, `f${round}`), 'x');
      await heard.upTo(`closed f${round}`);
      took.push(performance.now() - before);
    }
    took.sort((a, b) => a - b);
    expect(took[20]).toBeLessThan(5);
  });
});

describe('a directory', () => {
  on('that is renamed keeps its watches, and those below, under their new path', async (root, site) => {
    fs.mkdirSync(join(root, 'a/b/c'), { recursive: true });
    fs.mkdirSync(join(root, 'x'));
    await using heard = await Heard.by(watchOf(site), '', 'a', 'a/b', 'a/b/c', 'x');
    fs.renameSync(join(root, 'a/b'), join(root, 'x/y'));
    fs.writeFileSync(join(root, 'x/y/c/f'), '');
    expect(await heard.upTo('closed x/y/c/f')).toEqual(['moved a/b > x/y', 'changed x/y/c/f', 'closed x/y/c/f']);
    fs.renameSync(join(root, 'x'), join(root, 'z'));
    fs.rmSync(join(root, 'z/y/c/f'));
    expect(await heard.upTo('changed z/y/c/f')).toEqual(['moved x > z', 'changed z/y/c/f']);
  });

  on('that left is heard of no more', async (root, site) => {
    await using other = await nativeSite();
    fs.mkdirSync(join(root, 'a/b'), { recursive: true });
    await using heard = await Heard.by(watchOf(site), '', 'a', 'a/b');
    fs.renameSync(join(root, 'a'), join(other.fs.root, 'a'));
    await heard.upTo('changed a');
    fs.writeFileSync(join(other.fs.root, 'a/b/f'), '');
    expect(await heard.upTo(end(root))).toEqual(['changed end']);
  });

  on('that is removed and made again is watched again', async (root, site) => {
    await using heard = await Heard.by(watchOf(site), '');
    for (let round = 0; round < 3; round++) {
      fs.mkdirSync(join(root, 'd'));
      await heard.watch.add('d');
      fs.writeFileSync(join(root, 'd/f'), '');
      await heard.upTo('closed d/f');
      fs.rmSync(join(root, 'd'), { recursive: true });
      await heard.upTo('changed d');
    }
  });

  on('that took the place of another under its name is the one that is heard of', async (root, site) => {
    fs.mkdirSync(join(root, 'd'));
    await using heard = await Heard.by(watchOf(site), '', 'd');
    fs.renameSync(join(root, 'd'), join(root, 'old'));
    fs.mkdirSync(join(root, 'd'));
    // Before the events above are read: the watch must not believe them afterwards.
    await heard.watch.add('d');
    await heard.watch.add('old');
    await heard.upTo('changed d');
    // What the events were about is scanned, as ever.
    for (const dir of ['d', 'old']) await heard.watch.add(dir);
    fs.writeFileSync(join(root, 'd/f'), '');
    fs.writeFileSync(join(root, 'old/g'), '');
    expect(await heard.upTo('closed old/g')).toEqual(expect.arrayContaining(['closed d/f', 'closed old/g']));
  });

  on('exchanged with another: both are to be scanned, and nothing is told under a wrong path', async (root, site) => {
    for (const dir of ['a', 'b']) fs.mkdirSync(join(root, dir));
    await using heard = await Heard.by(watchOf(site), '', 'a', 'b');
    await site.exchange('a', 'b');
    const events = await heard.upTo('changed b');
    expect(events).toEqual(expect.arrayContaining(['moved a > b', 'moved b > a', 'changed a', 'changed b']));
    for (const dir of ['a', 'b']) await heard.watch.add(dir);
    fs.writeFileSync(join(root, 'a/f'), '');
    expect(await heard.upTo('closed a/f')).toEqual(['changed a/f', 'closed a/f']);
  });

  test('is watched with others in one call, and one that is refused stands in the way of none', async () => {
    const asked: unknown[] = [];
    await using made = await siteOver((native) => ({
      ...native,
      async watchAdd(watch, root, paths, mask) {
        const wds = await native.watchAdd(watch, root, paths, mask);
        asked.push(paths);
        if (paths === 'a\0none\0refused\0b\0') new Int32Array(wds as ArrayBuffer)[2] = -constants.errno.EIO;
        return wds;
      },
    }));
    const { root } = made.fs;
    for (const dir of ['a', 'b', 'refused']) fs.mkdirSync(join(root, dir));
    await using heard = await Heard.by(watchOf(made.fs));
    await expect(heard.watch.add('a', 'none', 'refused', '', 'b')).rejects.toMatchObject({ code: 'EIO' });
    expect(asked.slice(1)).toEqual(['\0', 'a\0none\0refused\0b\0']);
    for (const dir of ['a', 'b']) fs.writeFileSync(join(root, dir, 'f'), '');
    fs.writeFileSync(join(root, 'g'), '');
    expect(await heard.upTo('closed g')).toEqual(expect.arrayContaining(['closed a/f', 'closed b/f', 'closed g']));
  });

  test('that was moved while it was being watched is told under no wrong path', async () => {
    const gate = Promise.withResolvers<void>();
    await using made = await siteOver((native) => ({
      ...native,
      async watchAdd(watch, root, paths, mask) {
        const wds = await native.watchAdd(watch, root, paths, mask);
        if (paths === 'a/b\0') await gate.promise;
        return wds;
      },
    }));
    const { root } = made.fs;
    fs.mkdirSync(join(root, 'a/b'), { recursive: true });
    await using heard = await Heard.by(watchOf(made.fs), '', 'a');
    const adding = heard.watch.add('a/b');
    await heard.watch.add('');
    fs.renameSync(join(root, 'a'), join(root, 'x'));
    expect(await heard.upTo('changed x')).toEqual(['moved a > x', 'changed x']);
    gate.resolve();
    await adding;
    fs.writeFileSync(join(root, 'x/b/f'), '');
    for (const dir of ['x', 'x/b']) await heard.watch.add(dir);
    fs.writeFileSync(join(root, 'x/b/g'), '');
    expect(await heard.upTo('closed x/b/g')).toEqual(['changed x/b/g', 'closed x/b/g']);
  });

  test('whose first events come before its descriptor is told loses none', async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    await using made = await siteOver((native) => ({
      ...native,
      watchStart: (onEvents) =>
        native.watchStart((bytes) => {
          onEvents(bytes);
          arrived.resolve();
        }),
      async watchAdd(watch, root, paths, mask) {
        const wds = await native.watchAdd(watch, root, paths, mask);
        if (paths !== 'd\0') return wds;
        reached.resolve();
        await gate.promise;
        return wds;
      },
    }));
    const { root } = made.fs;
    fs.mkdirSync(join(root, 'd'));
    await using heard = await Heard.by(watchOf(made.fs), '');
    const adding = heard.watch.add('d');
    await reached.promise;
    fs.writeFileSync(join(root, 'd/f'), '');
    await arrived.promise;
    fs.writeFileSync(join(root, 'g'), '');
    expect(heard.events).toEqual([]);
    gate.resolve();
    await adding;
    expect(await heard.upTo('closed g')).toEqual(['changed d/f', 'closed d/f', 'changed g', 'closed g']);
  });

  on('that vanished before it was watched is no error; one that is a link neither', async (root, site) => {
    fs.symlinkSync('.', join(root, 'l'));
    fs.writeFileSync(join(root, 'f'), '');
    await using heard = await Heard.by(watchOf(site), '', 'none', 'none/x', 'l', 'f');
    expect(await heard.upTo(end(root))).toEqual(['changed end']);
    await expect(heard.watch.add('../x')).rejects.toMatchObject({ code: 'EINVAL' });
  });

  on('made with others in it at once: who watches, then lists, misses none', async (root, site) => {
    await using heard = await Heard.by(watchOf(site), '');
    const found = new Set<string>();
    const scan = async (dir: string): Promise<void> => {
      found.add(dir);
      await heard.watch.add(dir);
      for (const { name, stat } of await site.list(dir)) {
        if (stat.kind === 'directory') await scan(joinPath(dir, name));
      }
    };
    const made = 20;
    for (let index = 0; index < made; index++) fs.mkdirSync(join(root, `${index}/b/c/d/e`), { recursive: true });
    let seen = 0;
    await heard.when((events) => {
      const fresh = events.slice(seen);
      seen = events.length;
      for (const event of fresh) if (event.kind === 'changed') void scan(event.path).then(() => heard.poke());
      return found.size === made * 5 ? true : undefined;
    }, 'all directories');
    for (let index = 0; index < made; index++) fs.writeFileSync(join(root, `${index}/b/c/d/e/f`), '');
    for (let index = 0; index < made; index++) {
      const text = `${index}/b/c/d/e/f`;
      await heard.when((events) => events.find((one) => one.kind === 'closed' && one.path === text), text);
    }
  });
});

describe('the watch itself', () => {
  on('says that events were lost', async (root, site) => {
    await using heard = await Heard.by(watchOf(site), '');
    const queue = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    // The event loop stands still meanwhile, so the hand-over fills up, then the kernel's queue. Two alternate names,
    // because the kernel joins an event that is like the one before.
    const [a, b] = ['a', 'b'].map((name) => fs.openSync(join(root, name), 'w'));
    for (let round = 0; round < queue * 2; round++) {
      fs.ftruncateSync(a as number, round % 2);
      fs.ftruncateSync(b as number, round % 2);
    }
    for (const fd of [a, b]) fs.closeSync(fd as number);
    await heard.when((events) => events.find(({ kind }) => kind === 'overflow'), 'overflow');
    fs.writeFileSync(join(root, 'after'), '');
    await heard.when((events) => events.find((one) => one.kind === 'closed' && one.path === 'after'), 'after');
  });

  test('says that the kernel grants no more, once', async () => {
    await using made = await siteOver((native) => ({
      ...native,
      watchAdd: () => Promise.resolve(-constants.errno.ENOSPC),
    }));
    await using heard = await Heard.by(watchOf(made.fs), '', 'd');
    expect(heard.events).toEqual([{ kind: 'limit', path: '' }]);
  });

  on('says that the root was removed or moved', async (root) => {
    const losses = {
      x: () => fs.rmdirSync(join(root, 'x')),
      y: () => fs.renameSync(join(root, 'y'), join(root, 'z')),
    };
    for (const [dir, lose] of Object.entries(losses)) {
      fs.mkdirSync(join(root, dir));
      const site = await openSiteFs(join(root, dir));
      const heard = await Heard.by(watchOf(site), '');
      lose();
      expect(await heard.upTo('gone')).toContain('gone');
      await heard.watch.close();
      await site.close();
    }
  });

  on('is silent after it was closed, and closes twice', async (root, site) => {
    const heard = await Heard.by(watchOf(site), '');
    await heard.watch.close();
    await heard.watch.close();
    await heard.watch.add('');
    fs.writeFileSync(join(root, 'a'), '');
    await using other = await Heard.by(watchOf(site), '');
    await other.upTo(end(root));
    expect(heard.events).toEqual([]);
  });

  on('keeps no process alive', async (root) => {
    expect(runModule(`${watching(root)} console.log('watching');`)).toBe('watching\n');
  });

  on('may be told of events while its thread ends', async (root) => {
    const worker = `${watching(root)}
      const { writeFileSync } = await import('node:fs');
      for (let i = 0; i < 200; i++) writeFileSync(${JSON.stringify(join(root, 'f'))} + i, '');
      process.exit(0);`;
    const said = runModule(`
      import { Worker } from 'node:worker_threads';
      ${watching(root)}
      for (let round = 0; round < 3; round++) {
        const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)})));
        console.log(await new Promise((resolve) => worker.once('exit', resolve)));
      }`);
    expect(said).toBe('0\n0\n0\n');
  });
});

/** Module text that watches a root. */
function watching(root: string): string {
  const lib = (file: string): string =>
    JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../lib/agent/fs', file)).href);
  return `
    const { openSiteFs } = await import(${lib('open-site.ts')});
    const { watchOf } = await import(${lib('watch.ts')});
    const site = await openSiteFs(${JSON.stringify(root)});
    const watch = await watchOf(site)(() => {});
    await watch.add('');`;
}

function runModule(text: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', text], { timeout: 5000 }).toString();
}
