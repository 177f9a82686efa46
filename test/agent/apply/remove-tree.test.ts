// A directory that others deleted goes with all that is in it at once; what somebody does in it in that very moment stays.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { rootId } from '../../../lib/core/node.ts';
import type { Action } from '../../../lib/core/trees.ts';
import { wholeTrees } from '../../../lib/agent/apply/whole-trees.ts';
import type { FakeCloud } from '../../support/fake-backend.ts';
import { tinyTrees } from '../../support/tiny-trees.ts';
import { converge, eachOnTwoSites, type TestSite, until } from '../rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));
/** What tokyo's agent does to the site, outside of its own folder. */
let calls: string[];

beforeEach(async () => {
  paris.user.mkdirp('dir/below');
  paris.user.mkdirp('dir/empty');
  for (let index = 0; index < 20; index++) paris.user.writeFile(`dir/${index}`, `content ${index}`);
  for (let index = 0; index < 20; index++) paris.user.writeFile(`dir/below/${index}`, `below ${index}`);
  paris.user.symlink('below/0', 'dir/link');
  paris.user.writeFile('stays', 'stays');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  calls = [];
  tokyo.volume.before = (name, path) => {
    if (['rename', 'unlink', 'rmdir'].includes(name) && !path.startsWith('.tideway/')) calls.push(`${name} ${path}`);
  };
});

const left = (): number => tokyo.user.snapshot('.tideway/removed').size + tokyo.user.snapshot('.tideway/replaced').size;

/** Right before the agent takes the directory away, when it has looked at it. */
function atTheRename(work: () => void): void {
  let done = false;
  tokyo.volume.before = (name, path) => {
    if (done || name !== 'rename' || path !== 'dir') return;
    done = true;
    work();
  };
}

test('with one rename, and nothing of it is left', async () => {
  paris.user.rm('dir');
  await converge(cloud, paris, tokyo);
  expect(calls).toEqual(['rename dir']);
  expect([...tokyo.tree().keys()]).toEqual(['stays']);
  expect(left()).toBe(0);
});

test.each([
  ['changed', 'dir/below/3', 'changed just now'],
  ['made', 'dir/below/new', 'made just now'],
  ['made in a directory that was made, too', 'dir/below/sub/new', 'made just now'],
])('a file that is %s in that moment is there again, and nothing else', async (_, path, content) => {
  atTheRename(() => {
    tokyo.user.mkdirp(path.slice(0, path.lastIndexOf('/')));
    tokyo.user.writeFile(path, content);
  });
  paris.user.rm('dir');
  await until('it is back', () => tokyo.tree().get(path) === content);
  await converge(cloud, paris, tokyo);
  const files = [...paris.tree()].filter(([, each]) => each !== null);
  expect(files).toEqual([
    [path, content],
    ['stays', 'stays'],
  ]);
  expect(left()).toBe(0);
});

test('a file changed before the agent looks keeps its directory, and the rest goes', async () => {
  let looked = false;
  tokyo.volume.before = (name, path) => {
    if (looked || name !== 'list' || path !== 'dir') return;
    looked = true;
    tokyo.user.writeFile('dir/3', 'changed before');
  };
  paris.user.rm('dir');
  await converge(cloud, paris, tokyo);
  expect([...paris.tree()]).toEqual([
    ['dir', null],
    ['dir/3', 'changed before'],
    ['stays', 'stays'],
  ]);
});

test('what is never synced keeps its directory here, and the rest goes', async () => {
  tokyo.user.writeFile('dir/below/Thumbs.db', 'junk');
  paris.user.rm('dir');
  await until('all else is gone', () => [...tokyo.tree().keys()].filter((path) => path.startsWith('dir')).length === 3);
  expect([...tokyo.tree().keys()]).toEqual(['dir', 'dir/below', 'dir/below/Thumbs.db', 'stays']);
  expect([...paris.tree().keys()]).toEqual(['stays']);
});

test('a name that is taken again at once is free for it', async () => {
  paris.user.rm('dir');
  paris.user.writeFile('dir', 'a file now');
  await converge(cloud, paris, tokyo);
  expect(tokyo.tree().get('dir')).toBe('a file now');
});

describe('directories that go with all that is in them', () => {
  const local = {
    top: 'root/top/',
    a: 'top/a=x',
    sub: 'top/sub/',
    b: 'sub/b=x',
    hollow: 'top/hollow/',
    other: 'root/other/',
    c: 'other/c=x',
  };
  const remove = (node: string): Action => ({ kind: 'remove', node });
  const rmdir = (node: string): Action => ({ kind: 'rmdir', node });
  const move = (node: string): Action => ({ kind: 'move', node, parent: rootId, name: node });

  test.each<[string, readonly Action[], Record<string, string>]>([
    ['the topmost', ['b', 'a'].map(remove).concat(['sub', 'hollow', 'top'].map(rmdir)), { top: 'b sub a hollow top' }],
    ['two', [remove('b'), rmdir('sub'), remove('c'), rmdir('other')], { sub: 'b sub', other: 'c other' }],
    ['not an empty one', [rmdir('hollow')], {}],
    ['not where something stays', [remove('a'), rmdir('hollow'), rmdir('top')], {}],
    [
      'not where something moves out first',
      [remove('b'), rmdir('sub'), move('a'), rmdir('hollow'), rmdir('top')],
      { sub: 'b sub' },
    ],
    ['not what only loses files', [remove('a'), remove('b')], {}],
  ])('%s', (_, actions, expected) => {
    const found = wholeTrees(tinyTrees({ local }), actions);
    const sorted = (text: string): string => text.split(' ').toSorted().join(' ');
    const trees = [...found].map(([top, parts]) => [top, parts.map(({ node }) => node).join(' ')] as const);
    expect(Object.fromEntries(trees.map(([top, parts]) => [top, sorted(parts)]))).toEqual(
      Object.fromEntries(Object.entries(expected).map(([top, parts]) => [top, sorted(parts)])),
    );
    // What is in a directory goes before it.
    for (const [top, parts] of found) expect(parts.at(-1)?.node).toBe(top);
  });
});
