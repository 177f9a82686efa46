// Deletes that come name by name are sent as few, and none is late, forgotten or too many.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemClock, type Clock } from '../../lib/base/clock.ts';
import { FakeCloud } from '../support/fake-backend.ts';
import { contents, converge, TestSite, until } from './rig.ts';

let cloud: FakeCloud;
let paris: TestSite;
let tokyo: TestSite;

const files = 40;

/** While it stands still nothing has waited long enough, however busy the machine is. */
const standing = { at: undefined as number | undefined };
const clock: Clock = { ...systemClock, monotonic: () => standing.at ?? systemClock.monotonic() };

beforeEach(async () => {
  cloud = new FakeCloud();
  paris = new TestSite(cloud, 'paris');
  tokyo = new TestSite(cloud, 'tokyo');
  paris.user.mkdir('top');
  for (const dir of ['top/dir', 'top/dir/below', 'top/other']) paris.user.mkdir(dir);
  for (let index = 0; index < files; index++)
    paris.user.writeFile(`top/dir/${index % 2 === 0 ? '' : 'below/'}${index}`, `content ${index}`);
  paris.user.writeFile('top/other/stays', 'stays');
  await paris.start({ clock });
  await tokyo.start();
  await converge(cloud, paris, tokyo);
});

afterEach(async () => {
  standing.at = undefined;
  await paris.agent?.stop();
  await tokyo.agent?.stop();
});

/** Rows since `seq`, each as its operation and outcome. */
function since(seq: number): readonly string[] {
  return cloud.namespace.log.slice(seq).map(({ op, outcome }) => `${op} ${outcome}`);
}

function pathsBelow(site: TestSite, dir: string): readonly string[] {
  return [...site.tree().keys()].filter((each) => each.startsWith(`${dir}/`));
}

/** As `rm -r` does, with a turn of the agent after each name. */
async function removeSlowly(site: TestSite, dir: string): Promise<void> {
  for (const each of pathsBelow(site, dir).toReversed()) {
    site.user.rm(each);
    await new Promise((resolve) => setImmediate(resolve));
  }
  site.user.rm(dir);
}

/** Does it in no time at all. */
async function still(work: () => Promise<void>): Promise<void> {
  standing.at = systemClock.monotonic();
  await work();
  standing.at = undefined;
}

/** Does it, and waits until it is in the local tree. */
async function seen(work: () => void | Promise<void>): Promise<void> {
  const rounds = (): number => Number(paris.agent?.counters()['partial']);
  const before = rounds();
  await work();
  await until('it is seen', () => rounds() > before);
}

test('a directory that is removed name by name is one operation', async () => {
  const { seq } = cloud.namespace;
  await still(() => removeSlowly(paris, 'top/dir'));
  await converge(cloud, paris, tokyo);
  expect(since(seq)).toEqual(['rmdir applied']);
  expect(pathsBelow(tokyo, 'top')).toEqual(['top/other', 'top/other/stays']);
});

test('one file is gone there soon, and is pending until then', async () => {
  await still(async () => {
    await seen(() => paris.user.rm('top/dir/0'));
    expect(paris.agent?.status().state).toBe('syncing');
  });
  await until('gone there', () => !tokyo.tree().has('top/dir/0'));
  await converge(cloud, paris, tokyo);
});

test('where some stay, those that went are deleted', async () => {
  for (const each of pathsBelow(paris, 'top/dir')) if (each.endsWith('2')) paris.user.rm(each);
  await converge(cloud, paris, tokyo);
  expect(pathsBelow(tokyo, 'top').some((each) => each.endsWith('2'))).toBe(false);
  expect(contents(cloud)).toHaveLength(files - 4 + 1);
});

test('a file that comes back under its name meanwhile is an edit', async () => {
  const { seq } = cloud.namespace;
  await still(async () => {
    await seen(() => paris.user.rm('top/dir/0'));
    await seen(() => paris.user.writeFile('top/dir/0', 'saved again'));
  });
  await converge(cloud, paris, tokyo);
  expect(since(seq)).toEqual(['edit applied']);
  expect(tokyo.tree().get('top/dir/0')).toBe('saved again');
});

test('a directory that takes the name of a deleted file comes right after its delete', async () => {
  const { seq } = cloud.namespace;
  await still(async () => {
    await seen(() => paris.user.rm('top/dir/0'));
    await seen(() => paris.user.mkdir('top/dir/0'));
  });
  await converge(cloud, paris, tokyo);
  expect(since(seq)).toEqual(['delete applied', 'mkdir applied']);
});

test('an agent that ends before a delete is sent sends it when it starts again', async () => {
  const stateFile = path.join(mkdtempSync(path.join(tmpdir(), 'tideway-delete-')), 'state.db');
  await paris.agent?.stop();
  await paris.start({ stateFile, clock });
  await converge(cloud, paris, tokyo);
  const { seq } = cloud.namespace;
  await still(async () => {
    await seen(() => removeSlowly(paris, 'top/dir'));
    await paris.agent?.stop();
  });
  expect(since(seq)).toEqual([]);
  await paris.start({ stateFile, clock });
  await converge(cloud, paris, tokyo);
  expect(pathsBelow(tokyo, 'top')).toEqual(['top/other', 'top/other/stays']);
});

test('what others put into it meanwhile brings the directory back, and nothing else', async () => {
  const removed = Promise.withResolvers<void>();
  cloud.hints = false;
  cloud.hook = (call) => (call === 'paris readLog' ? removed.promise : undefined);
  tokyo.user.writeFile('top/dir/new', 'new');
  await until('the new file is there', () => contents(cloud).includes('new'));
  await still(() => removeSlowly(paris, 'top/dir'));
  removed.resolve();
  cloud.hints = true;
  await converge(cloud, paris, tokyo);
  expect(pathsBelow(paris, 'top/dir')).toEqual(['top/dir/new']);
});

test('removed while half of it is on its way, nothing of it is left anywhere', async () => {
  let uploads = 0;
  const open = Promise.withResolvers<void>();
  cloud.hook = async (call) => {
    if (call !== 'paris stageWhole' || ++uploads < 20) return;
    await open.promise;
  };
  paris.user.mkdir('top/dir/more');
  for (let index = 0; index < 40; index++) paris.user.writeFile(`top/dir/more/${index}`, `more ${index}`);
  await until('half of it', () => uploads >= 20);
  const removed = removeSlowly(paris, 'top/dir');
  open.resolve();
  await removed;
  await converge(cloud, paris, tokyo);
  expect(pathsBelow(tokyo, 'top')).toEqual(['top/other', 'top/other/stays']);
});
