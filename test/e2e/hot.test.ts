// What somebody edits on the share with a client of his own, unannounced, where people work: at the sites soon all the same.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { shareOf } from './support/share.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

let space: Workspace;

beforeAll(async () => {
  space = new Workspace('a', 'b');
  // A tenth of the real times, or less: within a minute becomes within seconds.
  Object.assign(space.env, {
    TIDEWAY_TICK: '*/1 * * * * *',
    TIDEWAY_HOT_EVERY_SECONDS: '1',
    TIDEWAY_HOT_SIGHT_SECONDS: '1',
  });
  await space.up('a', 'b');
}, 60_000);

afterAll(() => space.dispose(), 30_000);

test('a new file, a changed one and one that went, in a directory that changed lately', async () => {
  const at = (site: string, name: string): string => path.join(space.site(site), 'dir', name);
  mkdirSync(path.join(space.site('a'), 'dir'));
  for (const name of ['changes', 'goes', 'stays']) writeFileSync(at('a', name), `${name} at first`);
  await space.inSync();
  const directory = (await shareOf(space)).getDirectoryClient('dir');
  const put = async (name: string, content: string): Promise<void> => {
    await directory.createFile(name, Buffer.byteLength(content));
    await directory.getFileClient(name).uploadRange(content, 0, Buffer.byteLength(content));
  };
  const began = performance.now();
  await put('new', 'new on the share');
  await put('changes', 'changed on the share');
  await directory.deleteFile('goes');
  for (const site of ['a', 'b'])
    await until(`all of it at ${site}`, 60_000, () => {
      const read = (name: string): string => (existsSync(at(site, name)) ? readFileSync(at(site, name), 'utf8') : '');
      const now = ['new', 'changes', 'stays'].map(read);
      return !existsSync(at(site, 'goes')) && now.join() === 'new on the share,changed on the share,stays at first';
    });
  process.stdout.write(`unannounced edits are at the sites after ${Math.round(performance.now() - began)} ms\n`);
  const { endpoints } = await space.inSync();
  expect(endpoints.flatMap(({ problems, conflicts }) => [...problems, ...conflicts])).toEqual([]);
}, 90_000);
