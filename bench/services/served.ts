import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Served {
  /** What the service told on its first line. */
  readonly address: string;
  /** Microseconds that its process has used so far. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

export const key = Buffer.alloc(64, 6).toString('base64');

/** Starts a service over a fresh file (under TMPDIR) in a process of its own. */
export async function serve(which: 'tables' | 'service-bus' | 'files' | 'bare-files'): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), `bench-${which}-`));
  const program = join(import.meta.dirname, 'child.ts');
  const child = spawn(process.execPath, [program, which, join(directory, 'state.db'), key], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  const address = await line();
  return {
    address,
    async cpu() {
      child.stdin.write('\n');
      return Number(await line());
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      rmSync(directory, { recursive: true });
    },
  };
}

/** Runs `work`, which does `count` things, and says how many a second, and what one cost the service in CPU time. */
export async function rate(service: Served, what: string, count: number, work: () => Promise<unknown>): Promise<void> {
  const before = await service.cpu();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const cpu = (await service.cpu()) - before;
  say(what, `${Math.round(count / seconds)}/s, ${(cpu / count).toFixed(0)} us of CPU each`);
}

export function say(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(48)} ${value}\n`);
}

/** What the disk alone takes to keep 4 KiB in the same moment: no service can be faster, and its slowest is the disk's. */
export async function floor(count: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-floor-'));
  const file = await open(join(directory, 'file'), 'w');
  const block = Buffer.alloc(4096, 1);
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await file.write(block);
    await file.datasync();
    samples.push(performance.now() - start);
  }
  await file.close();
  rmSync(directory, { recursive: true });
  say('the disk alone: p50/p95/p99/worst', `${percentiles(samples)} ms`);
}

/** p50 / p95 / p99 / worst of some milliseconds. */
export function percentiles(samples: readonly number[]): string {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? 0).toFixed(2);
  return [0.5, 0.95, 0.99, 1].map(at).join(' / ');
}
