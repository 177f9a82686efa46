// The rows of backups in a group's partition. Those that begin with `backup|` are read together, so they are few; the row of
// the author `backup`, which counts its operations, is among them (`endpointKey`).
import { z } from 'zod';
import { outcome } from '../../protocol/log-row.ts';
import { authorOperation } from '../../protocol/operation.ts';

const count = z.number().int().nonnegative();

/** A snapshot that the share holds and the log knows. Times are ms since 1970. */
export const snapshotRow = z.object({
  v: z.literal(1),
  /** The share's name for it: the time it was taken (UTC, 100 ns). */
  id: z.string(),
  /** It is what the namespace was when this was its newest change. */
  seq: count,
  createdAt: z.number(),
  /** On schedule: when it was due. Absent where it was made on demand. */
  dueAt: z.number().optional(),
  expiresAt: z.number().optional(),
  label: z.string().optional(),
});
export type SnapshotRow = z.infer<typeof snapshotRow>;
export const snapshotPrefix = 'snapshot|';
export const snapshotKey = (id: string): string => snapshotPrefix + id;

/** How it ended. */
export const closedOrder = z.object({
  seq: count,
  at: z.number(),
  outcome,
  code: z.string().optional(),
  snapshot: z.string().optional(),
});
export type ClosedOrder = z.infer<typeof closedOrder>;

/** What was asked of the committer: the outbox of author `backup`, and what became of it. */
export const orderRow = z.object({
  v: z.literal(1),
  /** The operation's number. */
  n: count,
  /** When it was ordered, or closed. */
  at: z.number(),
  operation: authorOperation,
  closed: closedOrder.optional(),
});
export type OrderRow = z.infer<typeof orderRow>;
export const orderPrefix = 'backup|order|';
export const orderKey = (order: string): string => orderPrefix + order;
/** Of orders that somebody asked for, and waits for. */
export const demandPrefix = 'demand-';

/** The number that the next order gets; moved in the transaction that inserts it. */
export const nextRow = z.object({ v: z.literal(1), next: count });
export const nextKey = 'backup|next';

const policy = z.object({ last: count, daily: count, weekly: count, monthly: count, yearly: count });

/** What an administrator has set. */
export const settingsRow = z.object({
  v: z.literal(1),
  /** NCRONTAB, by the clocks of `zone`; absent: no backups but those on demand. */
  schedule: z.string().optional(),
  /** IANA name. */
  zone: z.string(),
  retention: policy,
  /** What was due before that is not made up. */
  setAt: z.number(),
});
export type BackupSettings = z.infer<typeof settingsRow>;
export const settingsKey = 'backup|settings';

export const backupProblem = z.object({ code: z.string(), message: z.string() });
export type BackupProblem = z.infer<typeof backupProblem>;

export const droppedSnapshot = z.object({ id: z.string(), why: z.string() });

/** How far the runs are. */
export const stateRow = z.object({
  v: z.literal(1),
  /** What was due up to here was begun, or has been made up by a later run. */
  begunUpTo: z.number(),
  /** When somebody last looked whether what was made on demand has come to its date. */
  lookedAt: z.number(),
  running: z.object({ run: z.string(), since: z.number(), dueAt: z.number().optional() }).optional(),
  last: z
    .object({
      run: z.string(),
      endedAt: z.number(),
      snapshot: z.string().optional(),
      dropped: z.array(droppedSnapshot),
      problems: z.array(backupProblem),
    })
    .optional(),
});
export type BackupState = z.infer<typeof stateRow>;
export const stateKey = 'backup|state';
