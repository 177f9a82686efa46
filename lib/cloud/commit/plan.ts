// What a commit is going to do for one operation: decided once, written into the intent, and carried out by whoever comes
// to it (the committer that wrote it, or the next one after a crash): so it holds everything needed to redo.
import { z } from 'zod';
import { outcome } from '../../protocol/log-row.ts';
import { attributeFields } from '../../protocol/attributes.ts';
import { anyOperation } from '../../protocol/operation.ts';
import { nodeRow } from '../rows.ts';

const expected = z.object({ fileId: z.string(), size: z.number(), lastWrite: z.string() });
export type Expected = z.infer<typeof expected>;

const kind = z.enum(['file', 'directory']);

export const step = z.discriminatedUnion('do', [
  /**
   * The live entry at `path` goes to `hold`, a name in trash that is unique to this operation and stays taken, and from
   * there to `to` if that is given (a conflict copy or another place). A file that is not the expected one is an edit made
   * on the share and becomes a copy of author `cloud` with the id `foreign`.
   */
  z.object({
    do: z.literal('evict'),
    /** The node that has the name, by its row. */
    node: z.string(),
    path: z.string(),
    kind,
    hold: z.string(),
    expect: expected.optional(),
    to: z.string().optional(),
    /** What a foreign file becomes: a conflict copy beside, or it goes back where it was (an edit beats a delete). */
    foreign: z.enum(['copy', 'back']),
  }),
  /** The staged file gets its name. */
  z.object({
    do: z.literal('place'),
    from: z.string(),
    path: z.string(),
    /** The staged file's `tw_op`. */
    tag: z.string(),
    expect: expected,
    hold: z.string(),
  }),
  /** The block list of a content goes to its place. */
  z.object({ do: z.literal('blocks'), from: z.string(), path: z.string() }),
  z.object({
    do: z.literal('mkdir'),
    path: z.string(),
    hold: z.string(),
    metadata: z.record(z.string(), z.string()),
  }),
  z.object({
    do: z.literal('attributes'),
    path: z.string(),
    kind,
    mode: z.number().optional(),
    ...attributeFields,
    /** Nanoseconds since 1970. */
    lastWrite: z.string().optional(),
    /** The content whose attributes these are; another one was written on the share and keeps its own time. */
    expect: expected.optional(),
  }),
  /** The share as it is now, under a name in the snapshot's metadata by which it is found again. */
  z.object({ do: z.literal('snapshot'), metadata: z.record(z.string(), z.string()) }),
  /** A snapshot goes, if it is one of ours: `mark` is in the metadata of those. */
  z.object({ do: z.literal('drop-snapshot'), id: z.string(), mark: z.record(z.string(), z.string()) }),
]);
export type Step = z.infer<typeof step>;

/** What changes in the namespace if the steps go as planned. */
export const change = z.union([
  z.object({
    put: nodeRow,
    /** `new`: an id that was never there (its row is inserted, so that no id is taken twice); `moved`: another key or alive again. */
    place: z.enum(['same', 'new', 'moved']),
    /** The row the node leaves behind, unless another node of the same operation takes that key. */
    oldKey: z.string().optional(),
    /** The step whose result gives ETag, file id and last-write. */
    from: z.number().optional(),
  }),
  z.object({ drop: nodeRow, key: z.string() }),
  z.object({ alias: z.string(), to: z.string() }),
]);
export type Change = z.infer<typeof change>;

/** An operation that cannot go on: its steps before `from` are taken back. */
const undo = z.object({
  from: z.number(),
  end: z.enum(['rejected', 'parked']),
  code: z.string(),
  /** Path of the share that was busy. */
  path: z.string().optional(),
});
export type Undo = z.infer<typeof undo>;

export const planned = z.object({
  seq: z.number(),
  endpoint: z.string(),
  server: z.string(),
  incarnation: z.number(),
  n: z.number(),
  op: z.string(),
  node: z.string().optional(),
  /** Kept to try again when its path is busy. */
  operation: anyOperation.optional(),
  /** The Linux path's last name, for conflict copies and messages. */
  name: z.string(),
  /** The directory it happens in: where copies of foreign files go. */
  parent: z.string(),
  outcome,
  code: z.string().optional(),
  became: z.string().optional(),
  steps: z.array(step),
  changes: z.array(change),
  /** Id for a file of somebody else that turns up on the way. */
  foreignId: z.string(),
  /** Set when it comes out of the parked row: when that was made, and how often it was tried. */
  retry: z.object({ since: z.number(), attempts: z.number() }).optional(),
  undo: undo.optional(),
  /** Old files that it changes, and how many its endpoint said it has: counted by whoever finishes it. */
  weight: z.object({ count: z.number(), files: z.number() }).optional(),
  /** In a redo one by one: how often it was begun. Five times alone without coming through make it poison. */
  tries: z.number(),
});
export type Planned = z.infer<typeof planned>;

export const intentRow = z.object({
  v: z.literal(1),
  at: z.number(),
  /** How often somebody came to redo it. */
  attempts: z.number(),
  operations: z.array(planned),
  /** Rows found on the way by operations that a partial finish has already logged. */
  found: z.array(change),
});
export type IntentRow = z.infer<typeof intentRow>;

/** Rows of the finishing transaction that an operation costs at least: its log row and those of its changes. */
export function rowCost(operationPlan: Pick<Planned, 'changes'>): number {
  let rows = 1;
  for (const item of operationPlan.changes) {
    if ('put' in item) {
      rows += (item.place === 'same' ? 1 : 2) + (item.oldKey === undefined ? 0 : 1);
      if (item.put.share !== undefined) rows++;
    } else if ('drop' in item) rows += item.drop.share === undefined ? 2 : 3;
    else rows++;
  }
  return rows;
}
