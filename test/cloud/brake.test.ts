// B1, B2: one endpoint changes so many old files that a person has to look before anybody else gets the rest.
import { beforeEach, expect, test } from '@jest/globals';
import { endpointKey, endpointRow, groupKey, headKey, headRow } from '../../lib/cloud/rows.ts';
import { release } from '../../lib/cloud/release.ts';
import type { Held } from '../../lib/protocol/brakes.ts';
import { seal } from '../../lib/protocol/message.ts';
import type { Operation } from '../../lib/protocol/operation.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

const hour = 3_600_000;
const total = 40;
let world: CloudWorld;
let paris: Endpoint;
let tokyo: Endpoint;
/** The id of the directory that all files are in. */
let dir: string;

/** A group that holds ten files for many; both sites have all of forty. */
beforeEach(async () => {
  world = await CloudWorld.create(1, { massFiles: 10 });
  paris = await world.endpoint('paris');
  tokyo = await world.endpoint('tokyo');
  const made = paris.mkdir('root', 'd');
  dir = made.node;
  await world.commit(paris, made, ...Array.from({ length: total }, (_, n) => paris.create(dir, `f${n}`, `old ${n}`)));
});

const held = (): Readonly<Record<string, Held>> => headRow.parse(world.table.get(group, headKey)?.value).held ?? {};
const contents = (word: string): number =>
  Object.values(world.visible()).filter((text) => text.startsWith(word)).length;

function edits(of: Endpoint, from: number, count: number): readonly Operation[] {
  return Array.from({ length: count }, (_, n) => of.edit(world.node(`d/f${from + n}`), `new ${from + n}`, { at: 5 }));
}

function deletes(from: number, count: number): readonly Operation[] {
  return Array.from({ length: count }, (_, n): Operation => {
    const { id, version } = world.node(`d/f${from + n}`);
    return { kind: 'delete', node: id, base: version };
  });
}

/** A message of one endpoint, in parts that are committed one by one, each of at most `most`. */
async function send(of: Endpoint, operations: readonly Operation[], files = total): Promise<void> {
  const from = of.n + 1;
  of.n += operations.length;
  for (const [index, operation] of operations.entries())
    world.sent.push({ endpoint: of.id, incarnation: of.incarnation, n: from + index, operation });
  await deliver(of, from, operations, files);
}

async function deliver(of: Endpoint, from: number, operations: readonly Operation[], files = total): Promise<void> {
  const batch = {
    v: 1 as const,
    group,
    endpoint: of.id,
    incarnation: of.incarnation,
    from,
    operations: [...operations],
  };
  await world.committer().commit(seal({ ...batch, files }, of.id, of.keys.privateKey));
}

test('below the limit all goes through', async () => {
  world.clock.advance(hour);
  await send(paris, edits(paris, 0, 9));
  expect([contents('new'), held()]).toEqual([9, {}]);
});

test.each([
  ['edits', (of: Endpoint, from: number, count: number) => edits(of, from, count)],
  ['deletes', (_: Endpoint, from: number, count: number) => deletes(from, count)],
])('fault 63: so many %s are held, and nothing of them is lost', async (_, make) => {
  world.clock.advance(hour);
  const [few, many] = [make(paris, 0, 5), make(paris, 5, 6)];
  await send(paris, few);
  await send(paris, many);
  expect(held()).toEqual({ [paris.id]: { code: 'mass_change', at: world.clock.now(), changed: 11, files: total } });
  expect(contents('old')).toBe(total - 5);
  expect(world.hints.at(-1)).toEqual({ to: paris.slot, hint: { kind: 'held', group } });
  // Sent again, as agents do, and by a process that remembers nothing: it stays held.
  await deliver(paris, paris.n - 5, many);
  expect(contents('old')).toBe(total - 5);
  // Others go on.
  await world.commit(tokyo, tokyo.create(dir, 'of-tokyo', 'tokyo'));
  expect(world.node('d/of-tokyo').author).toBe('tokyo');
  expect(brokenInvariants(world)).toEqual([]);
  // A person has looked.
  await release(world.committer().cloud, group, paris.id);
  expect(held()).toEqual({});
  await deliver(paris, paris.n - 5, many);
  expect(contents('old')).toBe(total - 11);
  expect(brokenInvariants(world)).toEqual([]);
});

