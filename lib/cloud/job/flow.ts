// Long work on one group, in bounded steps. How far it is stands in the group's rows, so a step may be done twice, or come to
// nothing; this says only when the next one is due. A generator over whoever carries the steps out, which Durable Functions
// replays: it knows no clock but theirs.
import { z } from 'zod';

export const jobRun = z.object({
  group: z.string(),
  /** Steps of earlier executions of the same run. */
  steps: z.number(),
});
export type JobRun = z.infer<typeof jobRun>;

/** When the next step is due, ms since 1970; null: nothing is left to do. */
const stepAnswer = z.number().nullable();
export type StepAnswer = z.infer<typeof stepAnswer>;

export interface JobSteps<T> {
  step(group: string): T;
  /** Until that time (ms since 1970), or until there is more to do than the last step knew of. */
  wait(time: number): Generator<T, void, unknown>;
  now(): number;
}

/** Each adds some events to the history, all of which is replayed with each. */
const stepsAnExecution = 50;
/** Timers of Durable Functions may be that early. */
const earlyMs = 1_000;
/** That there is more to do may not have been heard. */
const longestWaitMs = 60_000;

/** Answers what the next execution begins with, or undefined at the end of the work. */
export function* jobFlow<T>({ group, steps: before }: JobRun, steps: JobSteps<T>): Generator<T, JobRun | undefined> {
  for (let count = 1; count <= stepsAnExecution; count++) {
    const next = stepAnswer.parse(yield steps.step(group));
    if (next === null) return undefined;
    const now = steps.now();
    if (next > now) yield* steps.wait(Math.min(next + earlyMs, now + longestWaitMs));
  }
  return { group, steps: before + stepsAnExecution };
}
