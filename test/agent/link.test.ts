// Symbolic links are synced as links: never followed, whatever they point to.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { TidewayError } from '../../lib/base/errors.ts';
import type { FakeCloud } from '../support/fake-backend.ts';
import { converge, eachOnTwoSites, type TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));

beforeEach(async () => {
  await paris.start();
  await tokyo.start();
});

const ops = (): readonly string[] => cloud.namespace.log.map(({ op }) => op);
const targetAt = (site: TestSite, path: string): string | undefined => site.user.snapshot().get(path)?.target;

describe('a symbolic link', () => {
  test.each(['a', '../../etc/passwd', '/', 'no such thing', 'd', '\udcff\udc80', 'x'.repeat(1024)])(
    'to %j comes to the other site with its time, and nothing of what it points to',
    async (target) => {
      paris.user.mkdirp('d');
      paris.user.writeFile('a', 'A');
      paris.user.symlink(target, 'd/l');
      paris.user.utimes('d/l', 1_700_000_000_123_456_789n);
      await converge(cloud, paris, tokyo);
      const { stat } = tokyo.user.snapshot().get('d/l')!;
      expect([targetAt(tokyo, 'd/l'), stat.kind, stat.mtimeNs]).toEqual([
        target,
        'symlink',
        1_700_000_000_123_456_789n,
      ]);
      expect(ops().toSorted()).toEqual(['create', 'create', 'mkdir']);
    },
  );

  test('is moved, points elsewhere, and is deleted: the same node all the time', async () => {
    paris.user.symlink('one', 'l');
    await converge(cloud, paris, tokyo);
    tokyo.user.rename('l', 'm');
    await converge(cloud, paris, tokyo);
    // As `ln -sfn` does it: a new link, renamed over the old one.
    paris.user.symlink('two', 'new');
    paris.user.rename('new', 'm');
    await converge(cloud, paris, tokyo);
    expect(targetAt(tokyo, 'm')).toBe('two');
    paris.user.rm('m');
    await converge(cloud, paris, tokyo);
    expect(tokyo.tree().size).toBe(0);
    const nodes = new Set(cloud.namespace.log.map(({ node }) => node));
    expect(nodes.size).toBeLessThanOrEqual(2);
  });

  test('in the place of a directory: what was below is deleted, what it leads to is not looked at', async () => {
    paris.user.mkdirp('d');
    paris.user.mkdirp('other');
    paris.user.writeFile('d/x', 'x');
    paris.user.writeFile('other/y', 'y');
    await converge(cloud, paris, tokyo);
    paris.user.rm('d');
    paris.user.symlink('other', 'd');
    await converge(cloud, paris, tokyo);
    expect([...tokyo.user.snapshot().keys()].filter((path) => !path.startsWith('.tideway'))).toEqual([
      'd',
      'other',
      'other/y',
    ]);
    expect(targetAt(tokyo, 'd')).toBe('other');
    // And back.
    tokyo.user.rm('d');
    tokyo.user.mkdirp('d');
    tokyo.user.writeFile('d/z', 'z');
    await converge(cloud, paris, tokyo);
    expect(paris.tree().get('d/z')).toBe('z');
  });

  test('changed at both sites: one keeps the name, the other is beside it', async () => {
    paris.user.symlink('base', 'l');
    await converge(cloud, paris, tokyo);
    cloud.hook = (call) => {
      if (call.endsWith('readLog')) throw new TidewayError('unreachable', 'no network');
    };
    cloud.hints = false;
    for (const site of [paris, tokyo]) {
      site.user.rm('l');
      site.user.symlink(site.name, 'l');
      await site.agent!.rescan();
    }
    await until('both are sent', () => ops().length === 3, 20_000);
    cloud.hook = () => {};
    // They have waited a while between their tries to hear of it.
    await until('both hear of it', () => [paris, tokyo].every((site) => site.tree().size === 2), 20_000);
    await converge(cloud, paris, tokyo);
    const targets = [...paris.user.snapshot().values()].flatMap(({ target }) => target ?? []);
    expect(targets.toSorted()).toEqual(['paris', 'tokyo']);
  });

  test('with a target that no link on the share can have is a problem, and the rest goes on', async () => {
    paris.user.symlink('x'.repeat(1025), 'long');
    paris.user.writeFile('a', 'A');
    await until('a at tokyo', () => tokyo.tree().get('a') === 'A');
    await until('the problem', () => paris.agent!.status().problems.length > 0);
    expect(paris.agent!.status().problems).toMatchObject([{ path: 'long', code: 'target_too_long' }]);
    expect(tokyo.tree().size).toBe(1);
    paris.user.rm('long');
    paris.user.symlink('short', 'long');
    await converge(cloud, paris, tokyo);
    expect([targetAt(tokyo, 'long'), paris.agent!.status().problems]).toEqual(['short', []]);
  });
});

describe('a file with two names', () => {
  test('is two files elsewhere: an edit by one name is an edit of both, and one that goes takes the other along nowhere', async () => {
    paris.user.mkdirp('d');
    paris.user.writeFile('a', 'one');
    paris.user.link('a', 'd/b');
    await converge(cloud, paris, tokyo);
    paris.user.writeFile('d/b', 'two');
    await until('both', () => tokyo.tree().get('a') === 'two' && tokyo.tree().get('d/b') === 'two');
    paris.user.rm('a');
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree()]).toEqual([
      ['d', null],
      ['d/b', 'two'],
    ]);
    expect(paris.agent!.status().problems).toEqual([]);
    // What comes from elsewhere is for one name only: the other keeps what it had.
    paris.user.link('d/b', 'c');
    await converge(cloud, paris, tokyo);
    tokyo.user.writeFile('c', 'three');
    await converge(cloud, paris, tokyo);
    expect([paris.tree().get('c'), paris.tree().get('d/b')]).toEqual(['three', 'two']);
  });
});