test('what a person let through is not held again for a while, and then it is', async () => {
  world.clock.advance(hour);
  await send(paris, edits(paris, 0, 12));
  await release(world.committer().cloud, group, paris.id);
  await deliver(paris, paris.n - 11, edits(paris, 0, 12));
  await send(paris, edits(paris, 12, 12));
  expect([contents('new'), held()]).toEqual([24, {}]);
  world.clock.advance(5 * hour);
  await send(paris, edits(paris, 24, 12));
  expect([contents('new'), Object.keys(held())]).toEqual([24, [paris.id]]);
});

test('released twice, or by one that is not held: nothing happens', async () => {
  world.clock.advance(hour);
  await send(paris, edits(paris, 0, 12));
  await release(world.committer().cloud, group, tokyo.id);
  expect(Object.keys(held())).toEqual([paris.id]);
  await release(world.committer().cloud, group, paris.id);
  const before = endpointRow.parse(world.table.get(group, endpointKey(paris.id))?.value);
  world.clock.advance(1000);
  await release(world.committer().cloud, group, paris.id);
  expect(endpointRow.parse(world.table.get(group, endpointKey(paris.id))?.value)).toEqual(before);
});

test('a release and a commit of others at the same moment: both happen', async () => {
  world.clock.advance(hour);
  await send(paris, edits(paris, 0, 12));
  let met = 0;
  const { cloud } = world.committer();
  const racing = {
    ...cloud,
    table: {
      ...cloud.table,
      get: (at: string, key: string) => cloud.table.get(at, key),
      range: (at: string, from: string, to: string, limit: number) => cloud.table.range(at, from, to, limit),
      transact: async (at: string, writes: Parameters<typeof cloud.table.transact>[1]) => {
        if (met++ === 0) await world.commit(tokyo, tokyo.create(dir, 'meanwhile', 'tokyo'));
        return cloud.table.transact(at, writes);
      },
    },
  };
  await release(racing, group, paris.id);
  expect([held(), world.visible()['d/meanwhile'], met]).toEqual([{}, 'tokyo', 2]);
});

test('two endpoints are held and released each for itself', async () => {
  world.clock.advance(hour);
  await send(paris, edits(paris, 0, 12));
  await send(tokyo, edits(tokyo, 20, 12));
  expect(Object.keys(held()).toSorted()).toEqual([paris.id, tokyo.id].toSorted());
  await release(world.committer().cloud, group, paris.id);
  expect(Object.keys(held())).toEqual([tokyo.id]);
});

test('the count outlives its process, and a message of many chunks is stopped in the middle', async () => {
  world.clock.advance(hour);
  for (let round = 0; round < 3; round++) await send(paris, edits(paris, round * 3, 3));
  expect([contents('new'), held()]).toEqual([9, {}]);
  await send(paris, [...edits(paris, 9, 1), ...edits(paris, 10, 30)]);
  expect([contents('new'), Object.keys(held())]).toEqual([9, [paris.id]]);
});

test('a message of several chunks goes as far as it may, and is held behind that', async () => {
  world.clock.advance(hour);
  const before = await CloudWorld.create(1, { massFiles: 60 });
  const site = await before.endpoint('paris');
  const made = Array.from({ length: 96 }, (_, n) => site.create('root', `f${n}`, `old ${n}`));
  await before.commit(site, ...made);
  before.clock.advance(hour);
  await before.commit(site, ...made.map((each) => site.edit(before.node(each.name), `new ${each.name}`, { at: 5 })));
  const changed = Object.values(before.visible()).filter((text) => text.startsWith('new')).length;
  expect(changed).toBe(48); // the first chunk, and not the second, whose intent is opened with its finish
  expect(brokenInvariants(before)).toEqual([]);
});

