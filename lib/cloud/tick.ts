// The one timer: everything short and periodic, for every group. Nothing in it is needed for a change to arrive; it makes up for
// what was lost. What may take long is an orchestration, which it begins where there is something to do.
import { seal, cloudSigner } from '../protocol/message.ts';
import { isCollectDue } from './collect/due.ts';
import { enumerationsDue } from './enumerate/due.ts';
import { lookAtHot } from './enumerate/hot.ts';
import { fanOut } from './fan-out.ts';
import type { Cloud } from './group.ts';
import type { Job } from './job/steps.ts';
import { intentRow } from './commit/plan.ts';
import { after, headKey, headRow, parkedRow, pubKey, pubRow } from './rows.ts';
import { listGroups } from './registry.ts';
import { maxParked } from './commit/retry.ts';
import { watchShare } from './share-mark.ts';

/** Begins the job, or leaves it alone where it is under way; `more`: there is work that one knows nothing of. */
export type StartJob = (job: Job, group: string, more: boolean) => Promise<void>;

export async function tick(cloud: Cloud, start: StartJob): Promise<void> {
  const groups = await listGroups(cloud);
  // Apart from the rest: a share that does not answer holds up no hint.
  await forEach(cloud, groups, (group) => watchShare(cloud, group));
  await forEach(cloud, groups, async (group) => {
    await wake(cloud, group);
    await republish(cloud, group);
  });
  await forEach(cloud, groups, async (group) => {
    if (await isCollectDue(cloud, group)) await start('collect', group, false);
  });
  const begun = new Set<string>();
  await forEach(cloud, groups, async (group) => {
    if (await lookAtHot(cloud, group)) begun.add(group);
  });
  await forEach(cloud, groups, async (group) => {
    const due = await enumerationsDue(cloud, group);
    if (due !== 'nothing') await start('detect', group, due === 'begun' || begun.has(group));
  });
}

async function forEach(cloud: Cloud, groups: readonly string[], work: (group: string) => Promise<void>): Promise<void> {
  for (const group of groups) {
    try {
      await work(group);
    } catch (error) {
      cloud.log.error('tick_failed', { group, error }); // the other groups go on, and this one is tried again
    }
  }
}

/** Calls a committer where an intent was left open, or a parked operation is due. */
async function wake(cloud: Cloud, group: string): Promise<void> {
  const now = cloud.clock.now();
  const [intents, parked] = await Promise.all([
    cloud.table.range(group, 'intent|', after('intent|'), 1),
    cloud.table.range(group, 'parked|', after('parked|'), maxParked),
  ]);
  const stuck = intents.some((row) => now - intentRow.parse(row.value).at > cloud.settings.intentAgeMs);
  const due = parked.some((row) => parkedRow.parse(row.value).nextAt <= now);
  if (!stuck && !due) return;
  const nudge = { v: 1 as const, group, nudge: stuck ? 'recover' : 'retry' };
  await cloud.changes.send(group, seal(nudge, cloudSigner, cloud.keys.privateKey));
}

/** What was committed and not fanned out goes to the topic from here: the event that should have done it was lost. */
async function republish(cloud: Cloud, group: string): Promise<void> {
  const [head, pub] = await Promise.all([cloud.table.get(group, headKey), cloud.table.get(group, pubKey)]);
  if (head === undefined) return;
  const published = pub === undefined ? 0 : pubRow.parse(pub.value).publishedSeq;
  if (headRow.parse(head.value).committedSeq > published) await fanOut(cloud, group);
}
