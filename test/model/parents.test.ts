// A directory that somebody replaced by a file on the share, while something of ours was on its way into it.
import { expect, test } from '@jest/globals';
import { CloudWorld } from '../support/cloud-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { at, type Blow } from '../support/life.ts';

async function run(index: number, blow: Blow): Promise<{ readonly struck: boolean; readonly visible: object }> {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  const [d, e] = [paris.mkdir('root', 'd'), paris.mkdir('root', 'e')];
  const inner = { ...e, parent: d.node };
  await world.commit(paris, d, inner);
  world.share.remove('d/e', 'directory');
  world.share.remove('d', 'directory');
  world.save('d', 'of somebody');
  const message = paris.seal([paris.create(e.node, 'a.txt', 'one')]);
  const first = world.committer(at(index, blow));
  await first.commit(message).catch(() => world.deliver(message));
  first.life.arrive();
  await world.detect();
  expect(brokenInvariants(world)).toEqual([]);
  return { struck: first.life.struck, visible: world.visible() };
}

test.each(['kill-before', 'kill-after', 'time-out'] as const)('the file makes way: %s at each call', async (blow) => {
  const expected = { d: '/', 'd/e': '/', 'd/e/a.txt': 'one', 'd-Cloud': 'of somebody' };
  for (let index = 0, struck = true; struck; index++) {
    const out = await run(index, blow);
    expect([index, out.visible]).toEqual([index, expected]);
    struck = out.struck;
  }
});

test('somebody makes the directories again before the next committer comes', async () => {
  for (let index = 0, struck = true; struck; index++) {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    const d = paris.mkdir('root', 'd');
    await world.commit(paris, d, { ...paris.mkdir('root', 'e'), parent: d.node });
    const { id } = world.node('d/e');
    world.share.remove('d/e', 'directory');
    world.share.remove('d', 'directory');
    world.save('d', 'of somebody');
    const message = paris.seal([paris.create(id, 'a.txt', 'one')]);
    const first = world.committer(at(index, 'kill-after'));
    await first.commit(message).catch(() => {
      if (world.share.find('d') !== undefined) return;
      world.share.mkdir('d');
      world.share.mkdir('d/e');
    });
    await world.deliver(message);
    await world.detect();
    expect([index, brokenInvariants(world)]).toEqual([index, []]);
    expect([index, world.visible()]).toEqual([
      index,
      { d: '/', 'd/e': '/', 'd/e/a.txt': 'one', 'd-Cloud': 'of somebody' },
    ]);
    struck = first.life.struck;
  }
});
