import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../lib/base/clock.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;

beforeEach(() => {
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = new TestSite(cloud, 'tokyo');
});

afterEach(async () => {
  await Promise.all([paris.agent?.stop(), tokyo.agent?.stop()]);
});

describe('two sites', () => {
  test('what is at one at the start comes to the other', async () => {
    paris.user.mkdirp('docs/old');
    paris.user.writeFile('docs/a.txt', 'a');
    paris.user.writeFile('docs/old/b.txt', '');
    paris.user.chmod('docs/a.txt', 0o640);
    paris.user.utimes('docs/a.txt', 1_600_000_000_123_456_700n);
    await Promise.all([paris.start(), tokyo.start()]);
    await converge(cloud, paris, tokyo);
    expect(tokyo.tree()).toEqual(
      new Map([
        ['docs', null],
        ['docs/a.txt', 'a'],
        ['docs/old', null],
        ['docs/old/b.txt', ''],
      ]),
    );
    const { stat } = tokyo.user.snapshot().get('docs/a.txt')!;
    expect([stat.mode, stat.mtimeNs]).toEqual([0o640, 1_600_000_000_123_456_700n]);
  });

  test('a file saved while both run comes at once, without any poll or scan', async () => {
    await Promise.all([paris.start(), tokyo.start()]);
    await converge(cloud, paris, tokyo);
    const before = tokyo.agent!.counters();
    paris.user.writeFile('new.txt', 'new');
    await until('new.txt at tokyo', () => tokyo.tree().get('new.txt') === 'new');
    expect(tokyo.agent!.counters()['full']).toBe(before['full']);
  });

  test('edits, moves, renames of directories and deletes', async () => {
    paris.user.mkdirp('a/b');
    for (const name of ['1', '2', '3']) paris.user.writeFile(`a/b/${name}`, name);
    await Promise.all([paris.start(), tokyo.start()]);
    await converge(cloud, paris, tokyo);
    tokyo.user.writeFile('a/b/1', 'edited');
    await converge(cloud, paris, tokyo);
    expect(paris.tree().get('a/b/1')).toBe('edited');
    tokyo.user.rename('a/b', 'c');
    await converge(cloud, paris, tokyo);
    expect([...paris.tree().keys()]).toEqual(['a', 'c', 'c/1', 'c/2', 'c/3']);
    paris.user.rename('c/1', 'c/2');
    paris.user.rm('a');
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree()]).toEqual([
      ['c', null],
      ['c/2', 'edited'],
      ['c/3', '3'],
    ]);
    tokyo.user.rm('c');
    await converge(cloud, paris, tokyo);
    expect(paris.tree().size).toBe(0);
  });

  test('converged means quiet: nothing more is sent or done', async () => {
    paris.user.mkdirp('d');
    paris.user.writeFile('d/f', 'f');
    await Promise.all([paris.start(), tokyo.start()]);
    await converge(cloud, paris, tokyo);
    const before = [cloud.namespace.seq, paris.agent!.counters()['actions'], tokyo.agent!.counters()['actions']];
    await Promise.all([paris.agent!.rescan(), tokyo.agent!.rescan()]);
    await converge(cloud, paris, tokyo);
    expect([cloud.namespace.seq, paris.agent!.counters()['actions'], tokyo.agent!.counters()['actions']]).toEqual(
      before,
    );
  });

  test('the same tree at both from the start is adopted, not copied', async () => {
    for (const site of [paris, tokyo]) {
      site.user.mkdirp('same');
      site.user.writeFile('same/x', 'x');
    }
    await paris.start();
    await converge(cloud, paris);
    await tokyo.start();
    await converge(cloud, paris, tokyo);
    expect(tokyo.agent!.counters()).toMatchObject({ uploads: 0, downloads: 0 });
    expect(cloud.tree().size).toBe(2);
  });

  test('a file of several blocks', async () => {
    const big = Buffer.alloc(9 * 1024 * 1024 + 17, 'abcdefg');
    await Promise.all([paris.start(), tokyo.start()]);
    paris.user.writeFile('big', big);
    await converge(cloud, paris, tokyo);
    expect(Buffer.compare(Buffer.from(tokyo.user.read('big')), big)).toBe(0);
    expect(cloud.namespace.at('root', 'big')?.blocks).toBeUndefined();
  });

  test('fault 43: names that are hostile on either side, and names that are no UTF-8', async () => {
    const names = ['a:b', 'CON', 'end.', 'end ', 'x\\y', '\udcff\udc80', 'ü', 'u\u0308', 'new\nline', '*'];
    for (const name of names) paris.user.writeFile(name, name);
    await Promise.all([paris.start(), tokyo.start()]);
    await until('all at tokyo', () => tokyo.tree().size === names.length);
    expect([...tokyo.tree()]).toEqual([...paris.tree()]);
    expect([...tokyo.tree().keys()].toSorted()).toEqual(names.toSorted());
  });

  test('fault 47: a hard link is a file of its own', async () => {
    paris.user.writeFile('one', 'x');
    await Promise.all([paris.start(), tokyo.start()]);
    await converge(cloud, paris, tokyo);
    paris.user.link('one', 'two');
    await converge(cloud, paris, tokyo);
    expect([...tokyo.tree()]).toEqual([
      ['one', 'x'],
      ['two', 'x'],
    ]);
  });

  test('events that are lost or too many: a full scan finds all', async () => {
    paris.watch = { queue: 2 };
    await Promise.all([paris.start(), tokyo.start()]);
    await converge(cloud, paris, tokyo);
    for (let at = 0; at < 20; at++) paris.user.writeFile(`f${at}`, 'x');
    await until('all at tokyo', () => tokyo.tree().size === 20);
  });

  test('a file that grows is sent when it is quiet, or closed', async () => {
    // While it grows it is never older than this, however slow the machine is.
    let ms: number | undefined;
    const clock = { ...systemClock, now: () => ms ?? Date.now() };
    await Promise.all([paris.start({ clock }), tokyo.start()]);
    await converge(cloud, paris, tokyo);
    const handle = paris.user.open('log');
    for (let at = 0; at < 10; at++) {
      handle.write(at, 'x');
      ms = Number(paris.user.snapshot().get('log')!.stat.ctimeNs / 1_000_000n) + 10;
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(cloud.tree().get('log') ?? '').toBe('');
    }
    ms = undefined;
    await until('quiet', () => tokyo.tree().get('log') === 'x'.repeat(10));
    await handle.close();
  });
});
