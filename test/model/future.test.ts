import { expect, test } from '@jest/globals';
import { FakeCloud } from '../support/fake-backend.ts';
import { systemClock } from '../../lib/base/clock.ts';
import { converge, TestSite } from '../agent/rig.ts';

test('fault 32: a file that was changed in the future, before the clock was set back, is synced all the same', async () => {
  const cloud = new FakeCloud();
  const site = new TestSite(cloud, 'paris');
  site.user.writeFile('a', 'one');
  await site.start({ clock: { ...systemClock, now: () => Date.now() - 3_600_000 } });
  try {
    await converge(cloud, site);
    expect(cloud.tree()).toEqual(new Map([['a', 'one']]));
  } finally {
    await site.agent?.stop();
  }
});
