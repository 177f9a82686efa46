// Messages of the topic `sites` to one server's slot. All are hints: losing each of them costs time, nothing else (I14).
import { z } from 'zod';
import { logRow } from './log-row.ts';

export const hint = z.discriminatedUnion('kind', [
  /** The log now reaches `to`; rows from..to ride along where they are small. */
  z.object({
    kind: z.literal('committed'),
    group: z.string(),
    from: z.number().int(),
    to: z.number().int(),
    rows: z.array(logRow).optional(),
  }),
  /** A message began above the next number expected: send again, from there. */
  z.object({
    kind: z.literal('resend'),
    group: z.string(),
    endpoint: z.string(),
    incarnation: z.number().int(),
    from: z.number().int(),
  }),
  /** Something is held back: read the head. */
  z.object({ kind: z.literal('held'), group: z.string() }),
]);
export type Hint = z.infer<typeof hint>;

/** Rows ride along up to this many bytes of JSON a message. */
export const maxRideBytes = 8 * 1024;
