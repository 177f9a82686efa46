import { describe, expect, test } from '@jest/globals';
import { order, sendOpen, type Order } from '../../lib/cloud/backup/order.ts';
import { readBook, readSnapshots } from '../../lib/cloud/backup/book.ts';
import { commit } from '../../lib/cloud/commit/commit.ts';
import type { Cloud } from '../../lib/cloud/group.ts';
import { ShareBusy, ShareRefusal } from '../../lib/cloud/ports.ts';
import { endpointRow } from '../../lib/cloud/rows.ts';
import { cloudSigner, seal } from '../../lib/protocol/message.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { at, type Fate } from '../support/life.ts';

async function start() {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  const { cloud } = world.committer();
  const ask = (wanted: Readonly<Record<string, Order>>) => order(cloud, group, new Map(Object.entries(wanted)));
  const outcomes = async () =>
    (await readBook(cloud, group)).orders.map(({ value }) => [
      value.operation.order,
      value.closed?.outcome,
      value.closed?.code,
    ]);
  return { world, paris, cloud, ask, outcomes };
}

/** The call of a committer with nothing else to do that takes it: after head, group, author and intent. */
const takes = 4;

const save = (world: CloudWorld, paris: Endpoint, name: string) =>
  world.commit(paris, paris.create('root', name, `of ${name}`));

