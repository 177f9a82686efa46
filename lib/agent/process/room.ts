// An agent that could not write its state is ahead of it in memory, and can only begin anew from what is on disk: whoever
// looks after it starts it again when it ends. It ends when that is of use.
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '../agent.ts';

const pollMs = 1000;
/** A start writes little, and what is left to do needs about a kilobyte a file. */
const roomBytes = 4 * 1024 * 1024;

/** Resolves when the agent has halted because there was no room in `dir`, and there is some again. */
export async function untilRoom(agent: Agent, dir: string): Promise<void> {
  for (;;) {
    await sleep(pollMs, undefined, { ref: false });
    if (agent.halt?.code !== 'state_full') continue;
    const { bavail, bsize } = await statfs(dir);
    if (bavail * bsize >= roomBytes) return;
  }
}
