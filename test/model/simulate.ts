// One run of the whole system, from one seed: three agents, the backend, the share, people at each of them, and a storm of
// crashes, losses and delays; then calm, and the question whether everything is as it must be. Nothing here knows real time.
import { enrol } from '../../lib/cloud/registry.ts';
import { Chance } from '../support/chance.ts';
import { Replay } from '../support/replay.ts';
import { check, saidTooEarly } from './check.ts';
import { group, SimulatedCloud } from './cloud.ts';
import { Mallory } from './mallory.ts';
import { nothingPlanted, type Plants } from './plants.ts';
import { Run } from './run.ts';
import { Site } from './site.ts';
import { Smb } from './smb.ts';
import type { Step } from './step.ts';
import { storm, type World } from './storm.ts';
import { User } from './user.ts';
import { weatherOf, type Weather } from './weather.ts';

export interface Options {
  /** What people do, at all sites and on the share together. */
  readonly operations?: number;
  /** Instead of what people would think of. */
  readonly steps?: readonly Step[];
  readonly plants?: Plants;
  /** Otherwise than the seed has it. */
  readonly weather?: Partial<Weather>;
  /** Somebody asks for snapshots meanwhile. */
  readonly snapshots?: boolean;
  /** How often the share is looked through, 5 min apart, before somebody who is not at rest counts as broken. */
  readonly looks?: number;
}

export interface Trace {
  readonly seed: number;
  readonly hash: string;
  readonly lines: readonly string[];
  /** Broken invariants; none is the only good answer. */
  readonly broken: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
  readonly weather: Weather;
  /** What was done, from outside: with the same seed and weather it makes the same run. */
  readonly steps: readonly Step[];
}

const names = ['paris', 'tokyo', 'lima'];
const minute = 60_000;

