import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { startBackups } from '../lib/cloud/backup/start.ts';
import type { Cloud } from '../lib/cloud/group.ts';
import { tellWhenDue } from '../lib/cloud/health/due.ts';
import { startBackup, startJob } from '../lib/cloud/job/start.ts';
import { services } from '../lib/cloud/services.ts';
import { tick } from '../lib/cloud/tick.ts';

/** All short periodic work in one timer: each function of a Flex app lives, and is billed, alone. */
app.timer('tick', {
  schedule: '%TIDEWAY_TICK%',
  extraInputs: [df.input.durableClient()],
  handler: async (_timer, context) => {
    const { cloud } = services();
    const client = df.getClient(context);
    // First, since the rest takes long, and a backup is to be on time.
    await startBackups(cloud, async (run, again) => {
      await startBackup(client, run, again);
      await forgetOld(cloud, client);
    });
    // Information of this function is what host.json lets through, and the alerts read.
    await tellWhenDue(cloud, (vital) => context.info(JSON.stringify(vital)));
    await tick(cloud, (job, group, more) => startJob(client, job, group, more));
  },
});

const rememberMs = 30 * 24 * 60 * 60_000;

/** Histories of runs that ended long ago; what stands in the way of that is in the way of no backup. */
async function forgetOld(cloud: Cloud, client: df.DurableClient): Promise<void> {
  const { Completed, Failed, Terminated } = df.OrchestrationRuntimeStatus;
  try {
    await client.purgeInstanceHistoryBy({
      createdTimeFrom: new Date(0),
      createdTimeTo: new Date(cloud.clock.now() - rememberMs),
      runtimeStatus: [Completed, Failed, Terminated],
    });
  } catch (error) {
    cloud.log.warn('histories_not_purged', { error });
  }
}
