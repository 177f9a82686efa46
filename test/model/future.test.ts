import { expect, test } from '@jest/globals';
import { FakeCloud } from '../support/fake-backend.ts';
import { systemClock } from '../../lib/base/clock.ts';
import { converge, TestSite } from '../agent/rig.ts';

test('a file that was changed in the future, before the clock was set back, is synced all the same', async () => {
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

test('fault 32: a clock ten years ahead that jumps back while the agent runs: nothing is lost, nothing waits for it', async () => {
  const cloud = new FakeCloud();
  const [paris, tokyo] = [new TestSite(cloud, 'paris'), new TestSite(cloud, 'tokyo')];
  let ahead = 10 * 365 * 24 * 3_600_000;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const dated = (path: string, text: string): void => {
    paris.user.writeFile(path, text);
    paris.user.utimes(path, BigInt(clock.now()) * 1_000_000n);
  };
  dated('old', 'of the future');
  await Promise.all([paris.start({ clock }), tokyo.start()]);
  try {
    await converge(cloud, paris, tokyo);
    tokyo.user.writeFile('old', 'edited in the present');
    await converge(cloud, paris, tokyo);
    ahead = -3_600_000;
    dated('new', 'of the past');
    paris.user.writeFile('old', 'edited in the past');
    await converge(cloud, paris, tokyo);
    for (const site of [paris, tokyo])
      expect([...site.tree()]).toEqual([
        ['new', 'of the past'],
        ['old', 'edited in the past'],
      ]);
    // Each edit came after the other in the log, whatever the clocks said: there is no conflict.
    expect(cloud.namespace.log.map(({ op, outcome }) => `${op} ${outcome}`).toSorted()).toEqual([
      'create applied',
      'create applied',
      'edit applied',
      'edit applied',
    ]);
  } finally {
    await Promise.all([paris.agent?.stop(), tokyo.agent?.stop()]);
  }
});
