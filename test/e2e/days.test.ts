// Thirty days with real processes whose clock goes as the test says: an edit at each site and a backup every day. Each point,
// read through the official client, is the tree that was there, and the points that are left are those of the retention.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ShareClient } from '@azure/storage-file-share';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { backupAnswer, snapshotsAnswer, type SnapshotsAnswer } from '../../lib/protocol/backup.ts';
import { hashOf } from '../support/endpoint.ts';
import { Clock } from './support/clock.ts';
import { past } from './support/past.ts';
import { shareOf } from './support/share.ts';
import { until } from './support/wait.ts';
import { Workspace } from './support/workspace.ts';

// A machine that is busy with other things.
jest.setTimeout(400_000);

let space: Workspace;
let clock: Clock;
let share: ShareClient;
let settings: Record<string, string>;

beforeAll(async () => {
  space = new Workspace('a', 'b');
  clock = new Clock(space.dir);
  space.env['NODE_OPTIONS'] = clock.options;
  space.env['TIDEWAY_TICK'] = '* * * * * *';
  clock.set(Date.parse('2027-03-10T12:00:00Z'));
  await space.up('a', 'b');
  settings = await space.settings();
  share = await shareOf(space);
}, 60_000);

afterAll(async () => {
  await space.dispose();
  clock.close();
}, 30_000);

async function get(rest: string): Promise<unknown> {
  const response = await fetch(`${settings['TIDEWAY_API']}/api/groups/default/${rest}`, {
    headers: { 'x-tideway-token': settings['TIDEWAY_TOKEN'] ?? '' },
  });
  if (!response.ok) throw new Error(`${rest}: ${response.status} ${await response.text()}`);
  return response.json();
}

const listed = async (): Promise<SnapshotsAnswer['snapshots']> =>
  snapshotsAnswer.parse(await get('snapshots')).snapshots;

/** What a site has, as `past` tells it of a snapshot. */
function treeOf(site: string): Record<string, string> {
  const out: Record<string, string> = {};
  const enter = (at: string): void => {
    for (const entry of readdirSync(path.join(space.site(site), at), { withFileTypes: true })) {
      const { name } = entry;
      if (at === '' && name === '.tideway') continue;
      if (entry.isDirectory()) {
        out[`${at}${name}/`] = '';
        enter(`${at}${name}/`);
      } else out[`${at}${name}`] = hashOf(readFileSync(path.join(space.site(site), at, name)));
    }
  };
  enter('');
  return out;
}

/** The edits of a day: something new, something changed, moved and gone again, at both sites. */
function work(day: number): void {
  const at = (site: string, ...names: readonly string[]): string => path.join(space.site(site), ...names);
  const content = (name: string): Buffer => createHash('sha512').update(`${name} ${day}`).digest();
  writeFileSync(at('a', 'diary.txt'), content('diary'));
  writeFileSync(at('b', `of day ${day}`), content('new'));
  if (day % 3 === 0) mkdirSync(at('a', `week ${day}`));
  if (day % 3 === 1 && day > 3) writeFileSync(at('a', `week ${day - 1}`, 'in it'), content('in it'));
  if (day % 3 === 2 && day > 3) renameSync(at('a', `week ${day - 2}`), at('a', `week ${day - 2} is over`));
  if (day % 4 === 3) rmSync(at('b', `of day ${day - 2}`));
}

test('each of thirty backups is the tree of its day; those that retention names are left', async () => {
  const keep = { last: 0, daily: 7, weekly: 3, monthly: 2, yearly: 0 };
  const set = await space.run(
    'group',
    'set',
    '--schedule',
    '0 30 2 * * *',
    '--time-zone',
    'Europe/Paris',
    ...Object.entries(keep).flatMap(([name, count]) => [`--keep-${name}`, String(count)]),
  );
  expect(set).toMatchObject({ code: 0 });
  const trees = new Map<string, Record<string, string>>();
  for (let day = 1; day <= 30; day++) {
    const date = new Date(Date.UTC(2027, 2, 10 + day)).toISOString().slice(0, 10);
    work(day);
    await space.inSync(120);
    const tree = treeOf('a');
    expect([date, treeOf('b')]).toEqual([date, tree]);
    // 2.30 in Paris, in summer time from 28 March on; that hour is left out on the day of the change.
    const hour = date < '2027-03-28' ? '01' : '00';
    clock.set(Date.parse(date === '2027-03-28' ? `${date}T01:00:00Z` : `${date}T${hour}:30:00Z`));
    const made = await until(`the backup of ${date}`, 120_000, async () =>
      (await listed()).find(({ dueAt }) => dueAt?.startsWith(date)),
    );
    trees.set(made.id, tree);
    expect([date, await past(share, made.id)]).toEqual([date, tree]);
    await until(`the run of ${date} to end`, 120_000, async () => {
      const { running, problems, last } = backupAnswer.parse(await get('backup'));
      expect([date, problems]).toEqual([date, []]);
      return !running && last?.snapshot === made.id;
    });
    clock.set(Date.parse(`${date}T12:00:00Z`));
  }
  const left = await listed();
  expect(left.map(({ dueAt }) => dueAt?.slice(0, 10))).toEqual([
    '2027-03-28',
    '2027-03-31',
    ...['03', '04', '05', '06', '07', '08', '09'].map((date) => `2027-04-${date}`),
  ]);
  for (const { id, dueAt } of left) expect([dueAt, await past(share, id)]).toEqual([dueAt, trees.get(id)]);
});
