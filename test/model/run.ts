// What everybody in a run shares: the clock, the dice, the trace, the ledger, and how bad the day is.
import { createPublicKey, createPrivateKey } from 'node:crypto';
import type { Log } from '../../lib/base/log.ts';
import { jsonLog } from '../../lib/base/log.ts';
import { seededRandom, type Random } from '../../lib/base/random.ts';
import type { SigningKeys } from '../../lib/protocol/message.ts';
import { Chance } from '../support/chance.ts';
import { Ledger } from './ledger.ts';
import { Scheduler } from './scheduler.ts';
import type { Step } from './step.ts';
import { Trace } from './trace.ts';
import { perMille, type Fault, type Weather } from './weather.ts';

export class Run {
  readonly seed: number;
  readonly weather: Weather;
  readonly clock = new Scheduler();
  /** What befalls calls and messages. */
  readonly chance: Chance;
  /** What people do: apart, so that a run whose steps are given meets the same fate. */
  readonly people: Chance;
  readonly trace: Trace;
  readonly ledger = new Ledger();
  /** What was done from outside. */
  readonly steps: Step[] = [];
  /** Broken invariants, as they are met. */
  readonly broken: string[] = [];
  /** Paths that somebody had open on the share, or deleted while it was open. */
  readonly opened = new Set<string>();
  /** Private keys by endpoint. */
  readonly signers = new Map<string, string>();
  /** True once the storm is over: nothing fails any more. */
  calm = false;
  readonly #late: (() => void)[] = [];
  #randoms = 0;
  #keys = 0;

  constructor(seed: number, weather: Weather) {
    this.seed = seed;
    this.weather = weather;
    this.chance = new Chance(seed);
    this.people = new Chance(seed + 0x0be5_e112);
    this.trace = new Trace(this.clock);
  }

  break(what: string): void {
    this.trace.add('BROKEN', what);
    if (this.broken.length < 20) this.broken.push(what);
  }

  /** True as often as the weather says, and never when it is calm. */
  trouble(fault: Fault): boolean {
    return this.strike([fault]) !== undefined;
  }

  /** Which of these strikes now, if any does. */
  strike(faults: readonly Fault[]): Fault | undefined {
    if (this.calm) return undefined;
    let left = this.chance.below(1000);
    return faults.find((fault) => (left -= perMille(this.weather, fault)) < 0);
  }

  /** Milliseconds that a call is under way. */
  latency(): number {
    return this.trouble('slowCalls') ? 200 + this.chance.below(5000) : 1 + this.chance.below(12);
  }

  /** A request that is under way while its sender has given it up arrives: some time, or when it is calm. */
  late(work: () => void): void {
    let done = false;
    const arrive = (): void => {
      if (!done) work();
      done = true;
    };
    this.#late.push(arrive);
    this.clock.after(1 + this.chance.below(90_000), arrive);
  }

  calmDown(): void {
    this.trace.add('run', 'calm');
    this.calm = true;
    for (const arrive of this.#late.splice(0)) arrive();
  }

  random(): Random {
    return seededRandom(this.seed * 1000 + this.#randoms++);
  }

  /** The first keys of every run are the same, and so on: to make a pair and to parse it costs as much as many steps. */
  keys(): SigningKeys {
    const index = this.#keys++;
    const keys = keyPairs[index] ?? pairOf(seededRandom(index).bytes(32));
    keyPairs[index] = keys;
    return keys;
  }

  log(who: string): Log {
    return jsonLog(
      '',
      (line) => {
        const { time: _time, part: _part, level, event, ...rest } = JSON.parse(line) as Record<string, unknown>;
        // Somebody forgot to plan or to wake a node. That the agent noticed it when it was asked is no excuse.
        if (event === 'unplanned' || event === 'stuck') this.break(`${who} ${event} ${JSON.stringify(rest)}`);
        this.trace.add(who, `log ${String(level)} ${String(event)} ${JSON.stringify(rest, withoutStack)}`);
      },
      () => this.clock.now(),
    );
  }
}

const keyPairs: SigningKeys[] = [];

function pairOf(bytes: Uint8Array): SigningKeys {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes]); // Ed25519 in PKCS#8: RFC 8410
  const publicKey = createPublicKey(createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }));
  return {
    privateKey: der.toString('base64'),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

/** A stack names files of this machine, and two runs of one seed must have one trace anywhere. */
function withoutStack(key: string, value: unknown): unknown {
  return key === 'stack' ? undefined : value;
}
