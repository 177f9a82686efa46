import * as df from 'durable-functions';
import { jobSteps } from '../lib/cloud/job/steps.ts';
import { services } from '../lib/cloud/services.ts';

// What the orchestrations `collect_v1` and `detectChanges_v1` ask for, with the name of a group; each may be done twice.
df.app.activity('collectStep', { handler: (group: string) => jobSteps.collect(services().cloud, group) });
df.app.activity('detectStep', { handler: (group: string) => jobSteps.detect(services().cloud, group) });
