// Fault 2: a committer stands still at a call, others commit two newer versions, and then it goes on as if nothing had been.
import { describe, expect, test } from '@jest/globals';
import { CloudWorld } from '../support/cloud-world.ts';
import { at, spared, type Blow, type Fate } from '../support/life.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { scene, sceneNames, seen, type Scene } from '../support/scenario.ts';

describe.each(sceneNames)('fault 2: %s: nothing changes when a zombie goes on', (name) => {
  test.each<Blow>(['freeze-before', 'freeze-after'])('%s each call', async (blow) => {
    const { life } = await run(await scene(name), spared);
    expect(life.calls.length).toBeGreaterThan(5);
    for (let index = 0; index < life.calls.length; index++) {
      const on = await scene(name);
      const { before } = await run(on, at(index, blow));
      const where = `${blow} ${index}: ${JSON.stringify(life.calls[index])}`;
      const after = seen(on.world);
      // Attributes are set where they are: a late one is an edit on the share, told from ours by the next look.
      const rows = name.includes('attributes') ? after.rows.filter((row) => row.seq <= before.rows.length) : after.rows;
      expect({ where, ...after, rows, broken: brokenInvariants(on.world) }).toEqual({ where, ...before, broken: [] });
    }
  });
});

test.each(sceneNames)('%s: a zombie that wakes after its turn sends no further request to the share', async (name) => {
  const { life } = await run(await scene(name), spared);
  for (let index = 0; index < life.calls.length; index++) {
    if (life.calls[index]?.service !== 'share') continue;
    const { world, message } = await scene(name);
    const zombie = world.committer(at(index, 'freeze-before'));
    const late = zombie.commit(message);
    await zombie.life.frozen;
    await world.clock.sleep(0); // what the other lanes had begun is under way by now
    const until = zombie.life.calls.length;
    world.clock.advance(world.settings.turnMs + 1);
    zombie.life.thaw();
    await late.catch((error: unknown) => expect(error).toMatchObject({ name: 'TurnLost' }));
    // The next transaction would prove that the head is still its own.
    const rest = zombie.life.calls.slice(until);
    const proof = rest.findIndex((call) => call.method === 'transact');
    const further = rest.slice(0, proof < 0 ? undefined : proof).filter((call) => call.service === 'share');
    // Looking before the intent is written is free; after it, the turn is over.
    if (life.calls.slice(0, index).some((call) => call.method === 'transact')) expect(further).toEqual([]);
  }
});

test.each(sceneNames)(
  'fault 3: %s: a zombie whose transaction timed out takes no newer head for its own',
  async (name) => {
    const { life } = await run(await scene(name), spared);
    for (let index = 0; index < life.calls.length; index++) {
      if (life.calls[index]?.method !== 'transact') continue;
      const on = await scene(name);
      // Right after the head was read back, by which it knows that the transaction was applied.
      const fate: Fate = (_call, n) => (n === index ? 'time-out' : n === index + 1 ? 'freeze-after' : undefined);
      const { before } = await run(on, fate);
      const after = seen(on.world);
      const rows = name.includes('attributes') ? after.rows.filter((row) => row.seq <= before.rows.length) : after.rows;
      expect({ index, ...after, rows, broken: brokenInvariants(on.world) }).toEqual({ index, ...before, broken: [] });
    }
  },
);

async function run(on: Scene, fate: Fate) {
  const { world, message } = on;
  const zombie = world.committer(fate);
  const late = zombie.commit(message);
  late.catch(() => {});
  await Promise.race([late, zombie.life.frozen]);
  await world.deliver(message);
  await world.detect();
  await newer(on);
  await newer(on);
  const before = seen(world);
  zombie.life.thaw();
  await late.catch(() => {});
  await world.detect();
  return { life: zombie.life, before };
}

/** Another version of every file at another name, and a new file at every name that became free. */
async function newer({ world, tokyo }: Scene): Promise<void> {
  const files = [...world.tree().nodes.values()].filter((node) => node.kind === 'file');
  const operations = files.flatMap((node) => [
    tokyo.edit(node, `newer ${node.id} ${world.head}`, { at: 100 }),
    { kind: 'move' as const, node: node.id, parent: node.parent, name: `n-${node.name}` },
    tokyo.create(node.parent, node.name, `anew ${node.id} ${world.head}`, { at: 100 }),
  ]);
  if (operations.length > 0) await world.commit(tokyo, ...operations);
}

test('what a recovery had moved aside is kept, also where a zombie gets the name that became free', async () => {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  await world.commit(paris, paris.create('root', 'a.txt', 'one'));
  world.save('b.txt', 'of somebody');
  const message = paris.seal([{ kind: 'move', node: world.node('a.txt').id, parent: 'root', name: 'b.txt' }]);
  const zombie = world.committer(({ method, args }) =>
    method === 'rename' && args[1] === 'b.txt' ? 'freeze-before' : undefined,
  );
  const late = zombie.commit(message);
  await zombie.life.frozen;
  const next = world.committer(({ method, args }) =>
    method === 'rename' && args[0] === 'b.txt' ? 'kill-after' : undefined,
  );
  await expect(next.commit(message, 2)).rejects.toMatchObject({ name: 'Killed' });
  zombie.life.thaw();
  await expect(late).rejects.toMatchObject({ name: 'HeadMoved' });
  expect(world.visible()).toEqual({ 'b.txt': 'one' });
  await world.deliver(message);
  expect(world.visible()).toEqual({ 'b.txt': 'one', 'b-Cloud.txt': 'of somebody' });
  await world.detect();
  expect(brokenInvariants(world)).toEqual([]);
});

test('what was in the way is gone by itself: a zombie that was about to move it moves nothing else', async () => {
  const { world, message } = await scene('foreign file at the target');
  const zombie = world.committer((call) => (String(call.args[1]).includes('trash') ? 'freeze-before' : undefined));
  const late = zombie.commit(message);
  late.catch(() => {});
  await zombie.life.frozen;
  world.unlink('a.txt');
  await world.deliver(message);
  const before = seen(world);
  expect(before.visible).toEqual({ 'a.txt': 'one' });
  zombie.life.thaw();
  await expect(late).rejects.toMatchObject({ name: expect.stringMatching(/^(TurnLost|HeadMoved)$/) });
  expect(seen(world)).toEqual(before);
  expect(brokenInvariants(world)).toEqual([]);
});

test('what was in the way is gone by itself: a request to move it that arrives late moves nothing else', async () => {
  const { world, message } = await scene('foreign file at the target');
  let first = true;
  const committer = world.committer((call) => {
    if (call.method !== 'rename' || !String(call.args[1]).includes('trash') || !first) return undefined;
    first = false;
    world.unlink('a.txt');
    return 'late';
  });
  await committer.commit(message);
  const before = seen(world);
  committer.life.arrive();
  expect(seen(world)).toEqual(before);
  expect(brokenInvariants(world)).toEqual([]);
});
