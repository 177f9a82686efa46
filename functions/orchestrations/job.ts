import type * as df from 'durable-functions';
import type { OrchestrationContext, OrchestrationHandler } from 'durable-functions';
import { jobFlow, jobRun } from '../../lib/cloud/job/flow.ts';
import { moreEvent } from '../../lib/cloud/job/start.ts';
import { activityRetries } from './retries.ts';

/** Does the steps that the activity of that name takes, in as many executions as they need. */
export function jobOf(activity: string): OrchestrationHandler {
  return function* ({ df: durable }: OrchestrationContext): Generator<df.Task, void, unknown> {
    const rest = yield* jobFlow<df.Task>(jobRun.parse(durable.getInput()), {
      step: (group) => durable.callActivityWithRetry(activity, activityRetries(), group),
      *wait(time): Generator<df.Task, void, unknown> {
        const timer = durable.createTimer(new Date(time));
        yield durable.Task.any([timer, durable.waitForExternalEvent(moreEvent)]);
        // One that is open would keep this from its end.
        if (!timer.isCompleted) timer.cancel();
      },
      now: () => durable.currentUtcDateTime.getTime(),
    });
    if (rest !== undefined) durable.continueAsNew(rest);
  };
}
