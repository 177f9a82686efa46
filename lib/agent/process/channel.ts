// What the hub asks of its agents, over the channel between parent and child.
import { z } from 'zod';

export const ask = z.object({
  id: z.number(),
  do: z.enum(['status', 'settled', 'rescan', 'resume', 'pause']),
  /** For `settled`: ms to wait at most. */
  timeoutMs: z.number().optional(),
});
export type Ask = z.infer<typeof ask>;

export const reply = z.object({
  id: z.number(),
  value: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
});
export type Reply = z.infer<typeof reply>;

/** Sent once by the child: it is up, or it cannot be (then it exits). */
export const hello = z.object({
  hello: z.literal(true),
  error: z
    .object({ code: z.string(), message: z.string(), path: z.string().optional(), hint: z.string().optional() })
    .optional(),
});
