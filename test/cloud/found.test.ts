// C80-C86, I3, I4: what people do on the share itself is kept and recorded as author Cloud.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CloudWorld } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { scene } from '../support/scenario.ts';

describe('faults 15 and 16, C80 met on the way', () => {
  const outcomes: Readonly<Record<string, readonly [string, object]>> = {
    'foreign file at the target': ['applied', { 'a.txt': 'one', 'a-Cloud.txt': 'of somebody' }],
    'foreign directory at the target': [
      'applied',
      { 'a.txt': 'one', 'a-Cloud.txt': '/', 'a-Cloud.txt/inside': 'of somebody' },
    ],
    'foreign edit before an overwrite': ['applied', { 'a.txt': 'two', 'a-Cloud.txt': 'of somebody' }],
    'foreign edit before a delete': ['stale', { 'a.txt': 'of somebody' }],
    'foreign edit before a move': ['applied', { 'b.txt': 'of somebody' }],
    'foreign edit before attributes': ['applied', { 'a.txt': 'of somebody' }],
    'foreign edit before a conflict': ['conflict', { 'a.txt': 'of paris', 'a-tokyo.txt': 'of somebody' }],
    'foreign delete before an overwrite': ['applied', { 'a.txt': 'two' }],
    'foreign delete before a move': ['absent_on_share', {}],
  };
  test.each(Object.keys(outcomes))('%s', async (name) => {
    const { world, message, paris } = await scene(name);
    await world.committer().commit(message);
    await world.drain();
    const row = paris.outcome();
    expect([row?.code ?? row?.outcome, world.visible()]).toEqual(outcomes[name]);
    await world.detect();
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a copy that is taken away at once, and the next file in the way, are one row', async () => {
    const { world, message } = await scene('foreign file at the target');
    let placed = 0;
    const committer = world.committer(({ method, args }) => {
      if (method !== 'rename' || args[1] !== 'a.txt' || ++placed !== 2) return undefined;
      world.unlink('a-Cloud.txt');
      world.save('a.txt', 'of somebody else');
      return undefined;
    });
    await committer.commit(message);
    expect(world.visible()).toEqual({ 'a.txt': 'one', 'a-Cloud.txt': 'of somebody else' });
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('a directory that is moved away on the share while a copy is on its way into it is made again', async () => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'));
    world.save('d/a.txt', 'of somebody');
    const message = paris.seal([paris.edit(world.node('d/a.txt'), 'two', { at: 9 })]);
    const committer = world.committer(({ method, args }) => {
      if (method === 'rename' && args[1] === 'd/a-Cloud.txt' && world.share.find('e') === undefined)
        world.share.rename('d', 'e', 'directory');
      return undefined;
    });
    await committer.commit(message);
    expect(world.visible()).toEqual({ d: '/', 'd/a.txt': 'two', 'd/a-Cloud.txt': 'of somebody', e: '/' });
    await world.detect();
    expect(brokenInvariants(world)).toEqual([]);
  });

  test('fault 17: a directory deleted on the share is made again for what is on its way into it', async () => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir);
    world.share.remove('d', 'directory');
    await world.commit(paris, paris.create(dir.node, 'a', 'one'));
    expect(world.visible()).toEqual({ d: '/', 'd/a': 'one' });
    expect(brokenInvariants(world)).toEqual([]);
  });
});

