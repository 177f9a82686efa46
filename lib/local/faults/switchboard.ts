// All fault switches of one embedded Azure. Only what was started for a test has one: without it the services never ask.
import { TidewayError } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import { unkindness } from '../durable/unkind.ts';
import { Faults } from '../faults.ts';
import { type FaultDescription, type ServiceName, parseFaults } from './description.ts';

/** What the switches reach beside the services' own edges; each part is there once its service runs. */
export interface Targets {
  serviceBus?: {
    faultsOf(entity: string): { pause(on: boolean): void; loseLocks(): void; duplicate(times: number): void };
  };
  eventGrid?: { pause(subscription: string, on: boolean): void };
  files?: { smb: { open(options: SmbOpen): { close(): Promise<void> } } };
  /** Kills a process by its name, for example `functions`, `hub` or `agent paris`; false when there is none. */
  crash?: (process: string) => boolean;
}

interface SmbOpen {
  readonly share: string;
  readonly path: string;
  readonly access: 'read';
}

export class Switchboard {
  readonly targets: Targets = {};
  readonly #faults: ReadonlyMap<ServiceName, Faults>;
  readonly #held = new Map<string, { close(): Promise<void> }>();
  readonly #paused = new Map<string, () => void>();

  /** The seed decides which exchanges a fault with a chance strikes, in the order in which they come. */
  constructor(seed: number) {
    // One that a fault meets while it is down is as dead as the fault wants it.
    const crash = (process: string): void => void this.#target('crash')(process);
    const names: readonly ServiceName[] = ['files', 'tables', 'service-bus', 'event-grid', 'functions'];
    this.#faults = new Map(names.map((name, n) => [name, new Faults({ crash, random: seededRandom(seed + n) })]));
  }

  /** What the service is started with. */
  of(service: ServiceName): Faults {
    const faults = this.#faults.get(service);
    if (faults === undefined) throw new Error(`broken invariant: no faults of ${service}`);
    return faults;
  }

  /** Sets what is described (see description.ts), or several. Errors: `fault_invalid`; those of the service asked. */
  async set(described: unknown): Promise<void> {
    for (const one of parseFaults(described)) await this.#set(one);
  }

  /** No fault is left: nothing strikes, what was paused goes on, what was held is released. */
  async clear(): Promise<void> {
    for (const faults of this.#faults.values()) faults.clear();
    for (const resume of this.#paused.values()) resume();
    this.#paused.clear();
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const handle of held) await handle.close();
  }

  /** How many exchanges of each service have met a fault. */
  struck(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#faults].map(([name, faults]) => [name, faults.struck]));
  }

  async #set(one: FaultDescription): Promise<void> {
    if ('line' in one) {
      this.of(one.on).plant({ match: one.line, fault: one.fault, times: one.times, chance: one.chance });
      return;
    }
    switch (one.on) {
      case 'service-bus':
        return this.#setBus(one);
      case 'event-grid': {
        const grid = this.#target('eventGrid');
        const { subscription } = one;
        return this.#pause(`${one.on} ${subscription}`, one.do === 'pause', (on) => grid.pause(subscription, on));
      }
      case 'files':
        return this.#hold(one);
      case 'durable':
        for (const rule of unkindness(one.scale)) this.of('functions').plant(rule);
        return;
      case 'process':
        if (this.#target('crash')(one.process)) return;
        throw new TidewayError('fault_invalid', `no process ${one.process} runs`);
    }
  }

  #setBus(one: Extract<FaultDescription, { entity: string }>): void {
    const switches = this.#target('serviceBus').faultsOf(one.entity);
    switch (one.do) {
      case 'pause':
      case 'resume':
        return this.#pause(`${one.on} ${one.entity}`, one.do === 'pause', (on) => switches.pause(on));
      case 'lose-locks':
        return switches.loseLocks();
      case 'duplicate':
        return switches.duplicate(one.times ?? 1);
    }
  }

  #pause(key: string, on: boolean, pause: (on: boolean) => void): void {
    pause(on);
    if (on) this.#paused.set(key, () => pause(false));
    else this.#paused.delete(key);
  }

  async #hold({ share, path, do: what }: Extract<FaultDescription, { path: string }>): Promise<void> {
    const key = `${share}/${path}`;
    const held = this.#held.get(key);
    this.#held.delete(key);
    await held?.close();
    if (what === 'hold') this.#held.set(key, this.#target('files').smb.open({ share, path, access: 'read' }));
  }

  #target<Name extends keyof Targets>(name: Name): NonNullable<Targets[Name]> {
    const target = this.targets[name];
    if (target === undefined)
      throw new TidewayError('fault_invalid', `nothing here can carry out a fault of ${name}`, {
        hint: 'Start the service that it is about.',
      });
    return target;
  }
}
