// The share is lost and an older one takes its place, while people go on at one site: `group rebuild` goes on with what there
// is (C147). Nothing that anybody has is lost, and nothing comes up that nobody wrote.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { must } from '../../lib/base/errors.ts';
import { epochPath } from '../../lib/protocol/layout.ts';
import { Clock } from './support/clock.ts';
import { shareOf } from './support/share.ts';
import { contentsOf } from './support/tree.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

const sites = ['a', 'b'] as const;
let space: Workspace;
let clock: Clock;

beforeEach(() => {
  space = new Workspace(...sites);
  clock = new Clock(space.dir);
  Object.assign(space.env, {
    NODE_OPTIONS: clock.options,
    TIDEWAY_TICK: '* * * * * *',
    TIDEWAY_SECOND_SIGHT_SECONDS: '1',
  });
});

afterEach(async () => {
  await space.dispose();
  clock.close();
}, 30_000);

const at = (site: string, name: string): string => path.join(space.site(site), 'work', name);

async function halted(code: string, at: readonly string[] = sites): Promise<void> {
  await until(`${at.join()} to halt: ${code}`, 60_000, async () =>
    (await space.status()).endpoints.every(({ server, halt }) => !at.includes(server) || halt?.code === code),
  );
}

test('an older share in its place, and edits under way at a site: all of both is there, once', async () => {
  await space.up(...sites);
  mkdirSync(path.join(space.site('a'), 'work'));
  for (const name of ['kept', 'edited', 'deleted', 'renamed', 'later']) writeFileSync(at('a', name), `${name} at a`);
  await space.inSync();
  // The agent at b learns of all that only when people there have worked on: what they do is under way by then.
  const agent = must(space.pidOf('agent', 'b'), 'b has an agent');
  process.kill(agent, 'SIGSTOP');
  // As it was before `later` came, with what was taken away since, and as another one's: another epoch.
  const share = await shareOf(space);
  const work = share.getDirectoryClient('work');
  await work.getFileClient('later').delete();
  const back = work.getFileClient('of before');
  await back.create(6);
  await back.uploadRange('before', 0, 6);
  await share
    .getDirectoryClient('.tideway')
    .getFileClient(epochPath.slice('.tideway/'.length))
    .setMetadata({ tw_epoch: 'another' });
  await halted('share_replaced', ['a']);
  // None of this is taken by anybody until a person has decided.
  writeFileSync(at('b', 'edited'), 'edited at b meanwhile');
  writeFileSync(at('b', 'new'), 'new at b');
  rmSync(at('b', 'deleted'));
  process.kill(agent, 'SIGCONT');
  await halted('share_replaced');
  expect((await space.run('endpoint', 'resume', 'b')).code).toBe(1);
  const early = await space.run('group', 'rebuild');
  expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('group_just_stopped')]);
  clock.set(Date.now() + 60_000);
  const { code, stdout } = await space.run('group', 'rebuild', '--json');
  expect([code, JSON.parse(stdout)]).toEqual([0, { group: 'default', state: 'taking-in' }]);
  await halted('epoch_changed');
  expect(Object.keys(contentsOf(path.join(space.site('a'), 'work'))).toSorted()).toEqual([
    'deleted',
    'edited',
    'kept',
    'later',
    'renamed',
  ]);
  for (const site of sites) expect((await space.run('endpoint', 'resume', site)).code).toBe(0);
  await space.inSync();
  const wanted = {
    kept: 'kept at a',
    // Nothing is deleted: what was, comes back.
    deleted: 'deleted at a',
    edited: 'edited at b meanwhile',
    later: 'later at a',
    new: 'new at b',
    'of before': 'before',
    renamed: 'renamed at a',
  };
  const trees = sites.map((site) => contentsOf(path.join(space.site(site), 'work')));
  expect(trees[0]).toEqual(trees[1]);
  // What differs is kept side by side, under the name of whoever had it.
  const copies = Object.entries(trees[0] ?? {}).filter(([name]) => !(name in wanted));
  expect(trees[0]).toEqual({ ...wanted, ...Object.fromEntries(copies) });
  expect(copies).toEqual([[expect.stringMatching(/^edited-/), 'edited at a']]);
  for (const [name, text] of Object.entries(wanted))
    expect((await work.getFileClient(name).downloadToBuffer()).toString()).toBe(text);
  // And it is a group as any other.
  writeFileSync(at('a', 'kept'), 'kept, and edited');
  await space.inSync();
  expect(readFileSync(at('b', 'kept'), 'utf8')).toBe('kept, and edited');
}, 240_000);