describe('a snapshot', () => {
  test('C130: is the share as the namespace was at its number, whatever comes after it', async () => {
    const { world, paris, cloud, ask, outcomes } = await start();
    await save(world, paris, 'a.txt');
    await ask({ one: { kind: 'snapshot', label: 'before the move', expiresAt: 99 } });
    await world.drain();
    await world.commit(paris, paris.edit(world.node('a.txt'), 'other', { at: 9 }), paris.mkdir('root', 'd'));
    await ask({ two: { kind: 'snapshot', dueAt: 5 } });
    await world.drain();
    const [one, two] = await readSnapshots(cloud, group);
    expect(one).toMatchObject({ seq: 2, label: 'before the move', expiresAt: 99 });
    expect(two).toMatchObject({ seq: 5, dueAt: 5 });
    expect(world.rows(2)[0]).toMatchObject({
      endpoint: 'backup',
      server: 'Backup',
      op: 'snapshot',
      outcome: 'applied',
      snapshot: one?.id,
      effects: [],
    });
    expect(await outcomes()).toEqual([
      ['one', 'applied', undefined],
      ['two', 'applied', undefined],
    ]);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('C130: is taken alone, after what was sent before it has ended', async () => {
    const { world, paris, cloud, ask } = await start();
    const many = Array.from({ length: 30 }, (_, index) => paris.create('root', `f${index}`, `${index}`));
    const before = paris.seal(many);
    await ask({ one: { kind: 'snapshot' } });
    // In one committer, so that a chunk may be decided ahead.
    const committer = world.committer();
    await committer.commit(before);
    await committer.commit(world.queue.shift());
    expect((await readSnapshots(cloud, group))[0]?.seq).toBe(31);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('C131: is ordered under a name: again it is the same, and a message that comes again changes nothing', async () => {
    const { world, cloud, ask } = await start();
    await ask({ one: { kind: 'snapshot' } });
    await ask({ one: { kind: 'snapshot', label: 'not this' } });
    expect(world.queue).toHaveLength(2);
    const message = world.queue[0];
    await world.drain();
    await world.deliver(message);
    await ask({ one: { kind: 'snapshot' } });
    expect(world.queue).toHaveLength(0);
    expect(world.share.snapshots()).toHaveLength(1);
    expect((await readBook(cloud, group)).orders.map(({ value }) => value.n)).toEqual([1]);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('C131: two that are ordered at once have numbers of their own, and lost messages are made up by the next', async () => {
    const { world, cloud, ask, outcomes } = await start();
    await Promise.all([ask({ one: { kind: 'snapshot' } }), ask({ two: { kind: 'snapshot' } })]);
    world.queue.length = 0;
    await sendOpen(cloud, group, await readBook(cloud, group));
    await world.drain();
    expect((await outcomes()).map(([, outcome]) => outcome)).toEqual(['applied', 'applied']);
    expect(world.share.snapshots().map(({ metadata }) => metadata['tw_seq'])).toEqual(['1', '2']);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('C131: more than fit into one message', async () => {
    const { world, ask, outcomes } = await start();
    await ask(Object.fromEntries(Array.from({ length: 130 }, (_, n) => [`s${n}`, { kind: 'snapshot' }] as const)));
    await world.drain();
    expect((await outcomes()).filter(([, outcome]) => outcome === 'applied')).toHaveLength(130);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('C132: nobody but the backend may ask for one', async () => {
    const { world, paris, ask } = await start();
    const forged = { v: 1 as const, group, author: 'backup' as const, incarnation: 1, from: 1 };
    const message = { ...forged, orders: [{ kind: 'snapshot' as const, order: 'x' }] };
    await ask({ one: { kind: 'snapshot' } });
    world.queue.length = 0;
    await world.deliver(seal(message, paris.id, paris.keys.privateKey));
    await world.deliver(seal(message, cloudSigner, paris.keys.privateKey));
    expect(world.share.snapshots()).toEqual([]);
    expect(world.rows()).toEqual([]);
  });

  test('C133: of 200 there is no further one, and that is an outcome', async () => {
    const { world, ask, outcomes } = await start();
    for (let n = 0; n < 200; n++) world.share.takeSnapshot({});
    await ask({ one: { kind: 'snapshot' } });
    await world.drain();
    expect(await outcomes()).toEqual([['one', 'rejected', 'snapshot_limit']]);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('C133: a share that throttles it for long is tried again until it does', async () => {
    const { world, ask, outcomes } = await start();
    await ask({ one: { kind: 'snapshot' } });
    let refused = 0;
    const busy = world.committer(({ method }) => (method === 'takeSnapshot' && refused++ < 6 ? 'throttle' : undefined));
    await expect(busy.commit(world.queue.shift())).rejects.toThrow(ShareBusy);
    await world.deliver(world.nudge());
    expect(await outcomes()).toEqual([['one', 'applied', undefined]]);
    expect(world.share.snapshots()).toHaveLength(1);
    expect(brokenInvariants(world)).toEqual([]);
  });
});

describe('a snapshot whose committer is struck', () => {
  test('C135: it is asked for once', async () => {
    const { world, ask } = await start();
    await ask({ one: { kind: 'snapshot' } });
    const committer = world.committer();
    await committer.commit(world.queue.shift());
    expect(committer.life.calls.findIndex(({ method }) => method === 'takeSnapshot')).toBe(takes);
    expect(committer.life.calls.filter(({ method }) => method === 'snapshots')).toEqual([]);
  });

  test('C135: killed when the share has taken it: it is found, not taken again', async () => {
    const { world, cloud, ask } = await start();
    await ask({ one: { kind: 'snapshot' } });
    const message = world.queue.shift();
    const killed: Fate = ({ method }) => (method === 'takeSnapshot' ? 'kill-after' : undefined);
    await world.deliver(message, [killed]);
    const [taken, ...others] = world.share.snapshots();
    expect(others).toEqual([]);
    expect(await readSnapshots(cloud, group)).toMatchObject([{ id: taken?.id, seq: 1 }]);
  });

  test('C135: its request arrives when another was taken: one is in the list', async () => {
    const { world, cloud, ask } = await start();
    await ask({ one: { kind: 'snapshot' } });
    const late = world.committer(at(takes, 'late'));
    await late.commit(world.queue.shift());
    expect(late.life.struck).toBe(true);
    const [taken] = world.share.snapshots();
    late.life.arrive();
    expect(world.share.snapshots()).toHaveLength(2);
    expect(await readSnapshots(cloud, group)).toMatchObject([{ id: taken?.id }]);
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('C135: one of an attempt that was parked is not taken for that of the next', async () => {
    const { world, paris, cloud, ask, outcomes } = await start();
    await ask({ one: { kind: 'snapshot' } });
    const busy = refusing(world.committer().cloud);
    await commit(busy, group, world.queue.shift(), 1);
    expect(await outcomes()).toEqual([['one', undefined, undefined]]);
    // The request that was refused for so long comes through after all, and then somebody commits.
    world.share.takeSnapshot({ tw_group: group, tw_snapshot: nameOfFirst(world), tw_seq: '1' });
    await save(world, paris, 'a.txt');
    await world.clock.sleep(60_000);
    const killed: Fate = ({ method }) => (method === 'takeSnapshot' ? 'kill-before' : undefined);
    await world.deliver(world.nudge(), [killed]);
    expect(await outcomes()).toEqual([['one', 'applied', undefined]]);
    expect((await readSnapshots(cloud, group))[0]).toMatchObject({ seq: 3 });
    expect(brokenInvariants(world)).toEqual([]);
  });
});

function refusing(cloud: Cloud): Cloud {
  const share = cloud.share('share');
  const refuse = () => Promise.reject(new ShareRefusal('busy', 'ShareSnapshotInProgress', ''));
  return { ...cloud, share: () => ({ ...share, takeSnapshot: refuse }) };
}

function nameOfFirst(world: CloudWorld): string {
  const { incarnation } = endpointRow.parse(world.table.get(group, 'backup|author')?.value);
  return `backup-${incarnation}-1`;
}

describe('the end of a snapshot', () => {
  test('C134: one of ours goes, from the share and from the list', async () => {
    const { world, cloud, ask } = await start();
    await ask({ one: { kind: 'snapshot' }, two: { kind: 'snapshot' } });
    await world.drain();
    const [one, two] = await readSnapshots(cloud, group);
    await ask({ drop: { kind: 'drop-snapshot', snapshot: one?.id ?? '', why: 'retention' } });
    await world.drain();
    expect(await readSnapshots(cloud, group)).toEqual([two]);
    expect(world.share.snapshots().map(({ id }) => id)).toEqual([two?.id]);
    expect(world.rows(3)[0]).toMatchObject({ op: 'drop-snapshot', outcome: 'applied', snapshot: one?.id });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('C134: what somebody else made is never deleted', async () => {
    const { world, ask, outcomes } = await start();
    const theirs = world.share.takeSnapshot({ tw_group: 'another', made: 'by hand' });
    await ask({ drop: { kind: 'drop-snapshot', snapshot: theirs, why: 'retention' } });
    await world.drain();
    expect(await outcomes()).toEqual([['drop', 'rejected', 'snapshot_foreign']]);
    expect(world.share.snapshots()).toHaveLength(1);
  });

  test('C134: what somebody has deleted on the share leaves the list', async () => {
    const { world, cloud, ask, outcomes } = await start();
    await ask({ one: { kind: 'snapshot' } });
    await world.drain();
    const [one] = await readSnapshots(cloud, group);
    await world.share.client().removeSnapshot(one?.id ?? '');
    await ask({ drop: { kind: 'drop-snapshot', snapshot: one?.id ?? '', why: 'gone' } });
    await world.drain();
    expect((await outcomes()).at(-1)).toEqual(['drop', 'applied', undefined]);
    expect(await readSnapshots(cloud, group)).toEqual([]);
  });
});
