// The backend of one group: real commit code in processes that are struck by fate, over rows and a share in memory.
import { order } from '../../lib/cloud/backup/order.ts';
import { startBackups } from '../../lib/cloud/backup/start.ts';
import { commit } from '../../lib/cloud/commit/commit.ts';
import { fanOut } from '../../lib/cloud/fan-out.ts';
import type { Cloud } from '../../lib/cloud/group.ts';
import { createGroup } from '../../lib/cloud/registry.ts';
import { defaultSettings, type CloudSettings } from '../../lib/cloud/settings.ts';
import { shareChanged } from '../../lib/cloud/share-changed.ts';
import { cloudSigner, seal, type SigningKeys } from '../../lib/protocol/message.ts';
import { tickAndStep } from '../support/tick.ts';
import type { Chance } from '../support/chance.ts';
import { Life, type Blow } from '../support/life.ts';
import { through, type Call, type Hooks } from '../support/remote-call.ts';
import type { Plants } from './plants.ts';
import { Queue } from './queue.ts';
import type { Run } from './run.ts';
import { Topic } from './topic.ts';
import { WatchedShare, WatchedTable } from './watched.ts';
import type { Fault } from './weather.ts';

export const group = 'g';

export interface Committer {
  readonly name: string;
  readonly life: Life;
  readonly cloud: Cloud;
  commit(body: unknown, deliveries: number): Promise<void>;
}

const blows: Readonly<Partial<Record<Fault, readonly Blow[]>>> = {
  throttling: ['throttle'],
  timeouts: ['time-out'],
  lateRequests: ['late'],
  killedCommitters: ['kill-before', 'kill-after', 'kill-after'],
  frozenCommitters: ['freeze-before', 'freeze-after'],
};
const struck = Object.keys(blows) as Fault[];
const tickMs = 10_000;
const day = 24 * 3600_000;

export class SimulatedCloud {
  readonly table: WatchedTable;
  readonly share: WatchedShare;
  readonly queue: Queue;
  readonly topic: Topic;
  readonly #run: Run;
  readonly #plants: Plants;
  readonly #keys: SigningKeys;
  readonly #settings: CloudSettings;
  readonly #lives: Life[] = [];
  readonly #working = new Set<Life>();
  readonly #instances: Cloud['caches'][] = [new Map(), new Map()];
  /** The quota is used up: nothing can be staged. */
  full = false;
  #names = 0;

  constructor(run: Run, plants: Plants) {
    this.#run = run;
    this.#plants = plants;
    this.#keys = run.keys();
    // Nothing leaves trash during a run: there every old version is looked for (I3).
    this.#settings = { ...defaultSettings, trashAgeMs: 30 * day, trashVersions: 10_000 };
    this.table = new WatchedTable(run);
    this.share = new WatchedShare(run);
    this.topic = new Topic(run);
    this.queue = new Queue(run, () => this.committer());
  }

  static async create(run: Run, plants: Plants): Promise<SimulatedCloud> {
    const cloud = new SimulatedCloud(run, plants);
    await createGroup(cloud.plain(), group, 'share');
    return cloud;
  }

  /** True while the backend has anything under way. */
  get busy(): boolean {
    return this.queue.length > 0 || this.#working.size > 0;
  }

  /** A world that answers at once and never fails: for what is not under test. */
  plain(): Cloud {
    return this.#cloudOf({}, new Life(), new Map());
  }

  committer(): Committer {
    const name = `process-${++this.#names}`;
    const instance = this.#run.chance.below(this.#instances.length);
    const life = this.#life(instance);
    const { signers } = this.#run;
    const cloud = this.#cloudOf(this.#hooks(name, life), life, this.#instances[instance] ?? new Map());
    return {
      name,
      life,
      cloud,
      commit: (body, deliveries) =>
        life.run(() =>
          commit(
            cloud,
            group,
            this.#plants.message(body, (id) => signers.get(id)),
            deliveries,
          ),
        ),
    };
  }

