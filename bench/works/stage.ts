// What a work has to do with: one system, running at its place, and how to measure it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Sizes } from '../options.ts';
import { until } from '../measure/arrival.ts';
import { fileHash, treeHash } from '../measure/tree.ts';
import { Usage, type Used } from '../measure/usage.ts';
import type { Place, Running, System } from '../systems/system.ts';

export interface StageOptions {
  readonly system: System;
  readonly place: Place;
  readonly sizes: Sizes;
  /** Where the trees lie that are copied from. */
  readonly seeds: string;
}

/** For one that looks at everything every second, and is never quiet. */
const pollingRestMs = 3_000;
const verifyMs = 30_000;

export class Stage {
  readonly system: System;
  readonly place: Place;
  readonly sizes: Sizes;
  readonly seeds: string;
  #running: Running | undefined;
  readonly #usage = new Usage(() => this.#running?.pids() ?? []);
  #canaries = 0;
  #span: Span = { from: 0, to: 0 };

  constructor({ system, place, sizes, seeds }: StageOptions) {
    this.system = system;
    this.place = place;
    this.sizes = sizes;
    this.seeds = seeds;
  }

  /** When what was measured last began and ended. */
  get span(): Span {
    return this.#span;
  }

  /** The site where the works are done. */
  get here(): string {
    return this.place.sites[0] ?? '';
  }

  get others(): readonly string[] {
    return this.place.sites.slice(1);
  }

  get pids(): readonly number[] {
    return this.#running?.pids() ?? [];
  }

  async prepare(): Promise<void> {
    for (const site of this.place.sites) mkdirSync(site, { recursive: true });
    await this.system.prepare(this.place);
  }

  /** Resolves when a file made here has come to all others. */
  async start(): Promise<void> {
    this.#running = await this.system.start(this.place);
    await this.canary();
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async canary(): Promise<void> {
    const name = `canary-${this.#canaries++}-${process.pid}`;
    writeFileSync(path.join(this.here, name), name);
    for (const site of this.others) {
      const there = path.join(site, name);
      await until(`${name} at ${site}`, 5, this.sizes.timeoutMs, () => {
        if (this.pids.length === 0) throw new Error(`${this.system.name} has ended; see ${this.place.dir}/logs`);
        return existsSync(there) && readFileSync(there, 'utf8') === name;
      });
    }
  }

  /** Waits until the system rests, for `ms` at most. Answers whether it does; one that polls never will. */
  quiet(ms = this.sizes.restMs): Promise<boolean> {
    return this.#usage.quiet(this.system.polls === true ? Math.min(pollingRestMs, ms) : ms);
  }

  /** Waits until the system rests, does `work`, and tells beside its figures what the system took meanwhile. */
  async measured<T extends Figures>(work: () => Promise<T>): Promise<T & Used> {
    await this.quiet();
    this.#usage.begin();
    const from = monotonic();
    try {
      const figures = await work();
      this.#span = { from, to: monotonic() };
      return { ...figures, ...this.#usage.end() };
    } catch (error) {
      this.#usage.end();
      throw error;
    }
  }

  /**
   * All sites hold the same names and contents. Where the contents came after names and sizes, `lateSeconds` tells how long
   * after they were asked for: the figure is that much too good.
   */
  verify(): Promise<Figures> {
    return this.#same(treeHash(this.here), (site) => treeHash(site));
  }

  verifyFile(name: string): Promise<Figures> {
    return this.#same(fileHash(path.join(this.here, name)), (site) => fileHash(path.join(site, name)));
  }

  async #same(hash: string, hashOf: (site: string) => string): Promise<Figures> {
    let late = 0;
    for (const site of this.others) {
      const asked = performance.now();
      const what = `${site} to hold what ${this.here} holds`;
      const found = await until(what, 500, verifyMs, () => hashOf(site) === hash);
      late = Math.max(late, found - asked);
    }
    return late < 100 ? {} : { lateSeconds: late / 1000 };
  }
}

/** Microseconds of the machine's monotonic clock, which the processes' own profiles tell, too. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Numbers by name; what they are stands in report/rows.ts. */
export type Figures = Readonly<Record<string, number>>;
