// Backups, as the HTTP API tells and takes them, with the hub's token. Times are ISO 8601 in UTC.
import { z } from 'zod';

const count = z.number().int().nonnegative();
const problem = z.object({ code: z.string(), message: z.string() });
const retention = z.object({ last: count, daily: count, weekly: count, monthly: count, yearly: count });

/** POST /api/groups/{group}/snapshots: the same `order` again is the same snapshot. */
export const snapshotRequest = z.object({
  order: z.string().regex(/^[a-z0-9-]{1,60}$/),
  label: z.string().max(200).optional(),
  /** When it may go; absent: never. */
  expiresAt: z.iso.datetime().optional(),
});

/** What became of an order; GET /api/groups/{group}/orders/{order} tells again. */
export const orderAnswer = z.object({
  order: z.string(),
  state: z.enum(['open', 'applied', 'rejected']),
  /** Why it was rejected. */
  code: z.string().optional(),
  seq: count.optional(),
  /** The snapshot's id: the share's name for it. */
  snapshot: z.string().optional(),
});
export type OrderAnswer = z.infer<typeof orderAnswer>;

export const snapshotAnswer = z.object({
  /** The share's name for it, as `sharesnapshot` wants it. */
  id: z.string(),
  /** It is what the namespace was when this was its newest change. */
  seq: count,
  createdAt: z.string(),
  kind: z.enum(['scheduled', 'on-demand']),
  dueAt: z.string().optional(),
  expiresAt: z.string().optional(),
  label: z.string().optional(),
  /** Whether the next run leaves it, by the retention that is set now, and why. */
  keep: z.boolean(),
  why: z.array(z.string()),
});
export type SnapshotAnswer = z.infer<typeof snapshotAnswer>;

/** GET /api/groups/{group}/snapshots, oldest first; `others` is how many of the share are not ours. */
export const snapshotsAnswer = z.object({ snapshots: z.array(snapshotAnswer), others: count });
export type SnapshotsAnswer = z.infer<typeof snapshotsAnswer>;

/** PUT /api/groups/{group}/backup: what is absent stays as it is; a null schedule ends it. */
export const backupRequest = z.object({
  schedule: z.string().max(200).nullable().optional(),
  zone: z.string().max(100).optional(),
  retention: retention.partial().optional(),
});
export type BackupRequest = z.infer<typeof backupRequest>;

/** GET /api/groups/{group}/backup, and the answer of PUT. */
export const backupAnswer = z.object({
  schedule: z.string().nullable(),
  zone: z.string(),
  retention,
  lastSeq: count.nullable(),
  lastSuccessAt: z.string().nullable(),
  nextRunAt: z.string().nullable(),
  running: z.boolean(),
  /** Of the last run, and of what should have run by now. */
  problems: z.array(problem),
  last: z
    .object({
      endedAt: z.string(),
      snapshot: z.string().optional(),
      dropped: z.array(z.object({ id: z.string(), why: z.string() })),
    })
    .nullable(),
});
export type BackupAnswer = z.infer<typeof backupAnswer>;
