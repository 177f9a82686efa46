// What is in a directory takes the place of the directory: `mv d/d x; rmdir d; mv x d`, as after unpacking an archive. The
// directory has to make room for what is still in it, and is itself no longer here.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;

beforeEach(() => {
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = new TestSite(cloud, 'tokyo');
});

afterEach(async () => {
  await paris.agent?.stop();
  await tokyo.agent?.stop();
});

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
