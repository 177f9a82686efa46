// On what a run was made: figures without it say nothing.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { runToEnd } from './systems/spawned.ts';

export interface Machine {
  readonly processors: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly fileSystem: string;
  readonly node: string;
}

export async function machineOf(dir: string): Promise<Machine> {
  const mount = await runToEnd('findmnt', ['--noheadings', '--output', 'FSTYPE', '--target', dir]);
  return {
    processors: `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release().split('-')[0] ?? ''}`,
    fileSystem: mount.trim(),
    node: process.version,
  };
}

/** The load average of the last minute. */
export function load(): number {
  return Number(readFileSync('/proc/loadavg', 'latin1').split(' ')[0]);
}
