// One thing that happens to a run from outside: what somebody does at a site or on the share, or what befalls it. Written
// down with all that was thrown for it, so that a run can be repeated with some of its steps left out.
import { z } from 'zod';

const deeds = [
  'write',
  'append',
  'save',
  'new',
  'mkdir',
  'move',
  'swap',
  'remove',
  'remake',
  'copy back',
  'program',
  'chmod',
  'touch',
  'open',
  'delete while open',
] as const;
export const blows = [
  'kill',
  'power off',
  'no network',
  'unmount',
  'disk full',
  'state full',
  'share full',
  'lose state',
  'restore state',
  'set clock',
] as const;

export const step = z.strictObject({
  /** Milliseconds before the next step. */
  wait: z.number(),
  /** A site, or `share`. */
  at: z.string(),
  do: z.enum([...deeds, ...blows]),
  path: z.string().optional(),
  to: z.string().optional(),
  text: z.string().optional(),
  mode: z.number().optional(),
  /** How long it lasts, how long ago, or by how much. */
  ms: z.number().optional(),
  /** Between one file and the next, where there are many. */
  gap: z.number().optional(),
  /** What a program writes, and after how long. */
  writes: z.array(z.tuple([z.number(), z.string()])).optional(),
});
export type Step = z.infer<typeof step>;
export type Deed = Omit<Step, 'wait'>;
