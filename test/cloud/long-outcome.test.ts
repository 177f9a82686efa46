// C12: outcomes of more than 100 rows end in several transactions, each of them with a prefix of the log.
import { expect, test } from '@jest/globals';
import { after } from '../../lib/cloud/rows.ts';
import { CloudWorld, group } from '../support/cloud-world.ts';
import type { Endpoint } from '../support/endpoint.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { at } from '../support/life.ts';
import { seen } from '../support/scenario.ts';

/** 32 new files, each of whose names somebody has taken on the share: 32 operations and 32 found files, 192 rows. */
async function scene(): Promise<{ world: CloudWorld; paris: Endpoint; message: unknown }> {
  const world = await CloudWorld.create();
  const paris = await world.endpoint('paris');
  const names = Array.from({ length: 32 }, (_, index) => `f${index}`);
  for (const name of names) world.save(name, `somebody ${name}`);
  return { world, paris, message: paris.seal(names.map((name) => paris.create('root', name, `paris ${name}`))) };
}

test('C12 the finish takes several transactions, and the intent goes with the last', async () => {
  const { world, message } = await scene();
  const committer = world.committer();
  await committer.commit(message);
  const sizes = committer.life.calls
    .filter((call) => call.method === 'transact')
    .map((call) => (call.args[1] as unknown[]).length);
  expect(sizes.length).toBeGreaterThanOrEqual(3);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  expect(world.rows()).toHaveLength(64);
  expect(brokenInvariants(world)).toEqual([]);
});

test('C12 killed at each finishing transaction, the next one goes on with the rest', async () => {
  const undisturbed = await scene();
  const committer = undisturbed.world.committer();
  await committer.commit(undisturbed.message);
  const transactions = [...committer.life.calls.entries()].filter(([, call]) => call.method === 'transact');
  for (const [index] of transactions.slice(1))
    for (const blow of ['kill-before', 'kill-after', 'time-out'] as const) {
      const { world, message } = await scene();
      await world.deliver(message, [at(index, blow)]);
      expect(world.table.range(group, 'intent|', after('intent|'))).toEqual([]);
      expect({ index, blow, ...seen(world) }).toEqual({ index, blow, ...seen(undisturbed.world) });
      expect(brokenInvariants(world)).toEqual([]);
    }
});

test('C12 a reader never sees a number before the one below it', async () => {
  const { world, message } = await scene();
  const heads: number[] = [];
  const committer = world.committer((call) => {
    if (call.method !== 'transact') return undefined;
    heads.push(world.head);
    expect(world.rows().map((row) => row.seq)).toEqual(Array.from({ length: world.head }, (_, index) => index + 1));
    return undefined;
  });
  await committer.commit(message);
  expect(new Set(heads).size).toBeGreaterThanOrEqual(2);
});