export async function simulate(seed: number, options: Options = {}): Promise<Trace> {
  const { stackTraceLimit } = Error;
  // Errors are an everyday answer here, and to write down where each came from costs more than to make it.
  Error.stackTraceLimit = 0;
  try {
    return await live(seed, options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function live(seed: number, options: Options): Promise<Trace> {
  const { plants = nothingPlanted, operations = 50 } = options;
  const weather = { ...weatherOf(seed), ...options.weather };
  const run = new Run(seed, weather);
  const world = await build(run, plants);
  if (options.snapshots === true) world.cloud.takeSnapshots(new Chance(seed));
  try {
    await storm(run, world, { operations, steps: options.steps });
    if (run.broken.length === 0) await calm(run, world);
    if (run.broken.length === 0 && (await settle(run, world, options)))
      run.broken.push(...check(run, world.cloud, world.sites));
  } catch (error) {
    // Out of something that nobody waits for: a watch, a hint, a timer. In a process that is its end.
    run.break(`thrown: ${String(error)}`);
  }
  let stopped = 0;
  for (const site of world.sites) void site.stop().then(() => stopped++);
  if (!(await run.clock.run(() => stopped === world.sites.length, minute))) run.break('an agent does not stop');
  const { lines, hash } = run.trace;
  return { seed, hash, lines, broken: run.broken, counters: countersOf(run, world), weather, steps: run.steps };
}

async function build(run: Run, plants: Plants): Promise<World> {
  run.ledger.seen(new Uint8Array(), 'an empty file');
  const cloud = await SimulatedCloud.create(run, plants);
  const sites: Site[] = [];
  for (const name of names) {
    const keys = run.keys();
    const { endpoint, slot } = await enrol(cloud.plain(), {
      group,
      server: name,
      path: '/',
      publicKey: keys.publicKey,
    });
    const skew = run.chance.is(30) ? run.chance.below(20 * minute) - 10 * minute : 0;
    sites.push(new Site(run, cloud, plants, name, { endpoint, slot, keys, skew }));
    run.signers.set(endpoint, keys.privateKey);
  }
  cloud.start();
  if (run.weather.forgeries > 0) {
    const mallory = await Mallory.join(
      run,
      cloud,
      sites.map(({ endpoint }) => endpoint),
    );
    mallory.start();
  }
  return { cloud, sites, users: sites.map((site) => new User(run, site)), smb: new Smb(run, cloud) };
}

async function calm(run: Run, { cloud, sites, users, smb }: World): Promise<void> {
  run.calmDown();
  smb.closeAll();
  for (const user of users) user.closeAll();
  cloud.full = false;
  for (const site of sites) {
    site.endTroubles();
    void site.start();
  }
  cloud.wakeAll();
  await run.clock.run(() => sites.every((site) => site.agent !== undefined && site.running), minute);
  for (let round = 0; round < 10; round++) {
    for (const site of sites) {
      site.help();
      void site.mount();
    }
    if (await run.clock.run(() => sites.every((site) => site.agent?.status().halt === undefined), 3000)) return;
  }
}

/**
 * The share is looked through, for what nobody announced; everybody comes to rest; and again until that writes nothing
 * anywhere, which it must as soon as it finds nothing (I2).
 */
async function settle(run: Run, world: World, { looks = 6 }: Options): Promise<boolean> {
  const { cloud, sites } = world;
  let before = writesOf(world);
  for (let round = 0, quiet = 0; round < 20; round++) {
    for (const site of sites) {
      const halt = site.agent?.status().halt;
      if (halt !== undefined && !site.needsHelp) run.break(`${site.name} halted: ${halt.code} ${halt.message}`);
    }
    if (run.broken.length > 0) return false;
    examineAll(cloud);
    if (!(await atRest(run, world, looks))) return false;
    for (const site of sites) for (const what of saidTooEarly(site, cloud.table.rows)) run.break(what);
    // Longer than everything that comes back by itself: polls, the committer's timer, what is sent again.
    if (round > 0) await run.clock.run(() => false, minute / 2);
    const after = writesOf(world);
    if (after.all === before.all) return true;
    if (after.rows === before.rows && quiet++ > 0) {
      run.break(`I2 writes without a reason: ${before.all} became ${after.all}`);
      return false;
    }
    before = after;
  }
  run.break(`I1 no rest after 20 rounds: ${cloud.table.rows.length} rows`);
  return false;
}

/** Log rows, calls that change the share, and calls that change a site. */
function writesOf({ cloud, sites }: World): { readonly rows: number; readonly all: string } {
  const rows = cloud.table.rows.length;
  return { rows, all: JSON.stringify([rows, cloud.share.writes, ...sites.map((site) => site.fsWrites)]) };
}

async function atRest(run: Run, { cloud, sites }: World, looks: number): Promise<boolean> {
  const { clock } = run;
  const limit = 10 * minute * looks;
  if (!(await clock.run(() => !cloud.busy, limit))) run.break('the backend does not come to rest');
  const results: boolean[] = [];
  for (const site of sites) void settled(run, site, clock.monotonic() + limit).then((done) => results.push(done));
  const all = (): boolean =>
    !cloud.busy && results.length === sites.length && sites.every((site) => isIdle(site, cloud));
  // What was announced too late, or in a directory that was just moving, only another look finds.
  for (let look = 0; look < looks && run.broken.length === 0; look++) {
    if (await clock.run(() => run.broken.length > 0 || all(), 5 * minute)) break;
    examineAll(cloud);
  }
  if (!all())
    for (const site of sites)
      run.break(`I1 ${site.name} does not come to rest: ${JSON.stringify(site.agent?.status())}`);
  return run.broken.length === 0;
}

/** Where a person has to help first (a state from a backup may look like a copy), he does. */
async function settled(run: Run, site: Site, until: number): Promise<boolean> {
  while (run.clock.monotonic() < until) {
    try {
      if ((await site.agent?.settled(until)) === true) return true;
    } catch (error) {
      if (!site.needsHelp) {
        run.break(`${site.name}: ${String(error)}`);
        return false;
      }
      site.help();
    }
    await run.clock.sleep(1000);
  }
  return false;
}

function isIdle(site: Site, cloud: SimulatedCloud): boolean {
  const status = site.agent?.status();
  return status?.state === 'idle' && status.problems.length === 0 && status.cursor === cloud.table.rows.length;
}

function examineAll(cloud: SimulatedCloud): void {
  const replay = new Replay(cloud.table.rows);
  const directories = [...replay.nodes.values()].filter((node) => node.kind === 'directory');
  cloud.examine(['/', ...directories.map((node) => replay.sharePathOf(node.id))]);
}

function countersOf(run: Run, { cloud }: World): Readonly<Record<string, number>> {
  const rows = cloud.table.rows;
  const count = (outcome: string): number => rows.filter((row) => row.outcome === outcome).length;
  return {
    lines: run.trace.lines.length,
    seconds: Math.round(run.clock.monotonic() / 1000),
    rows: rows.length,
    conflicts: count('conflict'),
    rejected: count('rejected'),
    parked: count('parked'),
    snapshots: rows.filter((row) => row.snapshot !== undefined).length,
    found: rows.filter((row) => row.op === 'found').length,
    contents: run.ledger.made.size,
  };
}
