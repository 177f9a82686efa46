// A directory that is deleted here while others put something into it.
import { beforeEach, expect, test } from '@jest/globals';
import type { FakeCloud } from '../support/fake-backend.ts';
import { converge, eachOnTwoSites, type TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));

beforeEach(async () => {
  paris.user.mkdir('dir');
  paris.user.writeFile('dir/old.txt', 'old');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
});

test('a file that comes in between the plan and the sending of the delete is not deleted with it', async () => {
  const looking = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  // The last look at the root, when the delete is planned and not sent yet.
  tokyo.volume.before = async (_name, path) => {
    if (path !== '.tideway/endpoint.json' || tokyo.agent?.status().pendingUploads === 0) return;
    looking.resolve();
    await arrived.promise;
  };
  tokyo.user.rename('dir/old.txt', '.tideway/gone.txt');
  tokyo.user.rm('dir');
  await looking.promise;
  paris.user.writeFile('dir/new.txt', 'new');
  await paris.agent?.settled(performance.now() + 5000);
  const head = Number(paris.agent?.status().cursor);
  await until('the row', () => tokyo.agent?.status().cursor === head);
  arrived.resolve();
  await converge(cloud, paris, tokyo);
  expect([...paris.tree()]).toEqual([
    ['dir', null],
    ['dir/new.txt', 'new'],
  ]);
});