  start(): void {
    this.#run.clock.after(tickMs, () => {
      void this.#function('tick', (cloud) => tickAndStep(cloud));
      this.start();
    });
  }

  /** Somebody asks for a snapshot now and then, while the storm lasts; what got lost of that is made up for. */
  takeSnapshots(chance: Chance, count = 0): void {
    this.#run.clock.after(chance.below(4_000), () => {
      const wanted = new Map([[`s${count}`, { kind: 'snapshot' as const }]]);
      if (!this.#run.calm) void this.#function('order', (cloud) => order(cloud, group, wanted));
      if (count % 5 === 4) void this.#function('backups', (cloud) => startBackups(cloud, () => Promise.resolve()));
      if (!this.#run.calm || count % 5 !== 4) this.takeSnapshots(chance, count + 1);
    });
  }

  /** Somebody posts a path that he has changed on the share. */
  async changed(path: string): Promise<void> {
    if (this.#run.trouble('lostHints')) return;
    await this.#function('shareChanged', async (cloud) => void (await shareChanged(cloud, { path })));
  }

  /** Looks at directories of the share as enumeration does. */
  examine(paths: readonly string[]): void {
    for (let at = 0; at < paths.length; at += 50) {
      const findings = paths.slice(at, at + 50).map((path) => ({ kind: 'examine' as const, path }));
      this.queue.send(seal({ v: 1, group, findings }, cloudSigner, this.#keys.privateKey));
    }
  }

  nudge(): void {
    this.queue.send(seal({ v: 1, group, nudge: 'retry' }, cloudSigner, this.#keys.privateKey));
  }

  /** Whoever stands still goes on. */
  wakeAll(): void {
    for (const life of this.#lives) life.thaw();
  }

  async #function(name: string, work: (cloud: Cloud) => Promise<void>): Promise<void> {
    const { life, cloud, name: process } = this.committer();
    this.#working.add(life);
    try {
      await life.run(() => work(cloud));
    } catch (error) {
      this.#run.trace.add(process, `${name}: ${String(error)}`);
    }
    this.#working.delete(life);
  }

  /** An instance of the functions keeps what it has read, until one of its lives ends it. */
  #life(instance: number): Life {
    const { clock, chance } = this.#run;
    const fate = (): Blow | undefined => {
      const fault = this.#run.strike(struck);
      const blow = fault === undefined ? undefined : chance.pick(blows[fault] ?? []);
      if (blow === 'late') this.#run.late(() => life.arrive());
      if (blow === 'kill-before' || blow === 'kill-after') this.#instances[instance] = new Map();
      return blow;
    };
    const life = new Life(fate);
    this.#lives.push(life);
    void life.frozen.then(() => {
      this.#working.delete(life);
      clock.after(chance.below(150_000), () => life.thaw());
    });
    return life;
  }

  #hooks(name: string, life: Life): Hooks {
    const { clock, trace, chance } = this.#run;
    return {
      before: async (call, send) => {
        trace.add(name, describe(call));
        await clock.sleep(this.#run.latency());
        await life.before(call, () => {
          trace.add(name, `late: ${describe(call)}`);
          send();
        });
      },
      after: async (call) => {
        if (chance.is(30)) await clock.sleep(this.#run.latency());
        await life.after(call);
      },
    };
  }

  #cloudOf(hooks: Hooks, life: Life, caches: Cloud['caches']): Cloud {
    const call = (service: Call['service'], method: string, args: readonly unknown[], apply: () => void) =>
      through(hooks, { service, method, args }, apply);
    return {
      table: this.#plants.table(this.table.client(hooks)),
      share: () => this.#plants.share(this.share.client(hooks)),
      events: {
        committed: (event) => call('events', 'committed', [event], () => this.#published(3)),
      },
      sites: {
        send: (messages) =>
          call('sites', 'send', [messages.length], () => {
            for (const { to, hint } of messages) this.topic.send(to, hint);
          }),
      },
      changes: {
        send: (_group, body) => call('changes', 'send', [], () => this.queue.send(body)),
      },
      clock: life.clock(this.#run.clock),
      random: this.#run.random(),
      log: this.#run.log('cloud'),
      settings: this.#settings,
      keys: this.#keys,
      caches,
    };
  }

  /** Event Grid calls the function, again when it fails, sometimes twice and sometimes never. */
  #published(attempts: number): void {
    const { clock, chance } = this.#run;
    if (this.#run.trouble('lostHints')) return;
    for (let copies = this.#run.trouble('doubledHints') ? 2 : 1; copies > 0; copies--)
      clock.after(1 + chance.below(this.#run.trouble('lateHints') ? 30_000 : 10), () => {
        void this.#function('fanOut', async (cloud) => {
          try {
            await fanOut(cloud, group);
          } catch (error) {
            if (attempts > 0) clock.after(10_000, () => this.#published(attempts - 1));
            throw error;
          }
        });
      });
  }
}

function describe({ service, method, args }: Call): string {
  return `${service}.${method} ${JSON.stringify(args, briefly)}`;
}

/** Of what is written only where: log rows have lines of their own, and the rest follows from them. */
function briefly(key: string, value: unknown): unknown {
  return key === 'value' || key === 'metadata' ? undefined : value;
}
