import type { Cloud } from '../../lib/cloud/group.ts';
import { jobSteps } from '../../lib/cloud/job/steps.ts';
import { tick } from '../../lib/cloud/tick.ts';

/** The timer, and one step of each job that it begins, in the same process. */
export async function tickAndStep(cloud: Cloud): Promise<void> {
  await tick(cloud, async (job, group) => void (await jobSteps[job](cloud, group)));
}
