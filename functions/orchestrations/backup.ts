import type * as df from 'durable-functions';
import type { OrchestrationHandler } from 'durable-functions';
import { backupFlow, backupRun, type StepInputs } from '../../lib/cloud/backup/flow.ts';
import { activityRetries } from './retries.ts';

/** The activities of functions/backup-steps.ts. */
const activities: { readonly [K in keyof StepInputs]: string } = {
  prune: 'backupPrune',
  order: 'backupOrder',
  outcomes: 'backupOutcomes',
  record: 'backupRecord',
};

/** Replayed from its history: it has no clock but the one of that. */
export const backup: OrchestrationHandler = function* (context): Generator<df.Task, unknown, unknown> {
  const { df: durable } = context;
  return yield* backupFlow<df.Task>(backupRun.parse(durable.getInput()), {
    call: (step, input) => durable.callActivityWithRetry(activities[step], activityRetries(), input),
    waitUntil: (time) => durable.createTimer(new Date(time)),
    now: () => durable.currentUtcDateTime.getTime(),
  });
};