describe('posted, or met by enumeration', () => {
  let world: CloudWorld;
  let paris: Endpoint;

  beforeEach(async () => {
    world = await CloudWorld.create();
    paris = await world.endpoint('paris');
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'));
  });

  afterEach(() => expect(brokenInvariants(world)).toEqual([]));

  test('C81 a new file', async () => {
    world.save('d/b.txt', 'foreign');
    await world.examine('d/b.txt');
    expect(world.rows(3)).toMatchObject([
      { endpoint: 'cloud', server: 'Cloud', n: 0, op: 'found', outcome: 'applied' },
    ]);
    expect(world.node('d/b.txt')).toMatchObject({ hash: null, version: 3, size: 7, author: 'Cloud', mode: 0o644 });
  });

  test('C81 a new directory with all that is in it, directories above it included', async () => {
    world.share.mkdir('x');
    world.share.mkdir('x/y');
    world.save('x/y/1', 'foreign 1');
    world.save('x/y/2', 'foreign 2');
    await world.examine('x/y/1');
    expect(world.tree().byPath().has('x/y/1')).toBe(true);
    await world.examine('x');
    await world.examine('x/y');
  });

  test('C82 other content in a file that is known', async () => {
    const before = world.node('d/a.txt');
    world.save('d/a.txt', 'foreign');
    await world.examine('d/a.txt');
    expect(world.node('d/a.txt')).toMatchObject({ id: before.id, hash: null, version: 3, size: 7 });
  });

  test('C82 another file under the name', async () => {
    const before = world.node('d/a.txt');
    world.unlink('d/a.txt');
    world.save('d/a.txt', 'foreign');
    await world.examine('d/a.txt');
    expect(world.node('d/a.txt')).toMatchObject({ id: before.id, hash: null });
  });

  test('C82 only the ETag moved: nobody has read it, so no hash is claimed', async () => {
    world.share.touch('d/a.txt');
    await world.examine('d/a.txt');
    expect(world.node('d/a.txt')).toMatchObject({ hash: null, version: 3 });
  });

  test('C83 a file that is gone', async () => {
    const { id } = world.node('d/a.txt');
    world.unlink('d/a.txt');
    await world.examine('d/a.txt');
    expect(world.rows(3)).toMatchObject([{ effects: [{ drop: id }] }]);
  });

  test('C83 a directory that is gone, by one row', async () => {
    const { id } = world.node('d');
    world.unlink('d/a.txt');
    world.share.remove('d', 'directory');
    await world.examine('d');
    expect(world.rows(3)).toMatchObject([{ effects: [{ drop: id }] }]);
  });

  test('C83, I6 that a directory above cannot be seen proves nothing about it', async () => {
    world.unlink('d/a.txt');
    world.share.remove('d', 'directory');
    await world.examine('d/a.txt');
    expect(world.rows(3)).toMatchObject([]);
    await world.examine('d');
  });

  test('C83 a file where a directory was, and the other way round', async () => {
    world.unlink('d/a.txt');
    world.share.remove('d', 'directory');
    world.save('d', 'a file');
    await world.examine('d');
    expect(world.node('d').kind).toBe('file');
    world.unlink('d');
    world.share.mkdir('d');
    await world.examine('d');
    expect(world.node('d').kind).toBe('directory');
  });

  test('C84 what nobody changed gives no row, however often it is looked at', async () => {
    await world.examine('d/a.txt', 'd', '', 'nowhere', 'd/a.txt/below', '../d', '.tideway/trash');
    await world.detect();
    expect(world.rows(3)).toEqual([]);
  });

  test('C84 a name is taken as the share spells it, not as it was posted', async () => {
    world.save('d/Straße.TXT', 'foreign');
    await world.examine('D/STRAßE.txt');
    expect(world.node('d/Straße.TXT').author).toBe('Cloud');
  });

  test('C84 a change of case is a change of the name, and of nothing else', async () => {
    const before = world.node('d/a.txt');
    world.share.rename('d/a.txt', 'd/A.txt', 'file');
    world.share.rename('d', 'D', 'directory');
    await world.examine('D');
    expect(world.node('D/A.txt').id).toBe(before.id);
  });

  test('C85 equal content is claimed only after it was read', async () => {
    world.save('d/b.txt', 'same');
    await world.examine('d/b.txt');
    const { id } = world.node('d/b.txt');
    const twin = paris.create(world.node('d').id, 'b.txt', 'same');
    await world.commit(paris, twin);
    expect(paris.outcome()).toMatchObject({
      outcome: 'applied',
      effects: [{ alias: twin.node, to: id }, { put: { id } }],
    });
    await world.commit(paris, paris.create(world.node('d').id, 'b.txt', 'size'));
    expect(paris.outcome()).toMatchObject({ outcome: 'conflict' });
  });

  test('C85 names that only the share can have are shown as a Linux mount shows them', async () => {
    world.save('d/a\uf022b', 'colon');
    await world.examine('d/a\uf022b');
    expect(world.node('d/a:b').share).toBeUndefined();
  });

  test('C86 a path that an operation waits for is not taken for deleted', async () => {
    const gone = world.share.deletePending('d/a.txt');
    await world.commit(paris, paris.edit(world.node('d/a.txt'), 'two', { at: 5 }));
    world.destroyed.add('one');
    gone();
    await world.examine('d/a.txt');
    expect(world.rows(4)).toEqual([]);
    world.clock.advance(60_000);
    await world.deliver(world.nudge());
    expect(world.visible()['d/a.txt']).toBe('two');
  });

  test('C86 a file that is being deleted is looked at again later, and nobody else waits for it', async () => {
    const gone = world.share.deletePending('d/a.txt');
    world.save('d/b.txt', 'foreign');
    await world.examine('d/a.txt', 'd/b.txt');
    expect(world.rows(3)).toMatchObject([{ effects: [{ put: { name: 'b.txt' } }] }]);
    world.destroyed.add('one');
    gone();
    await world.examine('d/a.txt');
  });
});
