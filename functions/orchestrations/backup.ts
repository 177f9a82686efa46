import * as df from 'durable-functions';
import { backupFlow, backupRun, type StepInputs } from '../../lib/cloud/backup/flow.ts';

/** The activities of functions/backup-steps.ts. */
const activities: { readonly [K in keyof StepInputs]: string } = {
  prune: 'backupPrune',
  order: 'backupOrder',
  outcomes: 'backupOutcomes',
  record: 'backupRecord',
};

/** A crash of the worker fails an activity for good: each is tried again, over some ten minutes. */
function retries(): df.RetryOptions {
  const options = new df.RetryOptions(5_000, 8);
  options.backoffCoefficient = 2;
  return options;
}

/** Replayed from its history: it has no clock but the one of that. Another way of doing it gets another version. */
df.app.orchestration('backup_v1', function* (context): Generator<df.Task, unknown, unknown> {
  const { df: durable } = context;
  return yield* backupFlow<df.Task>(backupRun.parse(durable.getInput()), {
    call: (step, input) => durable.callActivityWithRetry(activities[step], retries(), input),
    waitUntil: (time) => durable.createTimer(new Date(time)),
    now: () => durable.currentUtcDateTime.getTime(),
  });
});
