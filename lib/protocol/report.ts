// How an endpoint is doing, as it tells the backend, and as the backend tells administrators. Nothing is decided by it.
import { z } from 'zod';

const count = z.number().int().nonnegative();

/** POST /api/groups/{group}/report, signed by the endpoint: it is there, and this is how far it is. */
export const reportRequest = z.object({
  state: z.enum(['starting', 'syncing', 'idle', 'paused', 'halted', 'offline']),
  cursor: count,
  pending: count,
  problems: count,
  files: count,
  /** For how long (ms) it has not been in sync; 0 where it is. */
  behindMs: count,
  /** Code of the halt, while there is one. */
  halt: z.string().max(100).optional(),
});
export type Report = z.infer<typeof reportRequest>;

/** When to report again at the latest (ms); where the state has changed, a fifth of that may do. */
export const reportAnswer = z.object({ everyMs: z.number().positive() });
export type ReportAnswer = z.infer<typeof reportAnswer>;

/** GET /api/groups/{group}/endpoints, with the hub's token. Times are ISO 8601. */
export const endpointsAnswer = z.object({
  endpoints: z.array(
    z.object({
      server: z.string(),
      path: z.string(),
      /** As it was reported last; null before the first report. */
      state: reportRequest.shape.state.nullable(),
      lastSeenAt: z.string().nullable(),
      /** When it was heard last, if that is longer ago than three reports. */
      silentSince: z.string().nullable(),
      /** For how long it has not been in sync, as far as that is known. */
      pendingSeconds: z.number().nullable(),
    }),
  ),
});
export type EndpointsAnswer = z.infer<typeof endpointsAnswer>;
