// A user's rename that the agent meets before the kernel's event of it was read.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;

beforeEach(async () => {
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = new TestSite(cloud, 'tokyo');
  tokyo.watch = { schedule: (deliver) => setTimeout(deliver, 100) };
  paris.user.writeFile('f.txt', 'base');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
});

afterEach(async () => {
  await paris.agent?.stop();
  await tokyo.agent?.stop();
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
