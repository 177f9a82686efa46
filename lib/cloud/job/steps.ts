import { collectStep } from '../collect/step.ts';
import { enumerate } from '../enumerate/enumerate.ts';
import type { Cloud } from '../group.ts';
import type { StepAnswer } from './flow.ts';

/** Of each a group has one at a time. */
export type Job = 'collect' | 'detect';

/** One step; it may be done twice, and at once with another one of its kind. */
export const jobSteps: Readonly<Record<Job, (cloud: Cloud, group: string) => Promise<StepAnswer>>> = {
  collect: collectStep,
  detect: (cloud, group) => enumerate(cloud, group, cloud.clock.monotonic() + cloud.settings.enumerateStepMs),
};
