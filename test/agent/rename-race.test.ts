// A user's rename that the agent meets before the kernel's event of it was read.
import { beforeEach, expect, test } from '@jest/globals';
import type { FakeCloud } from '../support/fake-backend.ts';
import { converge, eachOnTwoSites, type TestSite } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));

beforeEach(async () => {
  tokyo.watch = { schedule: (deliver) => setTimeout(deliver, 100) };
  paris.user.writeFile('f.txt', 'base');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
});

test('a file is renamed here in the moment its new content arrives: it is one file, moved and edited', async () => {
  tokyo.volume.before = (call, path) => {
    if (call !== 'exchange' && !(call === 'rename' && path.startsWith('.tideway/tmp/'))) return;
    tokyo.volume.before = () => undefined;
    tokyo.user.rename('f.txt', 'g.txt');
  };
  paris.user.writeFile('f.txt', 'new');
  await converge(cloud, paris, tokyo);
  expect([...cloud.tree()]).toEqual([['g.txt', 'new']]);
});
