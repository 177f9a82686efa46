// What was: the history of a path, its versions, and how what was deleted comes back. Paths have Linux names and begin at the
// group's root; times are ms since 1970; `seq` is a number of the log.
import { z } from 'zod';

const count = z.number().int().nonnegative();

/** GET /api/groups/{group}/history?path=...&limit=... with the hub's token: newest last. */
const change = z.object({
  seq: count,
  at: z.number(),
  /** Where it was done: a server's name, or `Cloud` for what was found on the share. */
  site: z.string(),
  /** `create`, `edit`, `move`, `delete`, `attributes`, `mkdir`, `rmdir`, `found`, `undelete`, `revive` ... */
  op: z.string(),
  outcome: z.string(),
  code: z.string().optional(),
  /** Where it was after that; directories by their present names. Absent where it was gone. */
  path: z.string().optional(),
  /** Where it was before, if that is another place. */
  from: z.string().optional(),
  version: count.optional(),
  size: count.optional(),
});
export type PastChange = z.infer<typeof change>;

export const historyAnswer = z.object({
  path: z.string(),
  node: z.string(),
  kind: z.enum(['file', 'directory', 'link']),
  deleted: z.boolean(),
  changes: z.array(change),
  /** True where older rows are gone by now, or were left out. */
  more: z.boolean(),
});
export type HistoryAnswer = z.infer<typeof historyAnswer>;

/** GET /api/groups/{group}/versions?path=... with the hub's token: newest last. */
const version = z.object({
  /** Number of the row that brought it; null where that row is gone. */
  version: count.nullable(),
  at: z.number().nullable(),
  site: z.string().nullable(),
  size: count,
  /** Of the content, as its site gave it; ns since 1970. */
  mtime: z.string(),
  hash: z.string().nullable(),
  /** `kept`: in trash, under `trash` on the share. `gone`: nothing but the row is left. */
  state: z.enum(['current', 'kept', 'gone']),
  trash: z.string().optional(),
});
export type PastVersion = z.infer<typeof version>;

export const versionsAnswer = z.object({
  path: z.string(),
  node: z.string(),
  deleted: z.boolean(),
  versions: z.array(version),
});
export type VersionsAnswer = z.infer<typeof versionsAnswer>;

/** POST /api/groups/{group}/undeletes with the hub's token; GET .../undeletes/{id} tells how far it is. */
export const undeleteRequest = z.object({ path: z.string().min(1).max(4096) });

export const undeleteAnswer = z.object({
  id: z.string(),
  path: z.string(),
  state: z.enum(['committing', 'done']),
  /** Files and directories that are to come back, and those that have. */
  items: count,
  restored: count,
  /** Where the asked for is now, once it is back: under a conflict name where its own was taken. */
  restoredTo: z.string().optional(),
  failed: z.array(z.object({ path: z.string(), code: z.string() })),
});
export type UndeleteAnswer = z.infer<typeof undeleteAnswer>;

/** A part of an undelete, from the backend to its committer: parents come before what is in them. */
export const undeletePart = z.object({
  id: z.string(),
  part: count,
  items: z
    .array(
      z.object({
        node: z.string(),
        /** A file's path in trash; a directory is made anew. */ from: z.string().optional(),
      }),
    )
    .min(1)
    .max(100),
});
export type UndeletePart = z.infer<typeof undeletePart>;
