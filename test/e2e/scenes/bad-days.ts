// What happens to processes on a bad day, at random moments: killed, stopped and continued, cut off from each other.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { randomInt, type Random } from '../../../lib/base/random.ts';
import { pick } from '../support/files.ts';
import { processesOf } from '../support/processes.ts';
import { pause, until } from '../support/wait.ts';
import type { Running, Workspace } from '../support/workspace.ts';

const script = path.join(import.meta.dirname, '../support/cut-script.ts');

export interface Trouble {
  /** How long a stopped process stands still, ms. */
  readonly stillMs: number;
  /** Of quiet between two troubles, at most, ms. */
  readonly quietMs: number;
}

/** Before the hub starts: its processes take the signal that cuts them off. */
export function makeCuttable(space: Workspace): void {
  space.env['NODE_OPTIONS'] = `--import=${pathToFileURL(script).href}`;
}

/** Goes on until `done`; answers what was done, in order, and the hub that runs by then. Afterwards everything runs. */
export async function bringTrouble(
  space: Workspace,
  hub: Running,
  random: Random,
  { stillMs, quietMs }: Trouble,
  done: () => boolean,
): Promise<{ readonly told: readonly string[]; readonly running: Running }> {
  const told: string[] = [];
  let running = hub;
  while (!done()) {
    await pause(randomInt(random, quietMs)); // the moment is the point of this test
    // A number may be another program's by now.
    const living = new Set(processesOf(space.data));
    const victim = pick(
      random,
      space.processes().filter(({ pid }) => living.has(pid)),
    );
    const what = pick(random, ['kill', 'stop', 'cut', 'cut']);
    told.push(`${what} ${victim.role}${victim.site === undefined ? '' : ` ${victim.site}`}`);
    if (what === 'kill' && victim.role === 'hub') {
      await running.kill();
      await until('the children to end with their hub', 20_000, () => processesOf(space.data).length === 0);
      running = await space.up();
    } else if (what === 'kill') signal(victim.pid, 'SIGKILL');
    else if (what === 'cut') signal(victim.pid, 'SIGUSR2');
    else {
      signal(victim.pid, 'SIGSTOP');
      await pause(stillMs);
      signal(victim.pid, 'SIGCONT');
    }
  }
  return { told, running };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself since we looked: that is trouble too.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
