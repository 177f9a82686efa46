// A disaster at one place, on an ordinary day: real agents, real commit code, calls that fail and processes that die, one seed.
// What must hold: no other site follows it before a person has looked, nothing is lost, and afterwards all come to rest.
import { setLimits } from '../../lib/cloud/brake.ts';
import { enrol } from '../../lib/cloud/registry.ts';
import { epochPath } from '../../lib/protocol/layout.ts';
import { check } from './check.ts';
import { group, SimulatedCloud } from './cloud.ts';
import { nothingPlanted, type Plants } from './plants.ts';
import { Run } from './run.ts';
import { Site } from './site.ts';
import { faults, type Fault, type Weather } from './weather.ts';

const minute = 60_000;
const names = ['paris', 'tokyo', 'lima'];
/** Files that all sites have, for more than an hour, when it happens. */
const many = 60;
/** A quarter of them is a mass change. */
const limit = 15;
const mild: ReadonlySet<Fault> = new Set([
  'lostCalls',
  'lostAnswers',
  'slowCalls',
  'lostHints',
  'doubledMessages',
  'throttling',
  'killedCommitters',
]);

export class Day {
  readonly run: Run;
  readonly cloud: SimulatedCloud;
  readonly sites: readonly Site[];

  static async begin(seed: number, plants: Plants = nothingPlanted): Promise<Day> {
    // States are backed up all the time, in case somebody wants one back.
    const weather = Object.fromEntries(faults.map((fault) => [fault, mild.has(fault) ? 1 : 0])) as Weather;
    const run = new Run(seed, { ...weather, restoredStates: 1 });
    run.calm = true;
    const cloud = await SimulatedCloud.create(run, plants);
    await setLimits(cloud.plain(), group, { percent: 25, files: 10 });
    const sites: Site[] = [];
    for (const name of names) {
      const keys = run.keys();
      const asked = { group, server: name, path: '/', publicKey: keys.publicKey };
      const { endpoint, slot } = await enrol(cloud.plain(), asked);
      sites.push(new Site(run, cloud, plants, name, { endpoint, slot, keys, skew: 0 }));
    }
    const day = new Day(run, cloud, sites);
    for (const site of sites) void site.start();
    for (let n = 0; n < many; n++) day.save(day.paris, `d/f${n}`, `old ${n}`);
    await day.rest();
    // Nobody is awake while it gets old: an hour of polls is what most of a run would be.
    for (const site of sites) site.kill(true);
    await day.pass(70);
    cloud.start();
    await day.rest();
    return day;
  }

  private constructor(run: Run, cloud: SimulatedCloud, sites: readonly Site[]) {
    this.run = run;
    this.cloud = cloud;
    this.sites = sites;
  }

  get paris(): Site {
    return this.sites[0]!;
  }

  get others(): readonly Site[] {
    return this.sites.slice(1);
  }

  /** By a person, or what pretends to be one. */
  save(site: Site, path: string, text: string): void {
    this.#byHand(site, () => {
      const before = site.files().get(path);
      if (before !== undefined) this.run.ledger.destroy(before);
      site.user.mkdirp('d');
      site.user.writeFile(path, text);
      this.run.ledger.save(Buffer.from(text), `${path} at ${site.name}`);
    });
  }

  remove(site: Site, path: string): void {
    this.#byHand(site, () => {
      for (const [each, data] of site.files())
        if (data !== undefined && (each === path || each.startsWith(`${path}/`))) this.run.ledger.destroy(data);
      site.user.rm(path);
    });
  }

  #byHand(site: Site, work: () => void): void {
    site.hand = 'user';
    work();
    site.hand = 'nobody';
  }

  async pass(minutes: number): Promise<void> {
    let over = false;
    this.run.clock.after(minutes * minute, () => (over = true)); // time goes from event to event
    await this.run.clock.run(() => over, minutes * minute + 1);
  }

  /** A moment between two files, at which the agent there may be killed. */
  async pause(most: number): Promise<void> {
    const { people, clock } = this.run;
    if (people.is(5)) {
      this.paris.kill(true);
      clock.after(people.below(3000), () => void this.paris.start());
    }
    await clock.run(() => false, people.below(most));
  }

  /** Everybody runs, nothing fails any more, and all is through. */
  async rest(): Promise<void> {
    this.run.calm = true;
    for (const site of this.sites) void site.start();
    this.cloud.wakeAll();
    const isThrough = (site: Site): boolean => {
      const status = site.agent?.status();
      return status?.state === 'idle' && status.cursor === this.cloud.table.rows.length;
    };
    // Asked now and then, for a status counts all files; and not when the timer is at work.
    for (let round = 0; round < 200; round++) {
      await this.run.clock.run(() => false, 7_001);
      if (!this.cloud.busy && this.sites.every(isThrough)) return;
    }
  }

  halts(): readonly (string | undefined)[] {
    return this.sites.map((site) => site.agent?.halt?.code);
  }

  /** How many of the first files a site has as they were. */
  whole(site: Site): number {
    const files = site.files();
    return Array.from({ length: many }, (_, n) => files.get(`d/f${n}`)).filter(
      (data, n) => data !== undefined && Buffer.from(data).toString() === `old ${n}`,
    ).length;
  }

  /** Broken invariants at the end. */
  async end(): Promise<readonly string[]> {
    const broken = check(this.run, this.cloud, this.sites);
    await this.stop();
    return [...this.run.broken, ...broken];
  }

  async stop(): Promise<void> {
    await this.#through(Promise.all(this.sites.map((site) => site.stop())));
  }

  /** A person resumes, and hears whether that was enough. */
  async resume(site: Site): Promise<void> {
    await this.#through(site.agent?.resume() ?? Promise.resolve());
  }

  /** Time passes only when it is let. */
  async #through(work: Promise<unknown>): Promise<void> {
    let through = false;
    const ended = work.then(
      () => (through = true),
      (error: unknown) => {
        through = true;
        this.run.break(`rejected: ${String(error)}`);
      },
    );
    if (!(await this.run.clock.run(() => through, 5 * minute))) this.run.break('it takes for ever');
    else await ended;
  }

  /** Files at each site. */
  counts(): readonly number[] {
    return this.sites.map((site) => [...site.files().values()].filter((data) => data !== undefined).length);
  }

  get epoch(): Readonly<Record<string, string>> {
    const entry = this.cloud.share.find(epochPath);
    return entry?.metadata ?? {};
  }
}

/** What happens at Paris, a little at a time. */
export const disasters: Readonly<Record<string, (day: Day) => Promise<void>>> = {
  'somebody encrypts everything': async (day) => {
    for (let n = 0; n < many; n++) {
      day.save(day.paris, `d/f${n}`, `encrypted ${n}`);
      await day.pause(400);
    }
  },
  'rm -rf': (day) => {
    day.remove(day.paris, 'd');
    return Promise.resolve();
  },
  'files go one by one': async (day) => {
    for (let n = 0; n < many; n++) {
      day.remove(day.paris, `d/f${n}`);
      await day.pause(4000);
    }
  },
};

/** At most so few of the old files are gone elsewhere when it is noticed. */
export const leastWhole = many - limit + 1;
