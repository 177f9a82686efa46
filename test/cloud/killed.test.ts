// Faults 1, 3 and 12: the committer is struck at every remote call it makes, one run for each call and kind of blow, and somebody else
// (or its own retry) goes on. What users and agents see is then what they would have seen without it.
import { describe, expect, test } from '@jest/globals';
import { at, type Blow } from '../support/life.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { scene, sceneNames, seen } from '../support/scenario.ts';

const blows: readonly Blow[] = ['kill-before', 'kill-after', 'time-out', 'late', 'throttle'];

describe.each(sceneNames)('%s', (name) => {
  test.each(blows)('fault 1: %s at each call', async (blow) => {
    const undisturbed = await run(name, -1, blow);
    expect(undisturbed.broken).toEqual([]);
    for (let index = 0; index < undisturbed.calls.length; index++) {
      const struck = await run(name, index, blow);
      const where = `${blow} ${index}: ${JSON.stringify(undisturbed.calls[index])}`;
      expect({ where, ...struck, calls: [] }).toEqual({ where, ...undisturbed, calls: [] });
    }
  });
});

async function run(name: string, index: number, blow: Blow) {
  const { world, message } = await scene(name);
  const first = world.committer(at(index, blow));
  let delivery = 1;
  try {
    await first.commit(message, delivery++);
  } catch {
    await world.deliver(message);
  }
  expect(first.life.struck).toBe(index >= 0);
  first.life.arrive();
  await world.detect();
  // A request that comes so late that the next look has it for a foreign one costs a row, and nothing else.
  const all = seen(world);
  const rows = blow === 'late' ? all.rows.filter((row) => row.op !== 'found') : all.rows;
  return { seen: { ...all, rows }, broken: brokenInvariants(world), calls: first.life.calls };
}
