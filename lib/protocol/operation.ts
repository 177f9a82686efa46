// What an agent asks of the committer. Named (endpoint, incarnation, n): the idempotence key, n counting up from 1.
import { z } from 'zod';
import { attributeFields } from './attributes.ts';

const nodeId = z.string().regex(/^[a-z0-9-]{4,80}$/);
const count = z.number().int().nonnegative();
export const nanoseconds = z.string().regex(/^-?\d{1,22}$/);
const mode = z.number().int().min(0).max(0o777);
export const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** A name on Linux: one component, at most 255 bytes; what else must hold is the committer's to say. */
const name = z.string().min(1).max(255);

/** What a symbolic link points at, in the form of names; its bytes, and that its content is made of it, are checked later. */
export const target = z.string().min(1).max(1024);

/** A staged file: uploaded, whole, and known by what the share answered for it. */
const content = z.object({
  /** The last part of `.tideway/staging/<endpoint>/<slot>`; also the `tw_op` of the staged file. */
  slot: z.string().regex(/^[a-z0-9-]{1,64}$/),
  size: count,
  hash,
  etag: z.string(),
  /** True when the bytes came whole in Create File: then no range can be missing (I19). */
  whole: z.boolean(),
  /** Byte ranges that are holes on purpose, [from, to) pairs in order; what is neither written nor here is a fault. */
  holes: z.array(z.tuple([count, count])).optional(),
  /** Hash of the block list, staged as `<slot>.b`, where there is more than one block. */
  blocks: hash.optional(),
});
export type Content = z.infer<typeof content>;

/** A new file, or with `target` a new link; its content is then what `linkFile(target)` gives, whole. */
const create = z.object({
  kind: z.literal('create'),
  node: nodeId,
  parent: nodeId,
  name,
  content,
  target: target.optional(),
  mtime: nanoseconds,
  mode,
  ...attributeFields,
});
const mkdir = z.object({ kind: z.literal('mkdir'), node: nodeId, parent: nodeId, name, mode, ...attributeFields });
/** New content. `parent` and `name` are where the sender knows the node to be: they save a look-up and revive a deleted one. */
const edit = z.object({
  kind: z.literal('edit'),
  node: nodeId,
  parent: nodeId,
  name,
  base: count,
  content,
  target: target.optional(),
  mtime: nanoseconds,
  mode,
  ...attributeFields,
});
/** New name or parent of a file, or of a directory with all below. */
const move = z.object({ kind: z.literal('move'), node: nodeId, parent: nodeId, name });
/** Deletes one file or link of version `base`; `asOf` is the sender's cursor: a later row about the node rejects it. */
const remove = z.object({ kind: z.literal('delete'), node: nodeId, base: count, asOf: count.optional() });
/** Deletes a directory whole; `asOf` is the sender's cursor: a later row below rejects it. `below`: so many files it had. */
const rmdir = z.object({ kind: z.literal('rmdir'), node: nodeId, asOf: count, below: count.optional() });
/** Of any node whose content is still that of `base`; mtime of files and links only. What is absent stays as it is. */
const attributes = z.object({
  kind: z.literal('attributes'),
  node: nodeId,
  base: count,
  mode: mode.optional(),
  mtime: nanoseconds.optional(),
  ...attributeFields,
});
/** Uses up a number whose operation was given up before it was sent. */
const none = z.object({ kind: z.literal('none') });

export const operation = z.discriminatedUnion('kind', [create, mkdir, edit, move, remove, rmdir, attributes, none]);
export type Operation = z.infer<typeof operation>;

/** What the backend's own authors ask is ordered under a name, by which they find what became of it. */
const order = z.string().regex(/^[a-z0-9-]{1,80}$/);
/** A snapshot of the share, which then is what the namespace was at the row's `seq`. */
const snapshot = z.object({
  kind: z.literal('snapshot'),
  order,
  /** When it was due by its group's schedule (ms since 1970); absent where somebody asked for it. */
  dueAt: z.number().optional(),
  /** On demand only: when it may go (ms since 1970); absent means never. */
  expiresAt: z.number().optional(),
  label: z.string().max(200).optional(),
});
/** Deletes a snapshot that `snapshot` made, by the share's name for it; `why` is for people. */
const dropSnapshot = z.object({
  kind: z.literal('drop-snapshot'),
  order,
  snapshot: z.string().max(64),
  why: z.string().max(200),
});
export const authorOperation = z.discriminatedUnion('kind', [snapshot, dropSnapshot]);
export type AuthorOperation = z.infer<typeof authorOperation>;

/** All that a committer takes. */
export const anyOperation = z.union([operation, authorOperation]);
export type AnyOperation = z.infer<typeof anyOperation>;

/** Who asks on the backend's behalf: counted like endpoints, signed by the backend, and no servers. */
export const author = z.enum(['backup']);

export function isAuthor(endpoint: string): boolean {
  return author.safeParse(endpoint).success;
}

/** What was seen on the share at a path by somebody who looked twice; only the backend itself may send it. */
export const finding = z.object({
  kind: z.literal('examine'),
  path: z.string().max(2048),
  /** Only the path itself: what is below it is looked at by whoever sent this. */
  shallow: z.boolean().optional(),
});
