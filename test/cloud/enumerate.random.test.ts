// Whatever people did on the share and sites proposed: enumeration alone, also while both go on, brings share, namespace and
// log together. TIDEWAY_SEED replays one history, TIDEWAY_RUNS makes more.
import { expect, test } from '@jest/globals';
import { Agent } from '../support/agents.ts';
import { Chance } from '../support/chance.ts';
import { CloudWorld } from '../support/cloud-world.ts';
import { begin, detectAll, finish } from '../support/enumeration.ts';
import { Foreigners } from '../support/foreigners.ts';
import { brokenInvariants } from '../support/invariants.ts';

const only = process.env['TIDEWAY_SEED'];
const runs = Number(process.env['TIDEWAY_RUNS'] ?? 30);
const seeds = only === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(only)];

async function run(seed: number): Promise<readonly string[]> {
  const chance = new Chance(seed);
  const world = await CloudWorld.create(seed, { secondSightMs: 25_000 });
  const agents = [
    new Agent(world, await world.endpoint('paris'), chance),
    new Agent(world, await world.endpoint('tokyo'), chance),
  ];
  const people = new Foreigners(world, chance);
  const work = async (): Promise<void> => {
    for (let count = chance.below(4); count > 0; count--) people.act();
    for (const agent of agents) {
      agent.read();
      const operations = agent.propose();
      if (operations.length > 0 && chance.is(50)) await world.deliver(agent.endpoint.seal(operations));
    }
  };
  for (let step = 0; step < 6; step++) await work();
  const during = await begin(world, { allowDeletes: true });
  for (let step = 0; step < 4; step++) {
    await work();
    await finish(world, during, (count) => {
      if (count < 4) people.act();
    });
  }
  people.goHome();
  // What was held open is tried again by itself, and may find other edits in its way.
  for (let round = 0; round < 6; round++) {
    world.clock.advance(600_000);
    await world.deliver(world.nudge());
    await detectAll(world, { allowDeletes: true });
  }
  const broken = brokenInvariants(world);
  const before = world.head;
  await world.detect();
  return world.head === before ? broken : [...broken, `another look found ${world.head - before} changes`];
}

test('share, namespace and log come together', async () => {
  const broken: Record<string, readonly string[]> = {};
  for (const seed of seeds) {
    const found = await run(seed).catch((error: unknown) => [String(error)]);
    if (found.length > 0) broken[`TIDEWAY_SEED=${seed}`] = found;
  }
  expect(broken).toEqual({});
}, 600_000);
