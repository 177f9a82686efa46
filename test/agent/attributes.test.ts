// Owner, group and extended attributes: what a site can set and see it syncs, what it cannot stays with the others.
import { describe, expect, test } from '@jest/globals';
import { Accounts, type AccountSource } from '../../lib/agent/fs/accounts.ts';
import { mayGiveAway } from '../../lib/agent/fs/open-accounts.ts';
import type { FakeCloud } from '../support/fake-backend.ts';
import { converge, eachOnTwoSites, type TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));

function people(users: Readonly<Record<string, number>>): Accounts {
  const source: AccountSource = {
    nameOf: (_kind, id) => Promise.resolve(Object.keys(users).find((name) => users[name] === id)),
    idOf: (_kind, name) => Promise.resolve(users[name]),
  };
  return new Accounts(source, () => performance.now());
}

const inParis = people({ root: 0, anna: 1001, berta: 1002, staff: 50 });
const inTokyo = people({ root: 0, anna: 2001, staff: 60 });
const ownersAt = (site: TestSite, path: string): readonly (number | undefined)[] => {
  const stat = site.user.snapshot().get(path)?.stat;
  return [stat?.uid, stat?.gid];
};
const ops = (): readonly string[] => cloud.namespace.log.map(({ op }) => op);

describe('owners', () => {
  test('go by name: of new files, directories and links, and when they change; each back and forth', async () => {
    await paris.start({ accounts: inParis });
    await tokyo.start({ accounts: inTokyo });
    paris.user.mkdirp('d');
    paris.user.writeFile('d/f', 'f');
    paris.user.symlink('f', 'd/l');
    for (const path of ['d', 'd/f', 'd/l']) paris.user.chown(path, 1001, 50);
    await converge(cloud, paris, tokyo);
    for (const path of ['d', 'd/f', 'd/l']) expect([path, ownersAt(tokyo, path)]).toEqual([path, [2001, 60]]);
    for (const path of ['d', 'd/f', 'd/l']) tokyo.user.chown(path, 0, 60);
    await converge(cloud, paris, tokyo);
    for (const path of ['d', 'd/f', 'd/l']) expect([path, ownersAt(paris, path)]).toEqual([path, [0, 50]]);
    expect(ops().filter((op) => op === 'edit')).toEqual([]);
    paris.user.writeFile('d/f', 'new content');
    await converge(cloud, paris, tokyo);
    expect(ownersAt(tokyo, 'd/f')).toEqual([0, 60]);
  });

  test('that a site does not know, or that have no name, go by number or stay with the others', async () => {
    await paris.start({ accounts: inParis });
    await tokyo.start({ accounts: inTokyo });
    paris.user.writeFile('number', 'x');
    paris.user.chown('number', 7777, 50);
    paris.user.writeFile('stranger', 'x');
    paris.user.chown('stranger', 1002, 50);
    await converge(cloud, paris, tokyo);
    expect([ownersAt(tokyo, 'number'), ownersAt(tokyo, 'stranger')]).toEqual([
      [7777, 60],
      [0, 60],
    ]);
    tokyo.user.writeFile('stranger', 'edited at tokyo');
    tokyo.user.chmod('stranger', 0o600);
    await converge(cloud, paris, tokyo);
    expect([paris.tree().get('stranger'), ownersAt(paris, 'stranger')]).toEqual(['edited at tokyo', [1002, 50]]);
    tokyo.user.chown('stranger', 2001, 60);
    await converge(cloud, paris, tokyo);
    expect(ownersAt(paris, 'stranger')).toEqual([1001, 50]);
  });

  test('are left as they are by a site that maps none, also when content is replaced', async () => {
    await paris.start({ accounts: inParis });
    await tokyo.start();
    paris.user.writeFile('f', 'one');
    paris.user.chown('f', 1001, 50);
    await converge(cloud, paris, tokyo);
    expect(ownersAt(tokyo, 'f')).toEqual([0, 0]);
    tokyo.user.chown('f', 4, 5);
    tokyo.user.writeFile('f', 'two');
    await converge(cloud, paris, tokyo);
    expect([paris.tree().get('f'), ownersAt(paris, 'f')]).toEqual(['two', [1001, 50]]);
    paris.user.writeFile('f', 'three');
    await converge(cloud, paris, tokyo);
    expect([tokyo.tree().get('f'), ownersAt(tokyo, 'f')]).toEqual(['three', [4, 5]]);
  });

  test('may be set only by who may give files away', () => {
    expect(mayGiveAway('CapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\n')).toBe(true);
    expect(mayGiveAway('CapPrm:\t000001ffffffffff\nCapEff:\t0000000000000002\n')).toBe(false);
    expect(mayGiveAway('nothing of it')).toBe(false);
  });
});

