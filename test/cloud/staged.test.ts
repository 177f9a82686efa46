// C70-C73, I18, I19: what is committed is what was uploaded, whole.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { blockSize } from '../../lib/core/node.ts';
import { blocksPath, stagedPath } from '../../lib/protocol/layout.ts';
import type { Content } from '../../lib/protocol/operation.ts';
import { CloudWorld } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

let world: CloudWorld;
let paris: Endpoint;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

async function codeOf(change: (content: Content, path: string) => Partial<Content>): Promise<string | undefined> {
  const create = paris.create('root', 'a', 'content of a');
  const content = { ...create.content, ...change(create.content, stagedPath(paris.id, create.content.slot)) };
  await world.commit(paris, { ...create, content }, paris.create('root', 'b', 'b'));
  expect(paris.outcome(2)).toMatchObject({ outcome: 'applied' });
  return paris.outcome(1)?.code;
}

describe('faults 9 and 10, C70 rejected, and the next operation goes on', () => {
  const wrong: Readonly<Record<string, readonly [string, (content: Content, path: string) => Partial<Content>]>> = {
    'not there': ['staged_missing', () => ({ slot: 'b1-zz' })],
    'written after the message': [
      'staged_changed',
      (_content, path) => {
        world.share.write(path, Buffer.from('CONTENT OF A'));
        return {};
      },
    ],
    'of another length': ['staged_changed', ({ size }) => ({ size: size + 1 })],
    'of another ETag': ['staged_changed', () => ({ etag: '"0x0"' })],
    'half written': [
      'staged_gap',
      (_content, path) => {
        const entry = world.share.find(path);
        if (entry !== undefined) entry.ranges = [[0, 5]];
        return { whole: false };
      },
    ],
    'with a hole that nobody announced': [
      'staged_gap',
      (_content, path) => {
        const entry = world.share.find(path);
        if (entry !== undefined)
          entry.ranges = [
            [0, 4],
            [6, 12],
          ];
        return { whole: false, holes: [[4, 5]] };
      },
    ],
  };
  test.each(Object.keys(wrong))('%s', async (name) => {
    const [code, change] = wrong[name] ?? ['', () => ({})];
    expect(await codeOf(change)).toBe(code);
    expect(world.visible()).toEqual({ b: 'b' });
  });

  test('another endpoint cannot take what is staged', async () => {
    const tokyo = await world.endpoint('tokyo');
    const content = paris.stage('of paris', paris.mtime());
    await world.commit(tokyo, { ...tokyo.create('root', 'a', 'x'), content: { ...content, slot: 'b1-9' } });
    expect(tokyo.outcome()).toMatchObject({ code: 'staged_missing' });
  });
});

test('C70 what goes after it was listed is missing', async () => {
  const create = paris.create('root', 'a', 'one');
  const path = stagedPath(paris.id, create.content.slot);
  const committer = world.committer((call) => {
    if (call.method === 'ranges') world.share.remove(path, 'file');
    return undefined;
  });
  await committer.commit(paris.seal([{ ...create, content: { ...create.content, whole: false } }]));
  expect(paris.outcome()).toMatchObject({ outcome: 'rejected', code: 'staged_missing' });
});

test('C71 ranges and announced holes that cover it are enough', async () => {
  const code = await codeOf((_content, path) => {
    const entry = world.share.find(path);
    if (entry !== undefined)
      entry.ranges = [
        [0, 4],
        [8, 12],
      ];
    return { whole: false, holes: [[4, 8]] };
  });
  expect(code).toBeUndefined();
});

test('C71 files with a thousand holes each go in several chunks, none is lost', async () => {
  const holes = Array.from({ length: 1000 }, (_, n): [number, number] => [2 ** 40 + 2 * n, 2 ** 40 + 2 * n + 1]);
  const operations = Array.from({ length: 30 }, (_, n) => {
    const create = paris.create('root', `sparse-${n}`, 'x');
    return { ...create, content: { ...create.content, holes } };
  });
  const rows = await world.commit(paris, ...operations);
  expect(rows.map(({ outcome }) => outcome)).toEqual(operations.map(() => 'applied'));
});

describe('C72 block lists', () => {
  const big = new Uint8Array(blockSize + 1).fill(7);
  const blocks = 'b'.repeat(64);

  test('comes to its place with the content, named by node and version', async () => {
    const create = paris.create('root', 'big', big);
    const list = `${stagedPath(paris.id, create.content.slot)}.b`;
    world.share.upload(list, new Uint8Array(64));
    await world.commit(paris, { ...create, content: { ...create.content, whole: false, blocks } });
    expect(paris.outcome()).toMatchObject({ outcome: 'applied' });
    expect(world.share.find(blocksPath(create.node, 1))?.content).toHaveLength(64);
    expect(world.node('big')).toMatchObject({ blocks, version: 1 });
  });

  test.each([
    ['missing', undefined, blocks],
    ['of another length', 32, blocks],
    ['not announced', 64, undefined],
  ])('%s: rejected', async (_name, length, announced) => {
    const create = paris.create('root', 'big', big);
    if (length !== undefined)
      world.share.upload(`${stagedPath(paris.id, create.content.slot)}.b`, new Uint8Array(length));
    const content: Content = { ...create.content, whole: false, ...(announced === undefined ? {} : { blocks }) };
    await world.commit(paris, { ...create, content });
    expect(paris.outcome()).toMatchObject({ outcome: 'rejected', code: 'staged_blocks' });
  });

  test('content of more than one block cannot have come whole', async () => {
    const create = paris.create('root', 'big', big);
    world.share.upload(`${stagedPath(paris.id, create.content.slot)}.b`, new Uint8Array(64));
    await world.commit(paris, { ...create, content: { ...create.content, whole: true, blocks } });
    expect(paris.outcome()).toMatchObject({ outcome: 'rejected', code: 'staged_gap' });
  });
});

test('C73 a slot is used once: a second operation that names it finds nothing', async () => {
  const create = paris.create('root', 'a', 'one');
  await world.commit(paris, create, { ...create, node: paris.newId(), name: 'b' });
  expect(world.rows().map(({ code, outcome }) => code ?? outcome)).toEqual(['applied', 'staged_lost']);
  expect(world.visible()).toEqual({ a: 'one' });
});

test('C73 what was staged and then taken away is rejected, and what had to make way comes back', async () => {
  await world.commit(paris, paris.create('root', 'a', 'one'));
  const before = world.node('a');
  const edit = paris.edit(before, 'two', { at: 5 });
  const committer = world.committer((call) => {
    if (call.method === 'rename') world.share.remove(stagedPath(paris.id, edit.content.slot), 'file');
    return undefined;
  });
  await committer.commit(paris.seal([edit]));
  expect(paris.outcome()).toMatchObject({ outcome: 'rejected', code: 'staged_lost' });
  expect(world.visible()).toEqual({ a: 'one' });
  expect(world.node('a')).toMatchObject({ id: before.id, version: before.version, hash: before.hash });
});
