// Fault 21: the share was restored or replaced behind our back. Nothing is committed, and nothing concluded, until it is back.
import { beforeEach, expect, test } from '@jest/globals';
import { release } from '../../lib/cloud/release.ts';
import { headKey, headRow } from '../../lib/cloud/rows.ts';
import { epochPath } from '../../lib/protocol/layout.ts';
import type { Stopped } from '../../lib/protocol/brakes.ts';
import { tickAndStep } from '../support/tick.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import type { Fate } from '../support/life.ts';

const minute = 60_000;
let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  await run();
});

function run(fate?: Fate): Promise<void> {
  const { life, cloud } = world.committer(fate);
  return life.run(() => tickAndStep(cloud));
}
const share = () => world.committer().cloud.share('share');
const stopped = (): Stopped | undefined => headRow.parse(world.table.get(group, headKey)?.value).stopped;
const mark = async (): Promise<Readonly<Record<string, string>>> =>
  (await share().properties(epochPath, 'file'))?.metadata ?? {};

async function save(name: string): Promise<void> {
  await world.commit(paris, paris.create('root', name, name));
}

/** As after a restore: the epoch file is what it was when the snapshot was taken. */
const putBack = async (metadata: Readonly<Record<string, string>>): Promise<void> =>
  void (await share().setMetadata(epochPath, 'file', metadata));

test('fault 21: a share from before the last mark stops the group, at once and for good', async () => {
  const before = await mark();
  await save('a');
  world.clock.advance(11 * minute);
  await run();
  const now = await mark();
  expect(now).not.toEqual(before);
  await putBack(before);
  await run();
  expect(stopped()).toEqual({ code: 'share_restored', at: world.clock.now() });
  expect(world.hints.at(-1)).toEqual({ to: paris.slot, hint: { kind: 'held', group } });
  const calls = world.share.walk().length;
  await world.committer().commit(paris.seal([paris.create('root', 'b', 'b')]));
  await world.committer().commit(world.finding(''));
  await run();
  expect([world.rows().length, world.share.walk().length, Object.keys(world.visible())]).toEqual([1, calls + 1, ['a']]);
  // A person says go on, and it is not back.
  await expect(release(world.committer().cloud, group, paris.id)).rejects.toMatchObject({ code: 'share_not_back' });
  expect(stopped()?.code).toBe('share_restored');
  await putBack(now);
  await run();
  expect(stopped()?.code).toBe('share_restored');
  await release(world.committer().cloud, group, paris.id);
  expect(stopped()).toBeUndefined();
  paris.n = 0; // what was not taken is sent again
  await world.committer().commit(paris.sealFrom(2, [paris.create('root', 'b', 'b')]));
  expect(world.rows()).toHaveLength(2);
});

test.each<[string, () => Promise<unknown> | void]>([
  ['of another epoch', () => putBack({ tw_epoch: 'another' })],
  ['that lost its .tideway', () => world.share.remove(epochPath, 'file')],
])('a share %s stops the group', async (_, happens) => {
  await happens();
  await run();
  expect(stopped()?.code).toBe('share_replaced');
});

test('the mark is renewed while things are committed, and left alone while nothing is', async () => {
  const first = await mark();
  world.clock.advance(60 * minute);
  await run();
  expect(await mark()).toEqual(first);
  await save('a');
  await run();
  const second = await mark();
  expect(second).not.toEqual(first);
  await save('b');
  await run();
  expect(await mark()).toEqual(second);
  expect(stopped()).toBeUndefined();
});

test('three minutes later the next one is due', async () => {
  await save('a');
  const first = await mark();
  world.clock.advance(3 * minute - 1);
  await run();
  expect(await mark()).toEqual(first);
  world.clock.advance(1);
  await run();
  expect(await mark()).not.toEqual(first);
});

test('an intent that is open stays as it is', async () => {
  const killed = world.committer((call) => (call.method === 'rename' ? 'kill-before' : undefined));
  await killed.commit(paris.seal([paris.create('root', 'a', 'a')])).catch(() => {});
  await putBack({ tw_epoch: 'another' });
  await run();
  await world.committer().commit(world.nudge());
  const { committedSeq, intentSeq } = headRow.parse(world.table.get(group, headKey)?.value);
  expect([committedSeq, intentSeq, world.visible()]).toEqual([0, 1, {}]);
});

test.each(['kill-before', 'kill-after', 'time-out', 'late'] as const)(
  'whatever strikes the timer, no false alarm: %s',
  async (blow) => {
    for (let strike = 1; strike < 12; strike++) {
      await save(`f${strike}`);
      world.clock.advance(11 * minute);
      let calls = 0;
      await run(() => (++calls === strike ? blow : undefined)).catch(() => {});
      for (let round = 0; round < 3; round++) {
        world.clock.advance(10_000);
        await run();
      }
      expect([strike, stopped()]).toEqual([strike, undefined]);
    }
  },
);

test('a share that does not answer is no other share', async () => {
  await run((call) => (call.service === 'share' ? 'throttle' : undefined)).catch(() => {});
  expect(stopped()).toBeUndefined();
});
