// Agents over one fake backend, each on a file system in memory, or on a real directory.
import { afterEach, beforeEach, expect } from '@jest/globals';
import { startAgent, type Agent } from '../../lib/agent/agent.ts';
import type { Backend } from '../../lib/agent/backend.ts';
import { MemoryFs } from '../../lib/agent/fs/memory-fs.ts';
import { MemoryUser } from '../../lib/agent/fs/memory-user.ts';
import { memoryWatch, type MemoryWatchOptions } from '../../lib/agent/fs/memory-watch.ts';
import type { SiteFs } from '../../lib/agent/fs/port.ts';
import type { State } from '../../lib/agent/state/state.ts';
import type { StartWatch } from '../../lib/agent/fs/watch-port.ts';
import type { Accounts } from '../../lib/agent/fs/accounts.ts';
import { linkFile } from '../../lib/protocol/link.ts';
import { systemClock, type Clock } from '../../lib/base/clock.ts';
import { jsonLog, silent } from '../../lib/base/log.ts';
import { seededRandom } from '../../lib/base/random.ts';
import { makeSigningKeys } from '../../lib/protocol/message.ts';
import { FakeCloud } from '../support/fake-backend.ts';

const keys = makeSigningKeys();

export interface Starting {
  readonly fs?: SiteFs | undefined;
  readonly startWatch?: StartWatch | undefined;
  readonly backend?: Backend | undefined;
  readonly stateFile?: string | undefined;
  readonly state?: State | undefined;
  readonly clock?: Clock | undefined;
  readonly accounts?: Accounts | undefined;
}

/** One endpoint whose agent can be stopped and started. */
export class TestSite {
  readonly cloud: FakeCloud;
  readonly name: string;
  volume = new MemoryFs(() => BigInt(Date.now()) * 1_000_000n + BigInt(++tick));
  watch: MemoryWatchOptions = {};
  agent: Agent | undefined;

  constructor(cloud: FakeCloud, name: string) {
    this.cloud = cloud;
    this.name = name;
    cloud.enrol(name, name, keys.publicKey);
  }

  get user(): MemoryUser {
    return new MemoryUser(this.volume.volume);
  }

  async start(options: Starting = {}): Promise<Agent> {
    const { state } = options;
    const started = {
      endpoint: this.name,
      privateKey: keys.privateKey,
      stateFile: options.stateFile ?? ':memory:',
      fs: options.fs ?? this.volume,
      accounts: options.accounts,
      startWatch: options.startWatch ?? memoryWatch(this.volume.volume, this.watch),
      backend: options.backend ?? this.cloud.backend(this.name),
      clock: options.clock ?? systemClock,
      random: seededRandom(++starts),
      log:
        process.env['TEST_LOG'] === undefined
          ? silent
          : jsonLog(this.name, (line) => process.stderr.write(line), Date.now),
    };
    this.agent = await (state === undefined ? startAgent(started) : startAgent(started, state));
    return this.agent;
  }

  /** Every path of the users' with its content (of a link, what stands for it on the share), or null for a directory. */
  tree(): Map<string, string | null> {
    const out = new Map<string, string | null>();
    for (const [path, { data, target }] of this.user.snapshot()) {
      if (path === '.tideway' || path.startsWith('.tideway/')) continue;
      const content = target === undefined ? data : linkFile(target);
      out.set(path, content === undefined ? null : Buffer.from(content).toString());
    }
    return out;
  }
}

export interface TwoSites {
  readonly cloud: FakeCloud;
  readonly paris: TestSite;
  readonly tokyo: TestSite;
}

/** Gives each test of a file two sites that have not been started, and stops them after it. */
export function eachOnTwoSites(take: (sites: TwoSites) => void): void {
  let sites: readonly TestSite[] = [];
  beforeEach(() => {
    const cloud = new FakeCloud();
    const [paris, tokyo] = [new TestSite(cloud, 'paris'), new TestSite(cloud, 'tokyo')];
    sites = [paris, tokyo];
    take({ cloud, paris, tokyo });
  });
  afterEach(async () => {
    for (const site of sites) await site.agent?.stop();
  });
}

let tick = 0;
/** Two lives never throw the same dice. */
let starts = 0;

/** Waits until every agent is in sync and all trees are the share's. */
export async function converge(cloud: FakeCloud, ...sites: readonly TestSite[]): Promise<void> {
  const until = performance.now() + 3000;
  for (;;) {
    for (const site of sites) {
      const done = await site.agent?.settled(until);
      if (done === false) throw new Error(`${site.name} is not settled: ${JSON.stringify(site.agent?.status())}`);
    }
    if (sites.every((site) => same(site.tree(), cloud.tree()))) return;
    if (performance.now() > until) break;
  }
  for (const site of sites) expect([site.name, site.tree()]).toEqual([site.name, cloud.tree()]);
}

function same(a: ReadonlyMap<string, string | null>, b: ReadonlyMap<string, string | null>): boolean {
  return a.size === b.size && [...a].every(([path, content]) => b.has(path) && b.get(path) === content);
}

/** Some files, which the first of the sites has at its start. */
export async function bothWithFiles(
  cloud: FakeCloud,
  first: TestSite,
  other: TestSite,
  stateFile: string,
): Promise<void> {
  first.user.mkdirp('d');
  for (const name of ['1', '2', '3']) first.user.writeFile(`d/${name}`, name);
  await first.start({ stateFile });
  await other.start();
  await converge(cloud, first, other);
}

export function halted(site: TestSite, code: string): Promise<void> {
  return until(`halt ${code}`, () => site.agent?.status().halt?.code === code);
}

export async function until(what: string, condition: () => boolean, ms = 5000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** All contents of files on the share, in order. */
export function contents(cloud: FakeCloud): readonly string[] {
  return [...cloud.tree().values()].filter((content) => content !== null).toSorted((a, b) => (a < b ? -1 : 1));
}
