import { expect, test } from '@jest/globals';
import fc from '../../support/property.ts';
import { seededRandom } from '../../../lib/base/random.ts';
import { crash } from '../../../lib/agent/fs/memory-crash.ts';
import { MemoryFs } from '../../../lib/agent/fs/memory-fs.ts';
import { MemoryUser, type Snapshot } from '../../../lib/agent/fs/memory-user.ts';
import { put, text } from './site.ts';

function volume(): { fs: MemoryFs; user: MemoryUser } {
  const fs = new MemoryFs(() => 1n);
  return { fs, user: new MemoryUser(fs.volume) };
}

function after(fs: MemoryFs, seed: number): ReadonlyMap<string, Snapshot> {
  return new MemoryUser(crash(fs, seededRandom(seed)).volume).snapshot();
}

function textsOf(tree: ReadonlyMap<string, Snapshot>): string {
  return [...tree].map(([path, { data }]) => (data ? `${path}=${Buffer.from(data).toString()}` : path)).join(' ');
}

const seeds = Array.from({ length: 200 }, (_, index) => index);

test('what was synced is there, exactly', async () => {
  const { fs, user } = volume();
  user.mkdirp('d/e');
  user.writeFile('d/a', 'A');
  user.link('d/a', 'd/e/b');
  user.writeFile('gone', 'x');
  user.rm('gone');
  await fs.sync();
  const whole = user.snapshot();
  for (const seed of seeds) expect(after(fs, seed)).toEqual(whole);
});

test('names that were not synced come back in order, up to some point', async () => {
  const { fs, user } = volume();
  user.writeFile('a', 'A');
  await fs.sync();
  user.mkdirp('d');
  user.rename('a', 'd/a');
  user.mkdirp('e');
  const seen = new Set(seeds.map((seed) => textsOf(after(fs, seed))));
  expect(seen).toEqual(new Set(['a=A', 'a=A d', 'd d/a=A', 'd d/a=A e']));
});

test('content that was not synced is old, new, or mixed by pages; a new file may be empty', () => {
  const { fs, user } = volume();
  const first = Buffer.alloc(8192, 'o');
  user.writeFile('a', first);
  fs.volume.sync();
  const inode = fs.volume.get('a', 'open');
  fs.volume.write(inode, 0, Buffer.alloc(8192, 'n'));
  user.writeFile('b', 'new');
  const pages = new Set<string>();
  const news = new Set<string>();
  for (const seed of seeds) {
    const tree = after(fs, seed);
    const data = Buffer.from(tree.get('a')?.data ?? []);
    pages.add(`${data.toString('latin1', 0, 1)}${data.toString('latin1', 4096, 4097)}`);
    const made = tree.get('b');
    if (made !== undefined) news.add(Buffer.from(made.data ?? []).toString());
  }
  expect(pages).toEqual(new Set(['oo', 'nn', 'on', 'no']));
  expect(news).toEqual(new Set(['', '\0\0\0', 'new']));
});

test('a file that was synced has its content wherever its name is', async () => {
  const { fs } = volume();
  const file = await fs.create('staged', 0o600);
  await file.write(0, Buffer.from('whole'));
  await file.utimes(77n);
  await file.sync();
  await file.close();
  await fs.rename('staged', 'final', false);
  const seen = new Set<string>();
  for (const seed of seeds) {
    const tree = after(fs, seed);
    seen.add(textsOf(tree));
    for (const { stat } of tree.values()) expect(stat).toMatchObject({ size: 5, mtimeNs: 77n, mode: 0o600 });
  }
  expect(seen).toEqual(new Set(['', 'staged=whole', 'final=whole']));
});

test('the old volume and the new one share nothing', async () => {
  const { fs, user } = volume();
  user.writeFile('a', 'A');
  await fs.sync();
  const revived = crash(fs, seededRandom(1));
  new MemoryUser(revived.volume).writeFile('a', 'changed');
  await put(revived, 'b');
  expect(textsOf(user.snapshot())).toBe('a=A');
  expect(await text(revived, 'a')).toBe('changed');
  await revived.sync();
  expect(textsOf(after(revived, 2))).toBe('a=changed b=b');
});

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const step = fc.record({
  call: fc.constantFrom('mkdirp', 'writeFile', 'rename', 'link', 'rm', 'exchange', 'sync', 'crash'),
  path,
  to: path,
});

test('any history leaves a sound tree, and counts that add up', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
      const random = seededRandom(seed);
      let { fs, user } = volume();
      for (const one of steps) {
        if (one.call === 'crash') {
          fs = crash(fs, random);
          user = new MemoryUser(fs.volume);
        } else {
          attempt(() => act(fs, user, one));
        }
        sound(fs, user);
      }
    }),
    { numRuns: 300 },
  );
});

function act(fs: MemoryFs, user: MemoryUser, one: { call: string; path: string; to: string }): void {
  if (one.call === 'sync') fs.volume.sync();
  else if (one.call === 'exchange') fs.volume.rename(one.path, one.to, 'exchange');
  else if (one.call === 'rename' || one.call === 'link') user[one.call](one.path, one.to);
  else if (one.call === 'writeFile') user.writeFile(one.path, one.to);
  else if (one.call === 'rm') user.rm(one.path);
  else user.mkdirp(one.path);
}

function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    expect(error).toHaveProperty('code');
  }
}

function sound(fs: MemoryFs, user: MemoryUser): void {
  const inodes = new Map<bigint, { links: number; names: number; size: number; kind: string }>();
  for (const { stat } of user.snapshot().values()) {
    const one = inodes.get(stat.ino) ?? { links: stat.links, names: 0, size: stat.size, kind: stat.kind };
    one.names++;
    expect([one.links, one.kind]).toEqual([stat.links, stat.kind]);
    inodes.set(stat.ino, one);
  }
  const all = [...inodes.values()];
  const files = all.filter(({ kind }) => kind === 'file');
  for (const { links, names } of files) expect(names).toBe(links);
  expect(all.filter(({ kind }) => kind === 'directory').every(({ names }) => names === 1)).toBe(true);
  expect(fs.volume.usedInodes).toBe(all.length + 1);
  expect(fs.volume.usedBytes).toBe(files.reduce((sum, { size }) => sum + size, 0));
}
