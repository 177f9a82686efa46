// What a scan finds while the answer to an older state is under way is not overwritten or removed by it (I6).
import { afterEach, expect, test } from '@jest/globals';
import { FakeCloud } from '../support/fake-backend.ts';
import { contents, converge, TestSite, until } from '../agent/rig.ts';

const sites: TestSite[] = [];

afterEach(async () => {
  for (const site of sites.splice(0)) await site.agent?.stop();
});

test('a file that is saved anew while its next version is downloaded is kept', async () => {
  const cloud = new FakeCloud();
  const [paris, tokyo] = [new TestSite(cloud, 'paris'), new TestSite(cloud, 'tokyo')];
  sites.push(paris, tokyo);
  paris.user.writeFile('a', 'one');
  await paris.start();
  await tokyo.start();
  await converge(cloud, paris, tokyo);
  const held = Promise.withResolvers<void>();
  let asked = false;
  cloud.hook = async (call) => {
    if (call !== 'tokyo download' || asked) return;
    asked = true;
    await held.promise;
  };
  paris.user.writeFile('a', 'of paris');
  await until('the download began', () => asked);
  tokyo.user.writeFile('a.new', 'of tokyo');
  tokyo.user.rename('a.new', 'a');
  await tokyo.agent?.rescan();
  held.resolve();
  await converge(cloud, paris, tokyo);
  expect(contents(cloud)).toEqual(['of paris', 'of tokyo']);
});