test('of a group that sets its own limits these count, and 0 percent is never', async () => {
  const set = (brake: object): void => {
    const row = world.table.get(group, groupKey);
    world.table.transact(group, [{ do: 'put', key: groupKey, value: { ...(row?.value as object), brake } }]);
  };
  world.clock.advance(hour);
  set({ percent: 0, files: 1 });
  await send(paris, edits(paris, 0, 20));
  expect([contents('new'), held()]).toEqual([20, {}]);
  set({ percent: 100, files: 4 });
  await send(paris, edits(paris, 20, 4), 4);
  expect([contents('new'), Object.keys(held())]).toEqual([20, [paris.id]]);
});

test('who says that it has more files than were ever made is not believed', async () => {
  world.clock.advance(hour);
  await send(paris, edits(paris, 0, 12), 1_000_000);
  expect(Object.keys(held())).toEqual([paris.id]);
});

test.each<[string, (world: CloudWorld) => Promise<void> | void]>([
  [
    'a first sync',
    () =>
      send(
        tokyo,
        Array.from({ length: 40 }, (_, n) => tokyo.create('root', `t${n}`, `t ${n}`)),
      ),
  ],
  [
    'new files beside the old ones, as an install makes',
    () =>
      send(
        paris,
        Array.from({ length: 40 }, (_, n) => paris.create(dir, `module${n}`, `m ${n}`)),
      ),
  ],
  ['a directory that moves', () => send(paris, [{ kind: 'move', node: dir, parent: 'root', name: 'moved' }])],
  [
    'files that move, one by one',
    () =>
      send(
        paris,
        Array.from({ length: 40 }, (_, n): Operation => {
          const { id } = world.node(`d/f${n}`);
          return { kind: 'move', node: id, parent: dir, name: `moved${n}` };
        }),
      ),
  ],
  [
    'modes of all',
    () =>
      send(
        paris,
        Array.from({ length: 40 }, (_, n): Operation => {
          const { id, version } = world.node(`d/f${n}`);
          return { kind: 'attributes', node: id, base: version, mode: 0o600 };
        }),
      ),
  ],
  [
    'one old file that is saved again and again',
    async () => {
      for (let round = 0; round < 30; round++)
        await send(paris, [paris.edit(world.node('d/f1'), `round ${round}`, { at: 10 + round })]);
    },
  ],
  [
    'a directory that was made and is thrown away within the hour',
    async () => {
      const made = paris.mkdir('root', 'build');
      await send(paris, [made, ...Array.from({ length: 40 }, (_, n) => paris.create(made.node, `o${n}`, `o ${n}`))]);
      world.clock.advance(hour / 2);
      await send(paris, [{ kind: 'rmdir', node: made.node, asOf: world.head, below: 40 }]);
    },
  ],
  [
    'young content of an old directory',
    async () => {
      const made = paris.mkdir('root', 'build');
      await send(paris, [made]);
      world.clock.advance(hour);
      await send(
        paris,
        Array.from({ length: 40 }, (_, n) => paris.create(made.node, `o${n}`, `o ${n}`)),
      );
      world.clock.advance(hour / 2);
      await send(paris, [{ kind: 'rmdir', node: made.node, asOf: world.head, below: 40 }]);
    },
  ],
])('no false alarm: %s', async (_, happens) => {
  world.clock.advance(2 * hour);
  await happens(world);
  expect([held(), world.sent.length, brokenInvariants(world)]).toEqual([{}, world.rows().length, []]);
});

test.each([40, undefined])(
  'an old directory that goes with one operation is all that is below it (said: %p)',
  async (below) => {
    world.clock.advance(hour);
    await send(paris, [{ kind: 'rmdir', node: dir, asOf: world.head, ...(below === undefined ? {} : { below }) }]);
    expect([contents('old'), Object.keys(held())]).toEqual([total, [paris.id]]);
  },
);
