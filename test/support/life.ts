// One life of a committer: every remote call it makes is counted and may be the one at which fate strikes.
import type { Clock } from '../../lib/base/clock.ts';
import { ShareBusy, TableBusy } from '../../lib/cloud/ports.ts';
import { ServerBusy, TimedOut, type Call, type Hooks } from './remote-call.ts';

export type Blow =
  /** The process ends before the request leaves, or after it was applied: nothing of it runs any more, not even a handler. */
  | 'kill-before'
  | 'kill-after'
  /** The whole process stands still until `thaw`; the request goes out (or its answer comes in) only then. */
  | 'freeze-before'
  | 'freeze-after'
  /** The request is applied, the client is told of a time-out. */
  | 'time-out'
  /** The client is told of a time-out; the request is applied by `arrive`. */
  | 'late'
  /** 503, not applied. */
  | 'throttle';

/** Which blow meets the call, if any; `index` counts from 0. */
export type Fate = (call: Call, index: number) => Blow | undefined;

export const spared: Fate = () => undefined;

export function at(index: number, blow: Blow): Fate {
  return (_call, n) => (n === index ? blow : undefined);
}

export class Killed extends Error {
  constructor() {
    super('the committer was killed');
    this.name = 'Killed';
  }
}

export class Life implements Hooks {
  readonly calls: Call[] = [];
  /** Resolves when a freezing blow has struck. */
  readonly frozen: Promise<void>;
  readonly #fate: Fate;
  readonly #killed: Promise<never>;
  readonly #blows = new Map<Call, Blow>();
  readonly #late: (() => void)[] = [];
  #die: (reason: Error) => void = ignore;
  #freeze: () => void = ignore;
  #thawed: Promise<void> | undefined;
  #thaw: () => void = ignore;
  #dead = false;

  constructor(fate: Fate = spared) {
    this.#fate = fate;
    this.#killed = new Promise<never>((_resolve, reject) => (this.#die = reject));
    this.#killed.catch(ignore); // whoever runs work in this life hears of it there
    this.frozen = new Promise((resolve) => (this.#freeze = resolve));
  }

  get struck(): boolean {
    return this.#blows.size > 0;
  }

  /** Runs work that ends with this life. Rejects with `Killed` when the life does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    return Promise.race([work(), this.#killed]);
  }

  kill(): void {
    this.#dead = true;
    this.#die(new Killed());
  }

  thaw(): void {
    this.#thawed = undefined;
    this.#thaw();
  }

  /** Requests that were under way when their client gave up on them reach the service. */
  arrive(): void {
    for (const send of this.#late.splice(0)) send();
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: async (ms) => {
        await clock.sleep(ms);
        await this.#awake();
      },
    };
  }

  async before(call: Call, send: () => void): Promise<void> {
    const blow = this.#fate(call, this.calls.length);
    this.calls.push(call);
    await this.#awake();
    if (blow === undefined) return;
    this.#blows.set(call, blow);
    if (blow === 'kill-before') this.kill();
    if (blow === 'freeze-before') this.#stop();
    if (blow === 'throttle') throw throttled(call);
    if (blow === 'late') {
      this.#late.push(send);
      throw unanswered(call);
    }
    await this.#awake();
  }

  async after(call: Call): Promise<void> {
    const blow = this.#blows.get(call);
    if (blow === 'kill-after') this.kill();
    if (blow === 'freeze-after') this.#stop();
    if (blow === 'time-out') throw unanswered(call);
    await this.#awake();
  }

  #stop(): void {
    this.#thawed = new Promise((resolve) => (this.#thaw = resolve));
    this.#freeze();
  }

  async #awake(): Promise<void> {
    if (this.#thawed !== undefined) await this.#thawed;
    if (this.#dead) await new Promise<never>(ignore);
  }
}

function ignore(): void {}

function throttled({ service }: Call): Error {
  if (service === 'table') return new TableBusy('503 ServerBusy');
  return service === 'share' ? new ShareBusy('503 ServerBusy') : new ServerBusy();
}

function unanswered({ service }: Call): Error {
  return service === 'share' ? new ShareBusy('OperationTimedOut') : new TimedOut();
}