describe('mode', () => {
  test('fault 48: set-group-id and sticky bits of a site stay, and never travel', async () => {
    await paris.start();
    await tokyo.start();
    paris.user.mkdirp('d');
    paris.user.chmod('d', 0o3770);
    paris.user.writeFile('f', 'f');
    paris.user.chmod('f', 0o6755);
    await converge(cloud, paris, tokyo);
    const modes = (site: TestSite): readonly unknown[] =>
      ['d', 'f'].map((path) => site.user.snapshot().get(path)?.stat.mode);
    expect(modes(tokyo)).toEqual([0o770, 0o755]);
    tokyo.user.chmod('d', 0o750);
    await converge(cloud, paris, tokyo);
    await until('the mode', () => modes(paris)[0] === 0o3750);
  });
});

describe('extended attributes', () => {
  const some = { 'user.a': 'AQ==', 'user.\u00e9': '' };
  const xattrsAt = (site: TestSite, path: string): unknown => site.user.snapshot().get(path)?.xattrs;

  test('go along: of new files and directories, changed, removed, and over a new content', async () => {
    await paris.start();
    await tokyo.start();
    paris.user.mkdirp('d');
    paris.user.writeFile('d/f', 'f');
    for (const path of ['d', 'd/f']) paris.user.setXattrs(path, some);
    await converge(cloud, paris, tokyo);
    expect([xattrsAt(tokyo, 'd'), xattrsAt(tokyo, 'd/f')]).toEqual([some, some]);
    tokyo.user.setXattrs('d', {});
    tokyo.user.writeFile('d/f', 'new');
    await converge(cloud, paris, tokyo);
    expect([xattrsAt(paris, 'd'), xattrsAt(paris, 'd/f'), paris.tree().get('d/f')]).toEqual([{}, some, 'new']);
    paris.user.setXattrs('d/f', { 'user.b': 'Yg==' });
    await converge(cloud, paris, tokyo);
    expect(xattrsAt(tokyo, 'd/f')).toEqual({ 'user.b': 'Yg==' });
    expect(ops().filter((op) => op === 'edit')).toHaveLength(1);
  });

  test('that find no room here are a problem of the path, and stay with the others', async () => {
    await paris.start();
    await tokyo.start();
    let full = true;
    tokyo.volume.before = (call) => {
      if (full && call === 'setXattrs') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    paris.user.mkdirp('d');
    paris.user.writeFile('d/f', 'one');
    paris.user.setXattrs('d/f', some);
    await until('the content', () => tokyo.tree().get('d/f') === 'one');
    await until('the problem', () => tokyo.agent!.status().problems.length === 1);
    expect(tokyo.agent!.status().problems).toMatchObject([{ path: 'd/f', code: 'attributes_not_kept' }]);
    tokyo.user.writeFile('d/f', 'two');
    await converge(cloud, paris, tokyo);
    expect([paris.tree().get('d/f'), xattrsAt(paris, 'd/f')]).toEqual(['two', some]);
    full = false;
    paris.user.setXattrs('d/f', { 'user.c': '' });
    await converge(cloud, paris, tokyo);
    expect([xattrsAt(tokyo, 'd/f'), tokyo.agent!.status().problems]).toEqual([{ 'user.c': '' }, []]);
  });

  test('that are too large for the others stay here, without a loss there', async () => {
    await paris.start();
    await tokyo.start();
    paris.user.writeFile('f', 'one');
    paris.user.setXattrs('f', some);
    await converge(cloud, paris, tokyo);
    paris.user.setXattrs('f', { 'user.large': Buffer.alloc(64 * 1024).toString('base64') });
    paris.user.writeFile('f', 'two');
    await converge(cloud, paris, tokyo);
    expect([tokyo.tree().get('f'), xattrsAt(tokyo, 'f')]).toEqual(['two', some]);
  });
});
