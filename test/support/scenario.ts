// Situations in which one message makes a committer do something worth interrupting. Each is built anew for every run, so
// that run k meets the same calls as run 1 up to the blow.
import { stagedPath } from '../../lib/protocol/layout.ts';
import type { Envelope } from '../../lib/protocol/message.ts';
import { order, type Order } from '../../lib/cloud/backup/order.ts';
import { snapshotRow } from '../../lib/cloud/backup/rows.ts';
import { CloudWorld, group } from './cloud-world.ts';
import type { Endpoint } from './endpoint.ts';

export interface Scene {
  readonly world: CloudWorld;
  /** The message that the committer under test gets. */
  readonly message: Envelope;
  readonly paris: Endpoint;
  readonly tokyo: Endpoint;
}

type Build = (world: CloudWorld, paris: Endpoint, tokyo: Endpoint) => Promise<Envelope>;

const scenes: Readonly<Record<string, Build>> = {
  create: async (_world, paris) =>
    paris.seal([paris.create('root', 'a.txt', 'one'), paris.create('root', 'b.txt', 'two')]),

  overwrite: async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    return paris.seal([paris.edit(world.node('a.txt'), 'two', { at: 9 })]);
  },

  delete: async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id, version } = world.node('a.txt');
    return paris.seal([{ kind: 'delete', node: id, base: version }]);
  },

  'move of a file': async (world, paris) => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create('root', 'a.txt', 'one'));
    return paris.seal([{ kind: 'move', node: world.node('a.txt').id, parent: dir.node, name: 'b.txt' }]);
  },

  'move of a directory': async (world, paris) => {
    const [dir, other] = [paris.mkdir('root', 'd'), paris.mkdir('root', 'e')];
    await world.commit(paris, dir, other, paris.create(dir.node, 'a.txt', 'one'));
    return paris.seal([{ kind: 'move', node: dir.node, parent: other.node, name: 'f' }]);
  },

  'a chunk that is opened with the finish before it': async (world, paris) => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'));
    const move = { kind: 'move', node: dir.node, parent: 'root', name: 'e' } as const;
    return paris.seal([move, paris.create('root', 'b.txt', 'two'), { ...move, name: 'f' }]);
  },

  'change of case': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    return paris.seal([{ kind: 'move', node: world.node('a.txt').id, parent: 'root', name: 'A.txt' }]);
  },

  mkdir: async (_world, paris) => {
    const dir = paris.mkdir('root', 'd');
    return paris.seal([dir, paris.mkdir(dir.node, 'e'), paris.create(dir.node, 'a.txt', 'one')]);
  },

  attributes: async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id, version } = world.node('a.txt');
    return paris.seal([{ kind: 'attributes', node: id, base: version, mode: 0o600, mtime: paris.mtime(50) }]);
  },

  'directory delete': async (world, paris) => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(paris, dir, paris.create(dir.node, 'a.txt', 'one'));
    return paris.seal([{ kind: 'rmdir', node: dir.node, asOf: world.head }]);
  },

  'conflict that the newer wins': async (world, paris, tokyo) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    await world.commit(tokyo, tokyo.edit(base, 'of tokyo', { at: 10 }));
    return paris.seal([paris.edit(base, 'of paris', { at: 20 })]);
  },

  'conflict that the newer loses': async (world, paris, tokyo) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    await world.commit(tokyo, tokyo.edit(base, 'of tokyo', { at: 30 }));
    return paris.seal([paris.edit(base, 'of paris', { at: 20 })]);
  },

  'two new files of one name': async (world, paris, tokyo) => {
    await world.commit(tokyo, tokyo.create('root', 'a.txt', 'of tokyo', { at: 10 }));
    return paris.seal([paris.create('root', 'a.txt', 'of paris', { at: 20 })]);
  },

  'move onto a name that is taken': async (world, paris, tokyo) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'of paris', { at: 20 }));
    await world.commit(tokyo, tokyo.create('root', 'b.txt', 'of tokyo', { at: 10 }));
    return paris.seal([{ kind: 'move', node: world.node('a.txt').id, parent: 'root', name: 'b.txt' }]);
  },

  'directory where a file is': async (world, paris, tokyo) => {
    await world.commit(tokyo, tokyo.create('root', 'd', 'a file'));
    return paris.seal([paris.mkdir('root', 'd')]);
  },

  revive: async (world, paris, tokyo) => {
    const dir = paris.mkdir('root', 'd');
    const deep = paris.mkdir(dir.node, 'e');
    await world.commit(paris, dir, deep, paris.create(deep.node, 'a.txt', 'one'));
    const base = world.node('d/e/a.txt');
    await world.commit(tokyo, { kind: 'rmdir', node: dir.node, asOf: world.head });
    return paris.seal([paris.edit(base, 'two', { at: 5 }), paris.create(deep.node, 'b.txt', 'three')]);
  },

  'foreign file at the target': async (world, paris) => {
    world.save('a.txt', 'of somebody');
    return paris.seal([paris.create('root', 'a.txt', 'one')]);
  },

  'foreign directory at the target': async (world, paris) => {
    world.share.mkdir('a.txt');
    world.save('a.txt/inside', 'of somebody');
    return paris.seal([paris.create('root', 'a.txt', 'one')]);
  },

  'foreign edit before an overwrite': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    world.save('a.txt', 'of somebody');
    return paris.seal([paris.edit(base, 'two', { at: 5 })]);
  },

  'foreign edit before a delete': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id, version } = world.node('a.txt');
    world.save('a.txt', 'of somebody');
    return paris.seal([{ kind: 'delete', node: id, base: version }]);
  },

  'foreign edit before a move': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id } = world.node('a.txt');
    world.save('a.txt', 'of somebody');
    return paris.seal([{ kind: 'move', node: id, parent: 'root', name: 'b.txt' }]);
  },

  'foreign edit before attributes': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id, version } = world.node('a.txt');
    world.save('a.txt', 'of somebody');
    return paris.seal([{ kind: 'attributes', node: id, base: version, mode: 0o600, mtime: paris.mtime(50) }]);
  },

  'foreign edit before a conflict': async (world, paris, tokyo) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    await world.commit(tokyo, tokyo.edit(base, 'of tokyo', { at: 10 }));
    world.save('a.txt', 'of somebody');
    return paris.seal([paris.edit(base, 'of paris', { at: 20 })]);
  },

  'foreign delete before an overwrite': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const base = world.node('a.txt');
    world.unlink('a.txt');
    return paris.seal([paris.edit(base, 'two', { at: 5 })]);
  },

  'foreign delete before a move': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const { id } = world.node('a.txt');
    world.unlink('a.txt');
    return paris.seal([{ kind: 'move', node: id, parent: 'root', name: 'b.txt' }]);
  },

  'overwrite whose new content is held open': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const edit = paris.edit(world.node('a.txt'), 'two', { at: 5 });
    world.share.open(stagedPath(paris.id, edit.content.slot));
    return paris.seal([edit]);
  },

  'conflict whose new content is held open': async (world, paris, tokyo) => {
    await world.commit(tokyo, tokyo.create('root', 'a.txt', 'of tokyo', { at: 10 }));
    const create = paris.create('root', 'a.txt', 'of paris', { at: 20 });
    world.share.open(stagedPath(paris.id, create.content.slot));
    return paris.seal([create]);
  },

  'move whose target is being deleted': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    world.share.upload('b.txt', Buffer.from('going'));
    world.share.deletePending('b.txt');
    return paris.seal([{ kind: 'move', node: world.node('a.txt').id, parent: 'root', name: 'b.txt' }]);
  },

  'overwrite of a file that is open': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'), paris.create('root', 'b.txt', 'one'));
    world.share.open('a.txt');
    return paris.seal(['a.txt', 'b.txt'].map((name) => paris.edit(world.node(name), `${name} two`, { at: 5 })));
  },

  'snapshot, and an older one goes': async (world, paris) => {
    await world.commit(paris, paris.create('root', 'a.txt', 'one'));
    const first = await ordered(world, { first: { kind: 'snapshot' } });
    await world.deliver(first);
    await world.commit(paris, paris.edit(world.node('a.txt'), 'two', { at: 5 }));
    const [snapshot = ''] = world.share.snapshots().map(({ id }) => id);
    return ordered(world, {
      second: { kind: 'snapshot', dueAt: 7 },
      drop: { kind: 'drop-snapshot', snapshot, why: 'x' },
    });
  },

  'many kinds at once': async (world, paris) => {
    const dir = paris.mkdir('root', 'd');
    await world.commit(
      paris,
      dir,
      paris.create(dir.node, 'a.txt', 'a'),
      paris.create(dir.node, 'b.txt', 'b'),
      paris.create(dir.node, 'c.txt', 'c'),
    );
    const [a, b, c] = [world.node('d/a.txt'), world.node('d/b.txt'), world.node('d/c.txt')];
    return paris.seal([
      paris.edit(a, 'a2', { at: 5 }),
      { kind: 'delete', node: b.id, base: b.version },
      { kind: 'move', node: c.id, parent: 'root', name: 'c.txt' },
      paris.create('root', 'd.txt', 'd'),
    ]);
  },
};

