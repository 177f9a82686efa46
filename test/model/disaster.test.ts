// The brakes on whole days (B1 to B4, C140 to C143), and what becomes of a day on which one of them is missing.
import { describe, expect, test } from '@jest/globals';
import type { Share, Table } from '../../lib/cloud/ports.ts';
import { epochPath } from '../../lib/protocol/layout.ts';
import { Day, disasters, leastWhole } from './disaster.ts';
import { nothingPlanted, type Plants } from './plants.ts';

/** What is wrong with a day; nothing is the only good answer. */
type Scene = (seed: number, plants?: Plants) => Promise<readonly string[]>;

const massChange =
  (happens: (day: Day) => Promise<void>): Scene =>
  async (seed, plants) => {
    const day = await Day.begin(seed, plants);
    day.run.calm = false;
    await happens(day);
    await day.pass(5);
    const wrong: string[] = [];
    const look = (when: string): void => {
      for (const site of day.others)
        if (day.whole(site) < leastWhole) wrong.push(`${when}: ${site.name} has ${day.whole(site)} files left`);
    };
    look('at first');
    for (const site of day.sites) site.kill(true);
    day.run.calm = true;
    for (const site of day.sites) void site.start();
    await day.pass(5);
    look('after a restart');
    if (day.halts().join() !== 'mass_change,,') wrong.push(`halts: ${day.halts().join()}`);
    await day.resume(day.paris);
    await day.rest();
    return [...wrong, ...(await day.end())];
  };

const noAlarm: Scene = async (seed, plants) => {
  const day = await Day.begin(seed, plants);
  day.run.calm = false;
  for (let n = 0; n < 40; n++) day.save(day.paris, `d/young${n}`, `young ${n}`);
  await day.pass(5);
  for (let n = 0; n < 40; n++) day.remove(day.paris, `d/young${n}`);
  await day.rest();
  const wrong = day.halts().join() === ',,' ? [] : [`halts: ${day.halts().join()}`];
  return [...wrong, ...(await day.end())];
};

const shareRestored: Scene = async (seed, plants) => {
  const day = await Day.begin(seed, plants);
  await day.pass(1);
  const before = day.epoch;
  for (let n = 0; n < 20; n++) day.save(day.paris, `d/later${n}`, `later ${n}`);
  await day.rest();
  await day.pass(12);
  const { share, table } = day.cloud;
  for (let n = 0; n < 20; n++) share.remove(`d/later${n}`, 'file');
  await share.client({}).setMetadata(epochPath, 'file', before);
  const rows = table.rows.length;
  day.run.calm = false;
  await day.pass(1);
  day.cloud.examine(['d']);
  await day.pass(5);
  const wrong = [];
  if (day.counts().some((count) => count !== 80)) wrong.push(`files: ${day.counts().join()}`);
  if (table.rows.length !== rows) wrong.push(`${table.rows.length - rows} rows were committed`);
  await day.stop();
  return [...wrong, ...day.run.broken];
};

const stateRestored: Scene = async (seed, plants) => {
  const day = await Day.begin(seed, plants);
  const { paris, run } = day;
  for (let n = 0; n < 10; n++) day.save(day.others[0]!, `d/more${n}`, `more ${n}`);
  day.save(paris, 'd/f0', 'old 0 again');
  await day.rest();
  // State and folder are put back as they were a quarter of an hour ago; the folder is older still, and has less.
  paris.kill(true);
  paris.restoreState(15 * 60_000);
  for (let n = 10; n < 20; n++) paris.user.rm(`d/f${n}`);
  run.calm = false;
  void paris.start();
  await day.pass(3);
  run.calm = true;
  void paris.start();
  await day.pass(3);
  const wrong = day.halts().join() === 'state_restored,,' ? [] : [`halts: ${day.halts().join()}`];
  await day.resume(paris);
  await day.rest();
  if (day.counts().some((count) => count !== 70)) wrong.push(`files: ${day.counts().join()}`);
  return [...wrong, ...(await day.end())];
};

const scenes: ReadonlyMap<string, Scene> = new Map([
  ...Object.entries(disasters).map(([name, happens]) => [`fault 63: ${name}`, massChange(happens)] as const),
  ['young files go', noAlarm],
  ['fault 21: the share is restored', shareRestored],
  ['fault 27: state and folder are restored', stateRestored],
]);

describe.each([...scenes])('%s', (_, scene) => {
  test.each([1, 2])('seed %d', async (seed) => {
    expect(await scene(seed)).toEqual([]);
  });
});

/** Without something in the values that are written under keys of this kind. */
function forgetting(prefix: string, field: string): Partial<Plants> {
  return {
    table: (table: Table) => ({
      get: (group, key) => table.get(group, key),
      range: (group, from, to, limit) => table.range(group, from, to, limit),
      transact: (group, writes) =>
        table.transact(
          group,
          writes.map((write) =>
            write.do === 'delete' || !write.key.startsWith(prefix)
              ? write
              : { ...write, value: { ...(write.value as object), [field]: undefined } },
          ),
        ),
    }),
  };
}

/** Whatever the share carries, it seems to be the newest mark. */
function markedWell(share: Share): Share {
  return {
    ...share,
    properties: async (path, kind) => {
      const there = await share.properties(path, kind);
      if (path !== epochPath || there === undefined || newest === undefined) return there;
      return { ...there, metadata: { ...there.metadata, tw_mark: newest } };
    },
    setMetadata: (path, kind, metadata) => {
      if (path === epochPath) newest = metadata['tw_mark'];
      return share.setMetadata(path, kind, metadata);
    },
  };
}
let newest: string | undefined;

describe('a day without a brake', () => {
  test.each<[string, string, Partial<Plants>]>([
    ['fault 63: files go one by one', 'nobody keeps count', forgetting('endpoint|', 'changed')],
    ['fault 63: rm -rf', 'what is held is forgotten', forgetting('head', 'held')],
    ['young files go', 'nobody knows how old a content is', forgetting('node|', 'at')],
    ['fault 21: the share is restored', 'the mark is not looked at', { share: markedWell }],
    [
      'fault 27: state and folder are restored',
      'what is missing counts as deleted',
      {
        state: (state) => {
          state.lost.here = () => [];
          return state;
        },
      },
    ],
  ])('%s, and %s: it is noticed', async (name, _, part) => {
    newest = undefined;
    const scene = scenes.get(name);
    expect(await scene?.(1, { ...nothingPlanted, ...part })).not.toEqual([]);
  });
});
