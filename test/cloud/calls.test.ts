// What a commit costs: remote calls are counted, so that a change that doubles them is seen.
import { expect, test } from '@jest/globals';
import type { Operation } from '../../lib/protocol/operation.ts';
import { CloudWorld } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

async function callsOf(
  prepare: (world: CloudWorld, paris: Endpoint) => Promise<readonly Operation[]>,
): Promise<Readonly<Record<string, number>>> {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  const message = paris.seal(await prepare(world, paris));
  const committer = world.committer();
  await committer.commit(message);
  expect(brokenInvariants(world)).toEqual([]);
  const counts: Record<string, number> = {};
  for (const { method } of committer.life.calls) counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}

const filled = async (world: CloudWorld, paris: Endpoint, count: number): Promise<string> => {
  const dir = paris.mkdir('root', 'd');
  const files = Array.from({ length: count }, (_, n) => paris.create(dir.node, `old-${n}`, `old ${n}`));
  await world.commit(paris, dir, ...files);
  return dir.node;
};

test('32 new files in one directory: two transactions, one listing, 32 renames', async () => {
  const counts = await callsOf(async (world, paris) => {
    const dir = await filled(world, paris, 20);
    return Array.from({ length: 32 }, (_, n) => paris.create(dir, `new-${n}`, `new ${n}`));
  });
  const { transact, list, rename, get = 0, range = 0, committed, ...others } = counts;
  expect({ transact, list, rename, committed, others }).toEqual({
    transact: 2,
    list: 1,
    rename: 32,
    committed: 1,
    others: {},
  });
  expect(get + range).toBeLessThanOrEqual(8); // head, group, endpoint; ids (of two lengths), children, directory
});

test('96 new files: each chunk is opened with the finish of the one before it', async () => {
  const counts = await callsOf(async (world, paris) => {
    const dir = await filled(world, paris, 20);
    return Array.from({ length: 96 }, (_, n) => paris.create(dir, `new-${n}`, `new ${n}`));
  });
  expect(counts).toMatchObject({ transact: 4, list: 1, rename: 96 });
  // Read for the first chunk, and not again for the others.
  expect((counts['get'] ?? 0) + (counts['range'] ?? 0)).toBeLessThanOrEqual(8);
});

test('a full message of new files, with a directory of its own: nothing is read again for any chunk', async () => {
  const counts = await callsOf(async (world, paris) => {
    const dir = await filled(world, paris, 20);
    const own = paris.mkdir(dir, 'own');
    const some = Array.from({ length: 320 }, (_, n) => paris.create(dir, `new-${n}`, `new ${n}`));
    return [own, ...some, ...Array.from({ length: 159 }, (_, n) => paris.create(own.node, `own-${n}`, `own ${n}`))];
  });
  // 480 nodes, 32 a chunk: an intent, then a finish with the next intent each; before and after the directory a new one.
  expect(counts['transact']).toBeLessThanOrEqual(Math.ceil(480 / 32) + 3);
  expect(counts).toMatchObject({ list: 1, rename: 480 });
  expect((counts['get'] ?? 0) + (counts['range'] ?? 0)).toBeLessThanOrEqual(10);
});

test('one new file', async () => {
  const counts = await callsOf(async (world, paris) => [paris.create(await filled(world, paris, 1), 'new', 'new')]);
  const { transact, list, rename, get = 0, range = 0, committed, ...others } = counts;
  expect({ transact, list, rename, committed, others }).toEqual({
    transact: 2,
    list: 1,
    rename: 1,
    committed: 1,
    others: {},
  });
  expect(get + range).toBeLessThanOrEqual(8);
});

test('24 edits: a rename and a look more each', async () => {
  const counts = await callsOf(async (world, paris) => {
    await filled(world, paris, 24);
    return Array.from({ length: 24 }, (_, n) => paris.edit(world.node(`d/old-${n}`), `newer ${n}`, { at: 5 }));
  });
  expect(counts).toMatchObject({ transact: 2, list: 1, rename: 48, properties: 24 });
  expect((counts['get'] ?? 0) + (counts['range'] ?? 0)).toBeLessThanOrEqual(3 + 2 * 24 + 2);
});

test('24 deletes', async () => {
  const counts = await callsOf(async (world, paris) => {
    await filled(world, paris, 24);
    return Array.from({ length: 24 }, (_, n): Operation => {
      const { id, version } = world.node(`d/old-${n}`);
      return { kind: 'delete', node: id, base: version };
    });
  });
  expect(counts).toMatchObject({ transact: 2, rename: 24, properties: 24 });
});

test('a directory with all below: one move, one delete, whatever is in it', async () => {
  const cost = async (count: number, operation: (dir: string, head: number) => Operation) =>
    callsOf(async (world, paris) => [operation(await filled(world, paris, count), world.head)]);
  const move = (dir: string): Operation => ({ kind: 'move', node: dir, parent: 'root', name: 'moved' });
  const remove = (dir: string, head: number): Operation => ({ kind: 'rmdir', node: dir, asOf: head });
  expect(await cost(90, move)).toEqual(await cost(1, move));
  expect(await cost(90, remove)).toEqual(await cost(1, remove));
});

test('a second message of one instance reads no row again', async () => {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  const dir = await filled(world, paris, 3);
  const instance = new Map();
  await world.committer(undefined, instance).commit(paris.seal([paris.create(dir, 'one', 'one')]));
  const second = world.committer(undefined, instance);
  await second.commit(paris.seal([paris.create(dir, 'two', 'two')]));
  const reads = second.life.calls.filter(({ method }) => method === 'get' || method === 'range');
  expect(reads.map(({ args }) => String(args[1]).split('|')[0])).toEqual(['head', 'group', 'endpoint', 'id', 'node']);
});

test('nothing to do on the share: one transaction', async () => {
  const counts = await callsOf(async (_world, _paris) => [{ kind: 'none' }]);
  expect(counts).toMatchObject({ transact: 1 });
  expect(counts['rename']).toBeUndefined();
});

test('a look at a directory costs no read for each entry', async () => {
  const looked = async (count: number): Promise<number> => {
    const world = await CloudWorld.create();
    const paris = await world.endpoint('paris');
    await filled(world, paris, count);
    const committer = world.committer();
    await committer.commit(world.finding('d'));
    return committer.life.calls.length;
  };
  expect(await looked(60)).toBe(await looked(2));
});
