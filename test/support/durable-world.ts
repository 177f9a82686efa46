// The orchestrations of the suite as they are shipped, in the embedded task hub on disk, over a group in memory. Time stands
// still while anything is under way, and then jumps to what waits next; the host can be killed after any of its transactions.
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { backup } from '../../functions/orchestrations/backup.ts';
import { jobOf } from '../../functions/orchestrations/job.ts';
import type { Clock } from '../../lib/base/clock.ts';
import { must } from '../../lib/base/errors.ts';
import { backupSteps } from '../../lib/cloud/backup/steps.ts';
import type { Cloud } from '../../lib/cloud/group.ts';
import type { Orchestrations } from '../../lib/cloud/job/start.ts';
import { jobSteps } from '../../lib/cloud/job/steps.ts';
import type { Durable } from '../../lib/local/durable/durable.ts';
import { hasEnded, type Instance } from '../../lib/local/durable/store.ts';
import type { Faults } from '../../lib/local/faults.ts';
import { openHub, type App } from '../local/durable/in-process.ts';
import type { CloudWorld } from './cloud-world.ts';
import type { Life } from './life.ts';

export class DurableWorld {
  readonly #world: CloudWorld;
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'tideway-durable-'));
  readonly #faults: { readonly faults?: Faults };
  readonly #lives = new Set<Life>();
  readonly #sleepers = new Set<{ readonly until: number; wake(): void }>();
  #hub: Durable;
  #hosts = 0;
  #busy = 0;
  #kill = Infinity;
  #killed = Promise.withResolvers<void>();
  /** Transactions of all hosts so far. */
  transactions = 0;
  /** Activities that were begun, by name. */
  readonly called: string[] = [];

  constructor(world: CloudWorld, faults?: Faults) {
    this.#world = world;
    this.#faults = faults === undefined ? {} : { faults };
    this.#hub = this.#open();
  }

  get client(): Orchestrations {
    const { client, hub } = this.#hub;
    return {
      startNew: async (name, { instanceId, input }) => {
        const started = await client.start({ name, id: instanceId, version: null, input: JSON.stringify(input) });
        if (started.refused !== undefined) throw new Error(started.refused);
        return started.id;
      },
      getStatus: (id) => Promise.resolve({ runtimeStatus: hub.store.instance(id)?.status }),
      raiseEvent: async (id, name, data) => void (await client.raise(id, name, JSON.stringify(data))),
    };
  }

  /** The host ends right after so many transactions more, and another one goes on with what is on disk. */
  killAfter(transactions: number): void {
    this.#kill = this.transactions + transactions;
  }

  /** Until the instance has ended, through the death of its host. */
  async end(id: string): Promise<Instance> {
    const row = (): Instance | undefined => this.#hub.hub.store.instance(id);
    await this.until(() => hasEnded(row()?.status ?? 'Pending'));
    return must(row(), 'it has ended and is gone');
  }

  /** Until it is so, with all the time that this takes. */
  async until(fits: () => boolean): Promise<void> {
    for (;;) {
      await Promise.race([turn(), this.#killed.promise]);
      if (this.transactions >= this.#kill) this.#restart();
      if (fits()) return;
      this.#pass();
    }
  }

  /** Nothing is under way until a timer fires, or somebody says something. */
  get isAtRest(): boolean {
    return this.#busy === 0 && this.#sleepers.size > 0;
  }

  async terminate(id: string): Promise<void> {
    await this.#hub.client.terminate(id, 'by hand');
    await this.end(id);
  }

  /** As a crash of the process that replays an orchestrator leaves it. */
  async setFailed(id: string): Promise<void> {
    const { store } = this.#hub.hub;
    await store.commit(() => store.putInstance({ ...must(store.instance(id), 'no instance'), status: 'Failed' }));
  }

  async close(): Promise<void> {
    await this.#hub.stop();
    this.#hub.close();
  }

  /** Nothing is under way, so nothing happens until the next sleeper wakes. */
  #pass(): void {
    if (!this.isAtRest) return;
    const next = [...this.#sleepers].toSorted((a, b) => a.until - b.until)[0];
    if (next === undefined) return;
    this.#world.clock.advance(Math.max(0, next.until - this.#world.clock.now()));
    this.#sleepers.delete(next);
    next.wake();
  }

  get #file(): string {
    return path.join(this.#dir, `hub-${this.#hosts}.db`);
  }

  #open(): Durable {
    const hub = openHub({ file: this.#file, app: this.#app(), clock: this.#clock(), ...this.#faults });
    const commit = hub.hub.store.commit.bind(hub.hub.store);
    hub.hub.store.commit = async (work) => {
      // A dead host writes nothing.
      if (hub !== this.#hub || this.transactions >= this.#kill) return new Promise(() => {});
      this.#busy++;
      const value = await commit(work).finally(() => this.#busy--);
      if (hub !== this.#hub || this.transactions >= this.#kill) return new Promise(() => {});
      if (++this.transactions >= this.#kill) {
        this.#killed.resolve();
        return new Promise(() => {});
      }
      return value;
    };
    hub.start();
    return hub;
  }

  #restart(): void {
    const dead = this.#hub;
    const file = this.#file;
    for (const life of this.#lives) life.kill();
    this.#lives.clear();
    this.#sleepers.clear();
    this.#busy = 0;
    this.#kill = Infinity;
    this.#killed = Promise.withResolvers();
    this.#hosts++;
    for (const part of ['', '-wal']) if (existsSync(file + part)) cpSync(file + part, this.#file + part);
    void dead.stop(); // never comes to its end: what it waits for does not
    this.#hub = this.#open();
  }

  #clock(): Clock {
    return {
      now: () => this.#world.clock.now(),
      monotonic: () => this.#world.clock.monotonic(),
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          const sleeper = { until: this.#world.clock.now() + ms, wake: resolve };
          this.#sleepers.add(sleeper);
          signal?.addEventListener('abort', () => {
            this.#sleepers.delete(sleeper);
            reject(new Error('aborted'));
          });
        }),
    };
  }

  #app(): App {
    const activity =
      <I>(name: string, work: (cloud: Cloud, input: I) => Promise<unknown>) =>
      (input: I): Promise<unknown> =>
        this.#do(name, (cloud) => work(cloud, input));
    return {
      orchestrators: { backup_v1: backup, collect_v1: jobOf('collectStep'), detectChanges_v1: jobOf('detectStep') },
      activities: {
        backupPrune: activity('backupPrune', backupSteps.prune),
        backupOrder: activity('backupOrder', backupSteps.order),
        backupOutcomes: activity('backupOutcomes', backupSteps.outcomes),
        backupRecord: activity('backupRecord', backupSteps.record),
        collectStep: activity('collectStep', jobSteps.collect),
        detectStep: activity('detectStep', jobSteps.detect),
      },
    } as unknown as App; // the library's types say more of an orchestrator than the hub asks for
  }

  /** An activity: a process of its own, that dies with its host; the committer takes what is in the queue. */
  async #do(name: string, work: (cloud: Cloud) => Promise<unknown>): Promise<unknown> {
    this.called.push(name);
    const { life, cloud } = this.#world.committer();
    this.#lives.add(life);
    this.#busy++;
    const host = this.#hosts;
    try {
      return await life.run(async () => {
        await this.#world.drain();
        const answer = await work(cloud);
        await this.#world.drain();
        return answer;
      });
    } finally {
      this.#lives.delete(life);
      if (host === this.#hosts) this.#busy--;
    }
  }
}
