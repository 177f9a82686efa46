// What stands in the row `head` while something is held back until a person has looked: whoever reads the head sees it.
import { z } from 'zod';

const count = z.number().int().nonnegative();

/** One endpoint's operations are not taken; its agent keeps them. */
export const held = z.object({
  code: z.literal('mass_change'),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** Old files that it changed within the window, those that were not taken any more included. */
  changed: count,
  /** Of so many that it had. */
  files: count,
});
export type Held = z.infer<typeof held>;

/** Nothing is committed in the group: the share is not the one that the namespace speaks of, or that is being mended. */
export const stopped = z.object({
  code: z.enum(['share_restored', 'share_replaced', 'rebuilding']),
  at: z.number(),
});
export type Stopped = z.infer<typeof stopped>;

/** PUT /api/groups/{group}/brake with the hub's token; what is not given stays. `percent` 0: never. */
export const brakeRequest = z.object({
  percent: z.number().int().min(0).max(100).optional(),
  files: z.number().int().min(1).optional(),
});
export type BrakeRequest = z.infer<typeof brakeRequest>;

/** By endpoint; absent where nothing is held. */
export const brakes = { held: z.record(z.string(), held).optional(), stopped: stopped.optional() };
