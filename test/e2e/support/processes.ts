// What runs on this machine, from /proc: the truth about what a hub left behind.
import { readFileSync, readdirSync } from 'node:fs';
import { until } from './wait.ts';

/** Pids of the processes that name `data` in their arguments; zombies are not running any more. */
export function processesOf(data: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && argumentsOf(pid).includes(data));
}

export function isRunning(pid: number): boolean {
  return argumentsOf(pid).length > 0;
}

/** Rejects, naming them, when processes of `data` are still there after `ms`. */
export async function untilNoneRuns(data: string, ms: number): Promise<void> {
  await until(`no process of ${data}`, ms, () => processesOf(data).length === 0);
}

function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return []; // it ended while we looked
  }
}
