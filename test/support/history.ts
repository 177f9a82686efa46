// A random history of one group: agents with old trees, people on the share, committers that die, freeze and lose answers,
// messages that come twice or in the wrong order. One seed is one history.
import { after } from '../../lib/cloud/rows.ts';
import { Agent } from './agents.ts';
import { Chance } from './chance.ts';
import { CloudWorld, group, type Committer } from './cloud-world.ts';
import { Foreigners } from './foreigners.ts';
import { brokenInvariants } from './invariants.ts';
import type { Blow, Fate } from './life.ts';

export interface Kind {
  readonly steps: number;
  /** In percent: of steps at which somebody works on the share, of deliveries that are struck. */
  readonly foreign: number;
  readonly blows: number;
  /** A committer that takes one operation at a time, as after a crash. */
  readonly oneByOne?: boolean;
}

const blows: readonly Blow[] = [
  'kill-before',
  'kill-after',
  'freeze-before',
  'freeze-after',
  'time-out',
  'late',
  'throttle',
];

/** Runs the history of a seed; answers what is broken in the end, nothing if all is well. */
export async function history(
  seed: number,
  kind: Kind,
  look: (world: CloudWorld) => void = () => {},
): Promise<readonly string[]> {
  const chance = new Chance(seed);
  const world = await CloudWorld.create(seed);
  const agents: Agent[] = [];
  for (const server of ['paris', 'tokyo', 'lima']) agents.push(new Agent(world, await world.endpoint(server), chance));
  const people = new Foreigners(world, chance);
  const run = new Run(world, chance, kind);
  for (let step = 0; step < kind.steps; step++) {
    if (chance.is(kind.foreign)) people.act();
    const agent = chance.pick(agents);
    if (agent !== undefined && chance.is(80)) {
      agent.read();
      const operations = agent.propose();
      if (operations.length > 0) await run.send(agent.endpoint.seal(operations));
    }
    await run.between(() => people.act());
    world.clock.advance(chance.below(20_000));
  }
  people.goHome();
  await run.end();
  const broken = brokenInvariants(world);
  look(world);
  const before = world.head;
  await world.detect();
  return world.head === before ? broken : [...broken, `I2 another look found ${world.head - before} changes`];
}

class Run {
  readonly #world: CloudWorld;
  readonly #chance: Chance;
  readonly #kind: Kind;
  readonly #zombies: Committer[] = [];
  readonly #messages: unknown[] = [];
  readonly #running: Promise<void>[] = [];

  constructor(world: CloudWorld, chance: Chance, kind: Kind) {
    this.#world = world;
    this.#chance = chance;
    this.#kind = kind;
  }

  async send(message: unknown): Promise<void> {
    this.#messages.push(message);
    await this.#deliver(message);
    const old = this.#chance.pick(this.#messages);
    if (this.#chance.is(10)) await this.#deliver(old);
  }

  /** What happens to those that were left behind. */
  async between(act: () => void): Promise<void> {
    if (this.#chance.is(30)) this.#wake(this.#chance.below(this.#zombies.length + 1));
    if (this.#chance.is(this.#kind.foreign)) act();
    if (this.#chance.is(20)) await this.#deliver(this.#world.nudge());
    if (this.#chance.is(20)) await this.#examine();
  }

  async end(): Promise<void> {
    this.#wake(0);
    await Promise.all(this.#running);
    for (const message of this.#messages) await this.#world.deliver(message);
    for (let round = 0; round < 10; round++) {
      if (this.#world.table.range(group, 'parked|', after('parked|')).length === 0) break;
      this.#world.clock.advance(600_000);
      await this.#world.deliver(this.#world.nudge());
    }
    await this.#world.detect();
  }

  async #examine(): Promise<void> {
    const body = this.#world.queue.shift();
    if (body !== undefined) await this.#deliver(body);
  }

  #wake(from: number): void {
    for (const zombie of this.#zombies.splice(from)) {
      zombie.life.thaw();
      zombie.life.arrive();
    }
  }

  /** Until one comes through that is not struck; one that freezes is left behind. */
  async #deliver(body: unknown): Promise<void> {
    for (let delivery = 1; ; delivery++) {
      const committer = this.#world.committer(this.#fate());
      const work = committer.commit(body, this.#kind.oneByOne === true ? delivery + 1 : delivery).then(
        () => 'through' as const,
        () => 'failed' as const,
      );
      this.#running.push(work.then(() => {}));
      const end = await Promise.race([work, committer.life.frozen]);
      if (end !== 'through' || committer.life.struck) this.#zombies.push(committer);
      if (end === 'through') return;
      if (delivery > 30) throw new Error('never comes through');
    }
  }

  #fate(): Fate | undefined {
    if (!this.#chance.is(this.#kind.blows)) return undefined;
    const blow = this.#chance.pick(blows);
    const index = this.#chance.below(60);
    return (_call, n) => (n === index ? blow : undefined);
  }
}
