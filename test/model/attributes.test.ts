// Somebody saves a file on the share in the middle of an operation that only sets its mode or time.
import { expect, test } from '@jest/globals';
import { CloudWorld } from '../support/cloud-world.ts';
import { brokenInvariants } from '../support/invariants.ts';

test.each([undefined, 77])('it is a version of its own, whenever it comes (time %s)', async (time) => {
  // Right before the time is set nobody can tell any more: the service has no condition for it, and the time is overwritten.
  const last = time === undefined ? Infinity : 2;
  for (let at = 0; at <= last; at++) {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id, version } = world.node('a.txt');
    const mtime = time === undefined ? {} : { mtime: paris.mtime(time) };
    let calls = 0;
    const committer = world.committer((call) => {
      if (call.service === 'share' && calls++ === at) world.save('a.txt', 'two');
      return undefined;
    });
    await committer.commit(paris.seal([{ kind: 'attributes', node: id, base: version, mode: 0o600, ...mtime }]));
    if (calls <= at) return;
    const row = world.node('a.txt');
    expect([at, row.version > version || row.etag !== world.share.find('a.txt')?.etag]).toEqual([at, true]);
    await world.detect();
    expect([at, brokenInvariants(world)]).toEqual([at, []]);
  }
});
