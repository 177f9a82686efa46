// What an enumeration of the share keeps between its steps: the row of the enumeration itself, directories still to be
// listed, and what was seen once and has to be seen again. Keys are in the group's partition.
import { hash } from 'node:crypto';
import { z } from 'zod';

const count = z.number().int().nonnegative();

const kind = z.enum(['full', 'path', 'intake', 'hot']);
export type ScanKind = z.infer<typeof kind>;

export const scanRow = z.object({
  v: z.literal(1),
  id: z.string(),
  /** `intake`: files that were there before the group. `hot`: some directories, without what is below. */
  kind,
  /** Where it began, a path of the share; '' is the root. */
  path: z.string(),
  /**
   * `listing`, `confirming` (all is listed, and waits for its second look), `committing` (all is sent to the committer),
   * `done`, `failed` (nothing was inferred from what is not done).
   */
  state: z.enum(['listing', 'confirming', 'committing', 'done', 'failed']),
  code: z.string().optional(),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  /** When the committer was asked to say that it is through. */
  askedAt: z.number().optional(),
  directories: count,
  entries: count,
  /** Live nodes in the directories that were listed, and how many of them were not there. */
  known: count,
  missing: count,
  /** Changes that were seen twice and are with the committer. */
  sent: count,
  allowDeletes: z.boolean(),
  /** Directories that could not be listed: nothing is inferred about what is in them. */
  problems: z.array(z.object({ path: z.string(), code: z.string() })),
});
export type ScanRow = z.infer<typeof scanRow>;

/** Keys sort by age. */
export const scanPrefix = 'scan|';
export const scanKey = (id: string): string => scanPrefix + id;

export const todoRow = z.object({ v: z.literal(1), paths: z.array(z.string()), attempts: count });
export type TodoRow = z.infer<typeof todoRow>;
/** Names or paths in one row. */
export const maxInRow = 100;
export const todoPrefix = (scan: string): string => `todo|${scan}|`;
export const firstKey = (scan: string): string => `${todoPrefix(scan)}first`;
/**
 * Of the directories in one directory; like `sightKey` a function of what was listed alone: a step that comes late writes over
 * no other's rows.
 */
export function todoKey(scan: string, dir: string, part: number): string {
  return todoPrefix(scan) + partOf(dir, part);
}

/** Entries of one directory that are not as the namespace says; '' for the state of what is not there. */
export const sightRow = z.object({
  v: z.literal(1),
  dir: z.string(),
  /** Milliseconds since 1970: not confirmed before. */
  due: z.number(),
  /** How often it was another state than the time before. */
  looks: count,
  seen: z.array(z.tuple([z.string(), z.string()])),
});
export type SightRow = z.infer<typeof sightRow>;
export const sightPrefix = (scan: string): string => `sight|${scan}|`;
export function sightKey(scan: string, dir: string, part: number): string {
  return sightPrefix(scan) + partOf(dir, part);
}

function partOf(dir: string, part: number): string {
  const digest = hash('sha256', Buffer.from(dir, 'utf16le'), 'hex').slice(0, 24);
  return `${digest}|${String(part).padStart(6, '0')}`;
}
