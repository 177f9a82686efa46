// A site on a volume of its own that gets full, or goes away in the middle of the work.
import {
  appendFileSync,
  mkdirSync,
  utimesSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeDisk, noDisk, whyNoDisk, type Disk } from '../support/disk.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { RealSite } from './real-site.ts';
import { TestSite, until } from './rig.ts';

const mebi = 2 ** 20;
const long = 20_000;
let base: string;
let disk: Disk;
let cloud: FakeCloud;
let paris: TestSite;
let tokyo: RealSite;
let mounted = false;

beforeEach(async () => {
  if (noDisk !== undefined) return;
  base = mkdtempSync(path.join(tmpdir(), 'tideway-volume-'));
  disk = makeDisk(base, 24 * mebi);
  mounted = true;
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = await RealSite.open(cloud, 'tokyo', disk.mountPoint, base);
  await paris.start();
});

afterEach(async () => {
  if (noDisk !== undefined) return;
  await paris.agent?.stop();
  await tokyo[Symbol.asyncDispose]();
  if (mounted) disk.unmount();
  rmSync(base, { recursive: true });
});

const problems = (): readonly (readonly string[])[] =>
  tokyo.site.agent!.status().problems.map(({ path: at, code }) => [at, code]);
const has = (name: string, size: number): boolean =>
  existsSync(tokyo.path(name)) && statSync(tokyo.path(name)).size === size;
const users = (dir: string): readonly string[] =>
  readdirSync(dir)
    .filter((name) => name !== '.tideway' && name !== 'lost+found')
    .toSorted();

(noDisk === undefined ? describe : describe.skip)(`a volume${whyNoDisk}`, () => {
  test('that is full: a problem of what finds no room, whole or not at all; all of it comes when there is room', async () => {
    // No other site hears of it: it is excluded.
    writeFileSync(tokyo.path('~$ballast'), Buffer.alloc(12 * mebi, 1));
    await tokyo.start();
    const large = Buffer.alloc(10 * mebi, 'large');
    paris.user.writeFile('small', 'small');
    await until('the small one', () => has('small', 5), long);
    const old = readFileSync(tokyo.path('small'));
    paris.user.writeFile('large', large);
    paris.user.writeFile('small', Buffer.alloc(9 * mebi, 'now large, too'));
    await until(
      'the problems',
      () => problems().length >= 1 && problems().every(([, code]) => code === 'disk_full'),
      long,
    );
    paris.user.writeFile('other', 'other');
    await until('the rest goes on', () => has('other', 5), long);
    expect([has('large', large.length), has('small', 9 * mebi)].filter(Boolean).length).toBeLessThan(2);
    if (!has('small', 9 * mebi)) expect(readFileSync(tokyo.path('small'))).toEqual(old);
    expect(users(tokyo.root).every((name) => ['large', 'other', 'small', '~$ballast'].includes(name))).toBe(true);
    rmSync(tokyo.path('~$ballast'));
    await until('both are there', () => has('large', large.length) && has('small', 9 * mebi), long);
    await until('no problem', () => problems().length === 0, long);
    expect(readFileSync(tokyo.path('large')).equals(large)).toBe(true);
    expect(readdirSync(tokyo.path('.tideway/tmp'))).toEqual([]);
    // Nothing was made of it that somebody else would see.
    expect(cloud.namespace.log.filter(({ server }) => server === 'tokyo')).toEqual([]);
  }, 60_000);

  test('fault 30: that goes away while files are put on it: nothing lands below, nothing is deleted, and it goes on when it is back', async () => {
    await tokyo.start();
    for (let at = 0; at < 200; at++) paris.user.writeFile(`f${at}`, `content ${at}`);
    await until('some are there', () => users(tokyo.root).length > 3, long);
    disk.unmount();
    mounted = false;
    for (let at = 0; at < 50; at++) paris.user.rm(`f${at}`);
    paris.user.writeFile('late', 'late');
    await until('it halts', () => tokyo.site.agent!.status().halt !== undefined, long);
    expect(tokyo.site.agent!.status().halt?.code).toBe('root_missing');
    expect(readdirSync(disk.mountPoint)).toEqual([]);
    disk.mount();
    mounted = true;
    await tokyo.site.agent!.resume();
    await until('all is there', () => users(tokyo.root).length === 151 && has('late', 4), long);
    for (let at = 50; at < 200; at++) expect(readFileSync(tokyo.path(`f${at}`), 'utf8')).toBe(`content ${at}`);
    expect(cloud.namespace.log.filter(({ server }) => server === 'tokyo')).toEqual([]);
  }, 60_000);

  test('that is away when its agent starts again: nothing is deleted elsewhere', async () => {
    await tokyo.start();
    for (let at = 0; at < 10; at++) writeFileSync(tokyo.path(`f${at}`), `content ${at}`);
    await until('all are at paris', () => paris.tree().size === 10, long);
    await tokyo.stop();
    await tokyo.fs.close();
    disk.unmount();
    mounted = false;
    await tokyo.reopen();
    await tokyo.start();
    await until('it halts', () => tokyo.site.agent!.status().halt?.code === 'root_emptied', long);
    expect([paris.tree().size, readdirSync(disk.mountPoint)]).toEqual([10, []]);
    disk.mount();
    mounted = true;
    await tokyo.reopen();
    await tokyo.start();
    appendFileSync(tokyo.path('f3'), ' and more');
    await until('the edit', () => paris.tree().get('f3') === 'content 3 and more', long);
    expect(paris.tree().size).toBe(10);
  }, 60_000);

  test('that is mounted over a directory of a site hides it: a problem, and nothing is deleted elsewhere', async () => {
    mkdirSync(path.join(base, 'site'));
    const lima = await RealSite.open(cloud, 'lima', path.join(base, 'site'), base);
    disk.unmount();
    mounted = false;
    for (const name of ['d', 'e']) mkdirSync(lima.path(name));
    for (const name of ['d/1', 'd/2', 'e/3']) writeFileSync(lima.path(name), name);
    await lima.start();
    try {
      await until('all are at paris', () => paris.tree().size === 5, long);
      disk.mountAt(lima.path('d'));
      try {
        writeFileSync(lima.path('d/other'), 'of the other volume');
        // One look at the name, and one at everything.
        utimesSync(lima.path('d'), 1, 1);
        writeFileSync(lima.path('e/4'), 'e/4');
        await lima.site.agent!.rescan();
        await until('the rest goes on', () => paris.tree().has('e/4'), long);
        expect(lima.site.agent!.status().problems).toMatchObject([{ path: 'd', code: 'other_volume' }]);
        expect([...paris.tree().keys()]).toEqual(['d', 'd/1', 'd/2', 'e', 'e/3', 'e/4']);
        paris.user.writeFile('d/1', 'edited at paris');
        await until('it is committed', () => cloud.tree().get('d/1') === 'edited at paris', long);
      } finally {
        disk.unmountAt(lima.path('d'));
      }
      await lima.site.agent!.rescan();
      await until('the edit', () => readFileSync(lima.path('d/1'), 'utf8') === 'edited at paris', long);
      await until('no problem', () => lima.site.agent!.status().problems.length === 0, long);
      expect(paris.tree().size).toBe(6);
    } finally {
      await lima[Symbol.asyncDispose]();
    }
  }, 60_000);
});
