// How orchestrations are begun: each has an instance id that says what it is about, so that no two of them are about the same.
import type { BackupRun } from '../backup/flow.ts';
import type { JobRun } from './flow.ts';
import type { Job } from './steps.ts';

/** Another way of doing one gets another version: what runs goes on as it began. */
const orchestrators: Readonly<Record<Job, string>> = { collect: 'collect_v1', detect: 'detectChanges_v1' };
export const moreEvent = 'more';

/** What is needed of the client of Durable Functions. */
export interface Orchestrations {
  startNew(name: string, options: { readonly instanceId: string; readonly input: unknown }): Promise<string>;
  getStatus(instanceId: string): Promise<{ readonly runtimeStatus: unknown }>;
  raiseEvent(instanceId: string, name: string, data: unknown): Promise<void>;
}

/** A run that was begun already goes on as if nothing had been; `again`: one that has failed is begun anew, no other. */
export async function startBackup(client: Orchestrations, run: BackupRun, again: boolean): Promise<void> {
  const instanceId = `backup-${run.group}-${run.run}`;
  if (again && (await client.getStatus(instanceId)).runtimeStatus !== 'Failed') return;
  await start(client, 'backup_v1', instanceId, run);
}

/** `more`: there is work that one which is under way does not know of. */
export async function startJob(client: Orchestrations, job: Job, group: string, more: boolean): Promise<void> {
  const instanceId = `${job}-${group}`;
  const input: JobRun = { group, steps: 0 };
  const isUnderWay = await start(client, orchestrators[job], instanceId, input);
  // RACE: it may end without having heard of it, and does nothing then: the next look begins it anew.
  if (isUnderWay && more) await client.raiseEvent(instanceId, moreEvent, true);
}

const goingOn: readonly unknown[] = ['Pending', 'Running', 'Suspended'];

/** True where one of that id is under way; it is left alone. */
async function start(client: Orchestrations, name: string, instanceId: string, input: unknown): Promise<boolean> {
  try {
    await client.startNew(name, { instanceId, input });
    return false;
  } catch (error) {
    const { runtimeStatus } = await client.getStatus(instanceId);
    if (!goingOn.includes(runtimeStatus)) throw error;
    return true;
  }
}
