// C11a: what comes after a chunk is decided while that is carried out, and counts only where it would be decided the same.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Operation } from '../../lib/protocol/operation.ts';
import { CloudWorld } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';

let world: CloudWorld;
let paris: Endpoint;
let dir: string;

beforeEach(async () => {
  world = await CloudWorld.create();
  paris = await world.endpoint('paris');
  const made = paris.mkdir('root', 'd');
  dir = made.node;
  await world.commit(paris, made, paris.create(dir, 'a.txt', 'one'));
});

afterEach(() => expect(brokenInvariants(world)).toEqual([]));

/** Commits them as one message; answers how many transactions that took, and the outcomes. */
async function transactions(
  ...operations: readonly Operation[]
): Promise<{ transact: number; rows: readonly string[] }> {
  const from = world.head;
  const committer = world.committer();
  await committer.commit(paris.seal(operations));
  const transact = committer.life.calls.filter(({ method }) => method === 'transact').length;
  return { transact, rows: world.rows(from + 1).map(({ op, outcome }) => `${op} ${outcome}`) };
}

const move = (name: string): Operation => ({ kind: 'move', node: dir, parent: 'root', name });

test('a chunk that has nothing to do with the one before is opened with its finish', async () => {
  expect(await transactions(move('e'), paris.create('root', 'b.txt', 'two'))).toEqual({
    transact: 3,
    rows: ['move applied', 'create applied'],
  });
  expect(world.visible()).toEqual({ e: '/', 'e/a.txt': 'one', 'b.txt': 'two' });
});

test('one that needs what the one before writes waits for it', async () => {
  expect(await transactions(move('e'), paris.create(dir, 'b.txt', 'two'))).toMatchObject({ transact: 4 });
  expect(world.visible()).toEqual({ e: '/', 'e/a.txt': 'one', 'e/b.txt': 'two' });
});

test('after a chunk that found something the next is decided again: the numbers are others', async () => {
  world.save('e', 'of somebody');
  const { transact, rows } = await transactions(move('e'), paris.create('root', 'b.txt', 'two'));
  expect([transact, rows]).toEqual([4, ['move applied', 'found applied', 'create applied']]);
  expect(world.visible()).toMatchObject({ e: '/', 'e/a.txt': 'one', 'b.txt': 'two' });
});

test('after one that is parked the next is opened by itself', async () => {
  const close = world.share.open('d/a.txt');
  const edit = paris.edit(world.node('d/a.txt'), 'two', { at: 5 });
  const { transact, rows } = await transactions(edit, move('e'));
  close();
  expect([transact, rows[0]]).toEqual([4, 'edit parked']);
});

test('what is decided meanwhile may fail: it is decided again in its turn', async () => {
  // Whether a directory may go is asked of the log when that is decided, which nothing can know before.
  const empty = paris.mkdir('root', 'empty');
  await world.commit(paris, empty);
  const files = Array.from({ length: 20 }, (_, n) => paris.create('root', `new-${n}`, `${n}`));
  const gone: Operation = { kind: 'rmdir', node: empty.node, asOf: world.head };
  const committer = world.committer();
  const { table } = committer.cloud;
  let opened = false;
  let failures = 0;
  const failing = {
    ...table,
    transact: async (...args: Parameters<typeof table.transact>) => {
      const etags = await table.transact(...args);
      opened = true;
      return etags;
    },
    range: async (...args: Parameters<typeof table.range>) => {
      if (opened && failures++ === 0) throw new Error('the table is away');
      return table.range(...args);
    },
    get: async (...args: Parameters<typeof table.get>) => {
      if (opened && failures++ === 0) throw new Error('the table is away');
      return table.get(...args);
    },
  };
  Object.assign(committer.cloud, { table: failing });
  await committer.commit(paris.seal([...files, gone]));
  expect(failures).toBeGreaterThan(0);
  expect(Object.keys(world.visible())).toHaveLength(2 + files.length);
});
