// What comes from other sites is not believed: no name and no link leads out of the site (I25).
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { blockHash, contentHash } from '../../lib/agent/hash.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { RealSite } from './real-site.ts';
import { TestSite, until } from './rig.ts';

let base: string;
let root: string;
let outside: string;
let cloud: FakeCloud;
let paris: TestSite;
let tokyo: RealSite;
let sent = 0;
const soon = (what: string, condition: () => boolean): Promise<void> => until(what, condition, 20_000);

beforeEach(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'tideway-hostile-'));
  [root, outside] = [path.join(base, 'site'), path.join(base, 'outside')];
  for (const dir of [root, outside]) mkdirSync(dir);
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = await RealSite.open(cloud, 'tokyo', root, base);
});

afterEach(async () => {
  await paris.agent?.stop();
  await tokyo[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

/** A row as only a committer makes it that looks at nothing. */
function forge(id: string, parent: string, name: string, directory = false): void {
  const bytes = Buffer.from('forged');
  const hash = contentHash([blockHash(bytes)]);
  const content = { slot: 'none', size: bytes.length, hash, etag: `forged-${id}`, whole: true };
  const place = { node: id, parent, name, mode: 0o644 };
  const by = { endpoint: 'evil', server: 'evil', incarnation: 1, n: ++sent, at: 0 };
  const row = directory
    ? cloud.namespace.commit(by, { kind: 'mkdir', ...place, mode: 0o755 }, undefined)
    : cloud.namespace.commit(by, { kind: 'create', ...place, content, mtime: '1' }, { etag: content.etag, bytes });
  cloud.publish([row]);
}

describe('a name from elsewhere', () => {
  test('faults 43 and 45: that leads out of its directory, or into ours, or stands for no bytes, is a problem of its own; the rest goes on', async () => {
    mkdirSync(path.join(root, 'd'));
    await tokyo.start();
    const bad = ['../x', 'd/x', '.', '', '/etc/x', 'a\0b', '\ud800'];
    bad.forEach((name, at) => forge(`bad-${at}`, 'root', name));
    forge('ours-1', 'root', '.tideway', true);
    forge('ours-2', 'ours-1', 'endpoint.json');
    forge('dots-1', 'root', '..', true);
    forge('dots-2', 'dots-1', 'outside');
    forge('good-1', 'root', 'good');
    await soon('the good one', () => existsSync(path.join(root, 'good')));
    await soon('all are told', () => tokyo.site.agent!.status().problems.length === bad.length + 2);
    expect(readFileSync(path.join(root, 'good'), 'utf8')).toBe('forged');
    const codes = tokyo.site.agent!.status().problems.map(({ code }) => code);
    expect(codes.toSorted()).toEqual([...Array<string>(bad.length + 1).fill('name_invalid'), 'name_reserved']);
    expect(readdirSync(root).toSorted()).toEqual(['.tideway', 'd', 'good']);
    expect(existsSync(path.join(base, 'x'))).toBe(false);
    expect([readdirSync(outside), readdirSync(path.join(root, 'd'))]).toEqual([[], []]);
    expect(JSON.parse(readFileSync(path.join(root, '.tideway/endpoint.json'), 'utf8'))).toMatchObject({
      endpoint: 'tokyo',
    });
  });

  test('fault 44: that is too long for a disk is a problem of its own; the rest goes on', async () => {
    await tokyo.start();
    const long = '漢'.repeat(255);
    forge('long-1', 'root', long);
    forge('dir-1', 'root', `${long}.d`, true);
    forge('dir-2', 'dir-1', 'below');
    forge('good-1', 'root', 'good');
    await soon('the good one', () => existsSync(path.join(root, 'good')));
    await soon('both are told', () => tokyo.site.agent!.status().problems.length === 2);
    expect(tokyo.site.agent!.status().problems.map(({ code }) => code)).toEqual(['name_too_long', 'name_too_long']);
    expect(readdirSync(root).toSorted()).toEqual(['.tideway', 'good']);
  });

  test('that somebody moves to where it may not be stays where it is', async () => {
    await tokyo.start();
    forge('file-1', 'root', 'f');
    await soon('it is here', () => existsSync(path.join(root, 'f')));
    const by = { endpoint: 'evil', server: 'evil', incarnation: 1, n: ++sent, at: 0 };
    cloud.publish([
      cloud.namespace.commit(by, { kind: 'move', node: 'file-1', parent: 'root', name: '../g' }, undefined),
    ]);
    await soon('the problem', () => tokyo.site.agent!.status().problems.length === 1);
    expect([existsSync(path.join(base, 'g')), readFileSync(path.join(root, 'f'), 'utf8')]).toEqual([false, 'forged']);
  });
});

test('fault 46: a directory that is swapped for a link while files are put into it leads nowhere', async () => {
  paris.user.mkdirp('d');
  await paris.start();
  let swapped = false;
  Object.assign(tokyo.over, {
    rename: async (from: string, to: string, replace: boolean) => {
      if (!swapped && to.startsWith('d/')) {
        swapped = true;
        renameSync(path.join(root, 'd'), path.join(root, 'moved'));
        symlinkSync(outside, path.join(root, 'd'));
      }
      await tokyo.fs.rename(from, to, replace);
    },
  });
  await tokyo.start();
  await soon('the directory', () => existsSync(path.join(root, 'd')));
  for (let i = 0; i < 5; i++) paris.user.writeFile(`d/${i}`, 'content');
  await soon('the swap', () => swapped);
  // They follow the directory; where the watch was too slow to tell that it moved, it is made again under its old name.
  const isWhole = (name: string): boolean => {
    const dir = path.join(root, name);
    return lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() === true && readdirSync(dir).length === 5;
  };
  const there = (): string | undefined => ['moved', 'd'].find(isWhole);
  await soon('they are in a directory', () => there() !== undefined);
  const linked = (): boolean => [...paris.user.snapshot().values()].some(({ target }) => target === outside);
  await soon('the link is at paris', linked);
  await soon('both agree where they are', () => paris.tree().get(`${there()}/4`) === 'content');
  expect(readdirSync(outside)).toEqual([]);
});

test('a file in the place of a link, or a link in the place of a file, is not written through', async () => {
  writeFileSync(path.join(outside, 'secret'), 'secret');
  await paris.start();
  let swapped = false;
  Object.assign(tokyo.over, {
    exchange: async (a: string, b: string) => {
      if (!swapped && b === 'f') {
        swapped = true;
        rmSync(path.join(root, 'f'));
        symlinkSync(path.join(outside, 'secret'), path.join(root, 'f'));
      }
      await tokyo.fs.exchange(a, b);
    },
  });
  await tokyo.start();
  paris.user.writeFile('f', 'one');
  await soon('it is here', () => existsSync(path.join(root, 'f')));
  paris.user.writeFile('f', 'two');
  await soon('the swap', () => swapped);
  await soon('the new one', () => readFileSync(path.join(root, 'f'), 'utf8') === 'two');
  expect(readFileSync(path.join(outside, 'secret'), 'utf8')).toBe('secret');
  // The link was somebody's work: it is beside it.
  await soon('the link', () => [...paris.user.snapshot().values()].some(({ target }) => target?.endsWith('secret')));
});
