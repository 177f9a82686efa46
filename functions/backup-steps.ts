import * as df from 'durable-functions';
import type { StepInputs } from '../lib/cloud/backup/flow.ts';
import { backupSteps } from '../lib/cloud/backup/steps.ts';
import { services } from '../lib/cloud/services.ts';

// What the orchestration `backup_v1` asks for; each may be done twice.
df.app.activity('backupPrune', {
  handler: (input: StepInputs['prune']) => backupSteps.prune(services().cloud, input),
});
df.app.activity('backupOrder', {
  handler: (input: StepInputs['order']) => backupSteps.order(services().cloud, input),
});
df.app.activity('backupOutcomes', {
  handler: (input: StepInputs['outcomes']) => backupSteps.outcomes(services().cloud, input),
});
df.app.activity('backupRecord', {
  handler: (input: StepInputs['record']) => backupSteps.record(services().cloud, input),
});
