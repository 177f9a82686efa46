// A service in a process of its own, as `tideway local` runs it, to be killed and started again at the same address.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const command = path.join(import.meta.dirname, '../../bin/tideway');

const living = new Set<ChildProcess>();

/** Ends what a test that failed left behind. */
export function killAll(): void {
  for (const child of living) child.kill('SIGKILL');
}

interface VictimOptions {
  /** Keeps its state. */
  readonly dir: string;
  readonly port: number;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called before each start with the number of kills so far. */
  readonly prepare?: (life: number) => void;
}

export class Victim {
  readonly #options: VictimOptions;
  #child: ChildProcess | undefined;
  /** How often it was killed. */
  kills = 0;
  /** What its clients need; the same in every life. */
  settings: Readonly<Record<string, string>> = {};

  constructor(options: VictimOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { dir, port, args, env, prepare } = this.#options;
    prepare?.(this.kills);
    const { NODE_OPTIONS: _options, JEST_WORKER_ID: _worker, ...inherited } = process.env;
    const child = spawn(command, ['local', '--json', '--data', dir, '--port', String(port), ...args], {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    living.add(child);
    child.once('exit', () => living.delete(child));
    this.#child = child;
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('ready ')) return;
      this.settings = JSON.parse(line) as Record<string, string>;
    }
    throw new Error(`tideway local did not start: ${errors}`);
  }

  /** Without a chance to finish anything. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    this.kills++;
  }
}

/** Below the range that the kernel gives away, so that it is free again after a kill. Each of `blocks` is another's. */
export function fixedPort(block: number): number {
  return 12_000 + 1_000 * block + 10 * Math.floor(100 * Math.random());
}

/** What is to hold of the service's work, whatever was killed. */
export interface Torture {
  /** Begins its work, or goes on with it: a call that fails is tried again, as long as it is not ended. */
  begin(): void;
  /** So many things were acknowledged. */
  acknowledged(): number;
  end(): Promise<void>;
  /** Rejects with what is missing, invented or doubled. The service runs. */
  verify(): Promise<void>;
}

/** Kills the service `kills` times, each time when `load` more was acknowledged. */
export async function torture(victim: Victim, work: Torture, kills: number, load: number): Promise<number> {
  await victim.start();
  work.begin();
  try {
    for (let round = 0; round < kills; round++) {
      const goal = work.acknowledged() + load;
      while (work.acknowledged() < goal) await pause();
      await victim.kill();
      await victim.start();
    }
    await work.end();
    await work.verify();
    return work.acknowledged();
  } finally {
    await work.end();
    await victim.kill();
  }
}

/** Lets others work; the loop around it waits for a condition, and the bound is the caller's. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** Runs `count` lanes until `end`; what fails while the service is away is counted as not done, and the lane goes on. */
export function lanes(count: number, step: (lane: number, n: number) => Promise<void>) {
  let running = true;
  let all: Promise<unknown> = Promise.resolve();
  return {
    begin: () => {
      all = Promise.all(
        Array.from({ length: count }, async (_, lane) => {
          for (let n = 0; running; n++) await step(lane, n).catch(pause);
        }),
      );
    },
    end: async () => {
      running = false;
      await all;
    },
  };
}

export function must(holds: boolean, what: string, culprits: readonly unknown[] = []): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(culprits.slice(0, 10))}`);
}
