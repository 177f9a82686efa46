// One row of a group's change log: what became of one operation, and what it changed. Agents build their remote tree from
// the effects of rows 1..cursor, in order, and settle their outbox by (endpoint, incarnation, n).
import { z } from 'zod';
import { attributeFields } from './attributes.ts';
import { hash, nanoseconds, target } from './operation.ts';

const count = z.number().int().nonnegative();

export const nodeState = z.object({
  id: z.string(),
  parent: z.string(),
  name: z.string(),
  share: z.string().optional(),
  kind: z.enum(['file', 'directory', 'link']),
  target: target.optional(),
  version: count,
  seq: count,
  size: count,
  hash: hash.nullable(),
  mtime: nanoseconds,
  mode: count,
  ...attributeFields,
  etag: z.string(),
  fileId: z.string(),
  lastWrite: z.string(),
  blocks: hash.optional(),
  author: z.string(),
});

const effect = z.union([
  /** The node is now this (new, changed, moved or alive again). */
  z.object({ put: nodeState }),
  /** The node is gone, and for a directory all below it. */
  z.object({ drop: z.string() }),
  /** The id that was proposed stands for a node that is there already. */
  z.object({ alias: z.string(), to: z.string() }),
]);
export type Effect = z.infer<typeof effect>;

export const outcome = z.enum(['applied', 'conflict', 'rejected', 'parked']);
export type Outcome = z.infer<typeof outcome>;

export const logRow = z.object({
  v: z.literal(1),
  seq: z.number().int().positive(),
  /** Milliseconds since 1970 of the commit, for people; nothing is decided by it. */
  at: z.number(),
  /** Who asked: an endpoint's id, or `cloud` for what was found on the share. */
  endpoint: z.string(),
  server: z.string(),
  incarnation: count,
  /** 0 for `cloud`. */
  n: count,
  /** The operation's kind. */
  op: z.string(),
  /** The node that was asked about. */
  node: z.string().optional(),
  /** `parked` is no end: another row with the same n follows. */
  outcome,
  /** Why it was rejected or parked: a stable code. */
  code: z.string().optional(),
  /** In a conflict: the node that now holds the content that was sent, if it is not the node asked about. */
  became: z.string().optional(),
  effects: z.array(effect),
  /** The share's name for the snapshot that was taken, or deleted. */
  snapshot: z.string().optional(),
});
export type LogRow = z.infer<typeof logRow>;

/** Row keys sort as their numbers. */
export function logKey(seq: number): string {
  return `log|${String(seq).padStart(16, '0')}`;
}
