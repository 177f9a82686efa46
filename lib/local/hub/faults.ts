// A hub that was started for tests (TIDEWAY_FAULTS=<seed>) has fault switches, and tells in DIR/faults.json where.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { startFaultAdmin } from '../faults/admin.ts';
import { Switchboard } from '../faults/switchboard.ts';
import { writeWhole } from './write-whole.ts';

export interface HubFaults {
  readonly switchboard: Switchboard;
  stop(): Promise<void>;
}

/** `pidOf` finds a process of the hub by role and site. */
export async function openFaults(
  data: string,
  seed: number,
  pidOf: (role: string, site: string | undefined) => number | undefined,
): Promise<HubFaults> {
  const switchboard = new Switchboard(seed);
  switchboard.targets.crash = (name) => {
    const [role = '', site] = name.split(' ');
    const pid = pidOf(role, site);
    if (pid === undefined) return false;
    process.kill(pid, 'SIGKILL');
    return true;
  };
  const token = randomBytes(24).toString('hex');
  const admin = await startFaultAdmin(switchboard, token);
  const file = path.join(data, 'faults.json');
  writeWhole(file, `${JSON.stringify({ url: admin.url, token })}\n`);
  return {
    switchboard,
    stop: async () => {
      rmSync(file, { force: true });
      await switchboard.clear();
      await admin.stop();
    },
  };
}
