// What happens under the eyes of a scan, or beside the watch: nothing of it may be missed, for nobody would look again.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryFs } from '../../lib/agent/fs/memory-fs.ts';
import type { WatchEvent } from '../../lib/agent/fs/watch-port.ts';
import type { FakeCloud } from '../support/fake-backend.ts';
import { converge, eachOnTwoSites, type TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;
eachOnTwoSites((sites) => ({ cloud, paris, tokyo } = sites));
/** Of tokyo's watch: true for what it does not tell. */
let deaf: (event: WatchEvent) => boolean;
let fs: MemoryFs;

beforeEach(() => {
  deaf = () => false;
  tokyo.watch = { drop: (event) => deaf(event) };
  fs = new MemoryFs(tokyo.volume.volume);
});

async function start(): Promise<void> {
  await paris.start();
  await tokyo.start({ fs });
  await converge(cloud, paris, tokyo);
}

/** The next listing of `dir` at tokyo is taken, and handed over only after `work`. */
function whileListed(dir: string, work: () => Promise<void>): Promise<void> {
  const list = fs.list.bind(fs);
  return new Promise((resolve, reject) => {
    fs.list = async (path) => {
      const entries = await list(path);
      if (path !== dir) return entries;
      fs.list = list;
      await work().then(resolve, reject);
      return entries;
    };
  });
}

async function settled(site: TestSite): Promise<void> {
  expect(await site.agent?.settled(performance.now() + 5000)).toBe(true);
}

describe('what is new in a directory', () => {
  test('that got the id of another in the middle of the scan', async () => {
    await start();
    // Both make it, and tokyo hears of the other one's, and that its own is the same, while it looks through it.
    const sent = Promise.withResolvers<void>();
    cloud.hook = async (call) => (call === 'tokyo send' ? sent.promise : undefined);
    tokyo.user.mkdir('dir');
    await until('it is on its way', () => tokyo.agent?.status().pendingUploads === 1);
    paris.user.mkdir('dir');
    await settled(paris);
    deaf = () => true;
    tokyo.user.writeFile('dir/new', 'new');
    const listed = whileListed('dir', async () => {
      cloud.hook = () => {};
      sent.resolve();
      await until('it is merged', () => tokyo.agent?.status().pendingUploads === 0);
    });
    await settled(tokyo);
    await listed;
    expect([...cloud.tree()]).toEqual([
      ['dir', null],
      ['dir/new', 'new'],
    ]);
  });

  test('that the agent moved in the middle of the scan', async () => {
    for (const dir of ['dir', 'dir/below']) paris.user.mkdir(dir);
    await start();
    deaf = () => true;
    tokyo.user.writeFile('dir/below/new', 'new');
    const listed = whileListed('dir', async () => {
      paris.user.rename('dir', 'moved');
      await until('it is moved', () => tokyo.tree().has('moved'));
    });
    await settled(tokyo);
    await listed;
    expect(cloud.tree().get('moved/below/new')).toBe('new');
  });

  test('that the agent makes together with others', async () => {
    await start();
    const names = ['one', 'two', 'three', 'four', 'five', 'six'];
    for (const name of names) paris.user.mkdir(name);
    await until('they are there', () => tokyo.tree().size === names.length);
    await settled(tokyo);
    const { full } = tokyo.agent!.counters();
    for (const name of names) tokyo.user.writeFile(`${name}/new`, 'new');
    await until('all of it is there', () => cloud.tree().size === 2 * names.length);
    expect(tokyo.agent?.counters()['full']).toBe(full);
  });

  test('of which only half of its rename was told, together with others', async () => {
    const names = ['one', 'two', 'three', 'four'];
    for (const name of names) paris.user.writeFile(name, name);
    for (const dir of ['from', 'from/below']) paris.user.mkdir(dir);
    await start();
    deaf = ({ kind }) => kind === 'moved';
    // As if its watch had been given up between the two halves.
    tokyo.user.writeFile('from/below/unheard', 'new');
    for (const name of names) tokyo.user.writeFile(name, `${name} again`);
    await converge(cloud, paris, tokyo);
  });
});

test('the root itself is no entry of it', async () => {
  await start();
  tokyo.user.chmod('', 0o700);
  await settled(tokyo);
  expect(tokyo.agent?.status().problems).toEqual([]);
});
