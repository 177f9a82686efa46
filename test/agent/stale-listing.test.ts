// A listing that was taken before something happened and is looked at after it: the worst it could do is a delete that
// nobody made.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MemoryFs } from '../../lib/agent/fs/memory-fs.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { converge, TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
/** While set, listings of tokyo's root are taken but not handed over. */
let gate: PromiseWithResolvers<void> | undefined;
let held = 0;

beforeEach(async () => {
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = new TestSite(cloud, 'tokyo');
  gate = undefined;
  held = 0;
  const fs = new MemoryFs(tokyo.volume.volume);
  const list = fs.list.bind(fs);
  fs.list = async (dir) => {
    const entries = await list(dir);
    if (gate === undefined || dir !== '') return entries;
    held++;
    await gate.promise;
    return entries;
  };
  for (const name of ['edited', 'moved', 'removed']) paris.user.writeFile(name, name);
  await paris.start();
  await tokyo.start({ fs });
  await converge(cloud, paris, tokyo);
});

afterEach(async () => {
  gate?.resolve();
  await paris.agent?.stop();
  await tokyo.agent?.stop();
});

async function duringAListing(work: () => Promise<void>): Promise<void> {
  gate = Promise.withResolvers();
  const scan = tokyo.agent!.rescan();
  await until('the listing is held', () => held > 0);
  await work();
  const before = gate;
  gate = undefined;
  before.resolve();
  await scan;
  await converge(cloud, paris, tokyo);
}

test("what the agent itself did meanwhile is not taken for the user's work", async () => {
  await duringAListing(async () => {
    paris.user.writeFile('created', 'created');
    paris.user.writeFile('edited', 'edited again');
    paris.user.rename('moved', 'elsewhere');
    paris.user.rm('removed');
    await until('all is at tokyo', () => tokyo.tree().get('edited') === 'edited again' && tokyo.tree().size === 3);
  });
  expect([...paris.tree()]).toEqual([
    ['created', 'created'],
    ['edited', 'edited again'],
    ['elsewhere', 'moved'],
  ]);
  expect(cloud.namespace.log.filter((row) => row.server === 'tokyo')).toEqual([]);
});

test('what a smaller scan saw meanwhile is newer', async () => {
  await duringAListing(async () => {
    tokyo.user.writeFile('created', 'created');
    tokyo.user.rename('moved', 'elsewhere');
    await until('both are at paris', () => paris.tree().has('created') && paris.tree().has('elsewhere'));
  });
  expect(
    cloud.namespace.log
      .filter((row) => row.server === 'tokyo')
      .map(({ op }) => op)
      .toSorted(),
  ).toEqual(['create', 'move']);
});