/** The message with what is ordered now. */
async function ordered(world: CloudWorld, wanted: Readonly<Record<string, Order>>): Promise<Envelope> {
  await order(world.committer().cloud, group, new Map(Object.entries(wanted)));
  const message = world.queue.pop();
  if (message === undefined) throw new Error('nothing was ordered');
  return message as Envelope;
}

export const sceneNames: readonly string[] = Object.keys(scenes);

export async function scene(name: string): Promise<Scene> {
  const build = scenes[name];
  if (build === undefined) throw new Error(`no scene ${name}`);
  const world = await CloudWorld.create();
  const [paris, tokyo] = [await world.endpoint('paris'), await world.endpoint('tokyo')];
  return { world, paris, tokyo, message: await build(world, paris, tokyo) };
}

/** Everything that users and agents can see of an outcome, without what differs from run to run by chance. */
export function seen(world: CloudWorld) {
  const rows = world.rows().map(({ seq, n, op, outcome, code }) => ({ seq, n, op, outcome, code }));
  const snapshots = world.table
    .range(group, 'snapshot|', 'snapshot}', 1000)
    .map((row) => snapshotRow.parse(row.value))
    .map(({ seq, dueAt }) => ({ seq, dueAt }));
  return { visible: world.visible(), rows, snapshots };
}
