// A share that was restored to what it was, and a person who decides to go on with it (C147): real agents, real commit code.
import { expect, test } from '@jest/globals';
import { rebuildGroup } from '../../lib/cloud/rebuild.ts';
import { epochPath } from '../../lib/protocol/layout.ts';
import { group } from './cloud.ts';
import { Day } from './disaster.ts';

test.each([1, 2])('C147 sites and a restored share are merged, and nothing is lost (seed %d)', async (seed) => {
  const day = await Day.begin(seed);
  const { share } = day.cloud;
  day.save(day.paris, 'd/deleted', 'not for ever');
  await day.rest();
  const before = day.epoch;
  for (let n = 0; n < 20; n++) day.save(day.paris, `d/later${n}`, `later ${n}`);
  day.remove(day.others[0]!, 'd/deleted');
  await day.rest();
  await day.pass(12);
  // As it was before: without what came since, and with what was deleted since.
  for (let n = 0; n < 20; n++) share.remove(`d/later${n}`, 'file');
  share.upload('d/deleted', Buffer.from('not for ever'));
  await share.client({}).setMetadata(epochPath, 'file', before);
  await day.pass(2);
  expect(day.halts()).toEqual(['share_restored', 'share_restored', 'share_restored']);
  // At a site people go on meanwhile.
  day.save(day.paris, 'd/f0', 'edited meanwhile');
  while ((await rebuildGroup(day.cloud.plain(), group, 0)) === 'forgetting');
  await day.pass(3);
  expect(day.halts()).toEqual(['epoch_changed', 'epoch_changed', 'epoch_changed']);
  for (const site of day.sites) await day.resume(site);
  await day.rest();
  await day.pass(1);
  expect(day.halts()).toEqual([undefined, undefined, undefined]);
  for (const site of day.sites) {
    const files = site.files();
    const text = (name: string): string => Buffer.from(files.get(`d/${name}`) ?? '').toString();
    expect([day.whole(site), text('f0'), text('deleted')]).toEqual([59, 'edited meanwhile', 'not for ever']);
    expect(Array.from({ length: 20 }, (_, n) => text(`later${n}`))).toEqual(
      Array.from({ length: 20 }, (_, n) => `later ${n}`),
    );
  }
  const [first, ...others] = day.sites.map((site) => [...site.files().keys()].toSorted());
  expect(others).toEqual([first, first]);
  // What is the same at both sides is one; of what differs each has the other beside it.
  const beside = [...day.paris.files()].filter(([name]) => !/^d(\/(f|later)\d+|\/deleted)?$/.test(name));
  expect(beside.length).toBeGreaterThan(0);
  for (const [name, data] of beside)
    expect([name, Buffer.from(data ?? '').toString()]).toEqual([expect.stringMatching(/^d\/f0-/), 'old 0']);
  await day.stop();
  expect(day.run.broken).toEqual([]);
});
