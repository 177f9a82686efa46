// C147: a group goes on with the share as it is. Killed at any call, asked again it comes to the same end.
import { beforeEach, expect, test } from '@jest/globals';
import { rootId } from '../../lib/core/node.ts';
import { emptyCache } from '../../lib/cloud/cached-rows.ts';
import { rebuildGroup } from '../../lib/cloud/rebuild.ts';
import { release } from '../../lib/cloud/release.ts';
import { headKey, headRow } from '../../lib/cloud/rows.ts';
import { View } from '../../lib/cloud/view.ts';
import { epochPath } from '../../lib/protocol/layout.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { at, type Fate } from '../support/life.ts';
import { tickAndStep } from '../support/tick.ts';

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  await world.commit(paris, paris.create('root', 'a', 'a'), paris.create('root', 'b', 'b'));
});

async function tick(): Promise<void> {
  await tickAndStep(world.committer().cloud);
  await world.drain();
}

/** The share comes back with a file less, one more, and another epoch. */
async function replaceShare(): Promise<void> {
  world.unlink('a');
  world.save('c', 'c');
  await world.committer().cloud.share('share').setMetadata(epochPath, 'file', { tw_epoch: 'another' });
  await tick();
  world.clock.advance(60_000);
}

const rebuild = (fate?: Fate): Promise<string> => {
  const { life, cloud } = world.committer(fate);
  return life.run(() => rebuildGroup(cloud, group, 60_000));
};
const head = () => headRow.parse(world.table.get(group, headKey)?.value);

async function names(): Promise<readonly string[]> {
  const view = new View(world.committer().cloud.table, group, emptyCache());
  await view.refresh();
  return (await view.children(rootId)).map(({ name }) => name).toSorted();
}

test('C147 the namespace is what the share holds, and numbers go on', async () => {
  await replaceShare();
  const { epoch, committedSeq } = head();
  expect(await rebuild()).toBe('taking-in');
  expect(head()).toMatchObject({ committedSeq, intentSeq: committedSeq });
  expect(head().stopped).toBeUndefined();
  expect(head().epoch).not.toBe(epoch);
  for (let n = 0; n < 5; n++) await tick();
  expect(await names()).toEqual(['b', 'c']);
  // Ids that the old tree had are free again.
  await world.commit(paris, paris.create('root', 'a', 'a again'));
  expect(await names()).toEqual(['a', 'b', 'c']);
  expect(world.visible()).toEqual({ a: 'a again', b: 'b', c: 'c' });
});

test('C147 only a group that is stopped, and not before what was under way is over', async () => {
  await expect(rebuild()).rejects.toMatchObject({ code: 'group_not_stopped' });
  await replaceShare();
  world.clock.advance(-60_000);
  await expect(rebuild()).rejects.toMatchObject({ code: 'group_just_stopped' });
  await expect(rebuildGroup(world.committer().cloud, 'nobody', 1)).rejects.toMatchObject({ code: 'group_unknown' });
  expect(await names()).toEqual(['a', 'b']);
});

test('C147 killed at any call it is done when it is asked again, and half done nobody goes on', async () => {
  let calls = Infinity;
  for (let call = 0; call < calls; call++) {
    world = await CloudWorld.create(call + 1);
    paris = await world.endpoint('paris');
    await world.commit(paris, paris.create('root', 'a', 'a'), paris.create('root', 'b', 'b'));
    await replaceShare();
    const right = { tw_epoch: head().epoch };
    const { life, cloud } = world.committer(at(call, call % 2 === 0 ? 'kill-before' : 'kill-after'));
    await life.run(() => rebuildGroup(cloud, group, 60_000)).catch(() => {});
    if (life.calls.length <= call) calls = life.calls.length;
    if (head().stopped?.code === 'rebuilding') {
      // The right share comes back too late.
      await world.committer().cloud.share('share').setMetadata(epochPath, 'file', right);
      await expect(release(world.committer().cloud, group, paris.id)).rejects.toMatchObject({
        code: 'group_rebuilding',
      });
    }
    if (head().stopped !== undefined) await rebuild();
    for (let n = 0; n < 5; n++) await tick();
    expect([call, await names(), head().stopped]).toEqual([call, ['b', 'c'], undefined]);
  }
  expect(calls).toBeGreaterThan(15);
});
