// What is in a directory takes the place of the directory: `mv d/d x; rmdir d; mv x d`, as after unpacking an archive. The
// directory has to make room for what is still in it, and is itself no longer here.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import type { FakeCloud } from '../support/fake-backend.ts';
import { converge, eachOnTwoSites, type TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));
let stateFile: string;

beforeEach(() => {
  stateFile = join(mkdtempSync(join(tmpdir(), 'tideway-unwrapped-')), 'tokyo.db');
});

const tree = (): unknown[] => [...cloud.tree()].toSorted(([a], [b]) => (a < b ? -1 : 1));
const conflicts = (): readonly unknown[] => cloud.namespace.log.filter(({ outcome }) => outcome !== 'applied');

test('a directory', async () => {
  const { user } = paris;
  user.mkdir('d');
  user.mkdir('d/d');
  user.writeFile('d/d/f', '1');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  user.rename('d/d', 'x');
  user.remove('d');
  user.rename('x', 'd');
  await converge(cloud, paris, tokyo);
  expect([...cloud.tree()]).toEqual([
    ['d', null],
    ['d/f', '1'],
  ]);
  expect(conflicts()).toEqual([]);
});

test('a file, beside which others were deleted with the directory', async () => {
  const { user } = paris;
  user.mkdir('d');
  user.writeFile('d/d', '1');
  user.writeFile('d/e', '2');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  user.rename('d/d', 'x');
  user.remove('d/e');
  user.remove('d');
  user.rename('x', 'd');
  await converge(cloud, paris, tokyo);
  expect([...cloud.tree()]).toEqual([['d', '1']]);
  expect(conflicts()).toEqual([]);
});

/** Where the directory waits on the share until it is deleted. */
const waiting = (): string | undefined => [...cloud.tree().keys()].find((path) => /^d\.[0-9a-f]{8}\.tmp$/.test(path));

test('a directory, into which another site puts something while it waits to be deleted', async () => {
  const { user } = paris;
  user.mkdir('d');
  user.mkdir('d/d');
  user.writeFile('d/d/f', '1');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  const looking = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  // The last look at the root, when the delete is planned and not sent yet.
  paris.volume.before = async (_name, path) => {
    if (path !== '.tideway/endpoint.json' || waiting() === undefined) return;
    looking.resolve();
    await arrived.promise;
  };
  user.rename('d/d', 'x');
  user.remove('d');
  user.rename('x', 'd');
  await looking.promise;
  const at = waiting() ?? '';
  await until('it waits at the other site, too', () => tokyo.tree().has(at));
  tokyo.user.writeFile(`${at}/new`, '2');
  await until('the row', () => cloud.tree().has(`${at}/new`));
  arrived.resolve();
  await converge(cloud, paris, tokyo);
  expect(tree()).toEqual([
    ['d', null],
    ['d-paris', null],
    ['d-paris/new', '2'],
    ['d/f', '1'],
  ]);
});

test('a directory, into which another site had put something while it was not connected', async () => {
  const { user } = paris;
  user.mkdir('d');
  user.mkdir('d/d');
  user.writeFile('d/d/f', '1');
  await paris.start();
  await tokyo.start({ stateFile });
  await converge(cloud, paris, tokyo);
  await tokyo.agent?.stop();
  user.rename('d/d', 'x');
  user.remove('d');
  user.rename('x', 'd');
  await converge(cloud, paris);
  tokyo.user.writeFile('d/new', '2');
  await tokyo.start({ stateFile });
  await converge(cloud, paris, tokyo);
  expect(tree()).toEqual([
    ['d', null],
    ['d/f', '1'],
    ['d/new', '2'],
  ]);
});
