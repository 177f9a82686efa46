// What a system takes while a work is done, and what others on the machine take meanwhile.
import { setTimeout as pause } from 'node:timers/promises';
import { busyOfMachine, memoryOf, takenBy } from './processes.ts';

const sampleMs = 250;
/** Every so many samples the processes are looked for anew: to read all of a machine's each time is seen in what is measured. */
const samplesPerSearch = 4;

// A type, not an interface: only those are records of numbers, too.
export type Used = {
  /** Of all processes of the system together. */
  readonly cpuSeconds: number;
  /** The highest sum seen; what processes share counts in each. */
  readonly peakMiB: number;
  /** Processors that others kept busy, on average. Neither the system nor this program. */
  readonly foreignCores: number;
};

export class Usage {
  readonly #roots: () => readonly number[];
  #began = { at: 0, cpu: 0, foreign: 0 };
  #peak = 0;
  #pids: readonly number[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `roots` are the processes that were started; what they start counts with them. */
  constructor(roots: () => readonly number[]) {
    this.#roots = roots;
  }

  begin(): void {
    this.#peak = 0;
    let samples = 0;
    this.#timer = setInterval(() => {
      if (++samples % samplesPerSearch === 0) this.#sample();
      else this.#peak = Math.max(this.#peak, memoryOf(this.#pids));
    }, sampleMs);
    this.#began = { at: performance.now(), cpu: this.#sample(), foreign: foreign() };
  }

  end(): Used {
    clearInterval(this.#timer);
    const cpu = this.#sample();
    const seconds = (performance.now() - this.#began.at) / 1000;
    return {
      cpuSeconds: cpu - this.#began.cpu,
      peakMiB: this.#peak / 2 ** 20,
      foreignCores: Math.max(0, (foreign() - this.#began.foreign) / seconds),
    };
  }

  /** True once the system took less than 3 % of a processor for 1.5 s; false when it did not within `ms`. */
  async quiet(ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    let before = takenBy(this.#roots()).cpu;
    for (let still = 0; still < 3;) {
      if (performance.now() > deadline) return false;
      await pause(500);
      const now = takenBy(this.#roots()).cpu;
      still = now - before < 0.015 ? still + 1 : 0;
      before = now;
    }
    return true;
  }

  #sample(): number {
    const { cpu, memory, pids } = takenBy(this.#roots());
    this.#peak = Math.max(this.#peak, memory);
    this.#pids = pids;
    return cpu;
  }
}

/** Seconds of CPU of everybody else: the system's processes are descendants of this one. */
function foreign(): number {
  return busyOfMachine() - takenBy([process.pid]).cpu;
}
