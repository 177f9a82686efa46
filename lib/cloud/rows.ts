// The rows of table `namespace`, PartitionKey = group: keys, shapes, one parser each.
import { hash } from 'node:crypto';
import { z } from 'zod';
import { fold } from '../core/fold.ts';
import type { NodeId } from '../core/node.ts';
import { brakes } from '../protocol/brakes.ts';
import { nodeState } from '../protocol/log-row.ts';
import { anyOperation, isAuthor } from '../protocol/operation.ts';

const count = z.number().int().nonnegative();

/** committedSeq <= intentSeq; they differ exactly while an intent is open. */
export const headRow = z.object({
  v: z.literal(1),
  committedSeq: count,
  intentSeq: count,
  /** Of the last transaction: read back after a time-out, it tells whether that was applied. */
  txnId: z.string(),
  epoch: z.string(),
  ...brakes,
});
export type HeadRow = z.infer<typeof headRow>;
export const headKey = 'head';

/** Up to where events went out to the sites. */
export const pubRow = z.object({ v: z.literal(1), publishedSeq: count });
export const pubKey = 'pub';

/** Log rows up to `floor` are gone or going. `collect` keeps its own positions here too. */
export const floorRow = z.object({
  v: z.literal(1),
  floor: count,
  movedAt: z.number(),
  /** Log rows up to here are removed. */
  swept: count,
  /** Trash of log rows up to here is removed. */
  trashed: count,
  /** Log rows up to here are counted in the `trash` rows of their nodes. */
  counted: count,
});
export type FloorRow = z.infer<typeof floorRow>;
export const floorKey = 'floor';

/** The versions of one node in trash, oldest first, as `<seq>-<n>`. */
export const trashRow = z.object({ v: z.literal(1), names: z.array(z.string()) });
export const trashKey = (id: NodeId): string => `trash|${id}`;

/** The group's own settings. */
export const groupRow = z.object({
  v: z.literal(1),
  name: z.string(),
  share: z.string(),
  createdAt: z.number(),
  exclude: z.array(z.string()),
  /** When changes of one endpoint are a mass change; the backend's own defaults where absent. `percent` 0: never. */
  brake: z.object({ percent: z.number().int().min(0).max(100), files: z.number().int().min(1) }).optional(),
});
export type GroupRow = z.infer<typeof groupRow>;
export const groupKey = 'group';

/**
 * A node that was alive when its row was written. It is dead all the same when an ancestor is, or when the parent was
 * revived after it (`seq` <= the parent's `cleared`): a directory delete touches no row below.
 * `at` is when its content was committed (ms since 1970), for the brakes; absent in rows from before there were any.
 */
export const nodeRow = nodeState.extend({ v: z.literal(1), cleared: count.optional(), at: z.number().optional() });
export type NodeRow = z.infer<typeof nodeRow>;

/** What an id stands for: a place to look, another id, or a node that was deleted (kept to revive it with its id). */
export const idRow = z.union([
  z.object({ v: z.literal(1), parent: z.string(), key: z.string() }),
  z.object({ v: z.literal(1), alias: z.string() }),
  z.object({ v: z.literal(1), dead: count, last: nodeRow }),
]);

export const endpointRow = z.object({
  v: z.literal(1),
  id: z.string(),
  server: z.string(),
  path: z.string(),
  slot: z.string(),
  publicKey: z.string(),
  holder: z.string(),
  incarnation: count,
  /** The last number that came to an end or was parked. */
  n: count,
  revoked: z.boolean().optional(),
  /** Old files that it changed lately (lib/core/brakes.ts). */
  changed: z.object({ parts: z.array(z.tuple([z.number(), count]).readonly()).readonly(), files: count }).optional(),
  /** A person has looked at a mass change: until then (ms since 1970) no further one is held. */
  passUntil: z.number().optional(),
  /** The operation at which the committer came down before, and how often: five times alone make it poison. */
  trying: z.object({ n: count, attempts: count }).optional(),
});
export type EndpointRow = z.infer<typeof endpointRow>;

export const parkedRow = z.object({
  v: z.literal(1),
  endpoint: z.string(),
  server: z.string(),
  incarnation: count,
  n: count,
  operation: anyOperation,
  code: z.string(),
  path: z.string(),
  since: z.number(),
  nextAt: z.number(),
  attempts: count,
});
export type ParkedRow = z.infer<typeof parkedRow>;

/** The children of a directory lie together, by the hash of the folded share name (a path may be longer than a key). */
export function nodePrefix(parent: NodeId): string {
  return `node|${parent}|`;
}

const digests = new Map<string, string>();
const maxDigests = 4_000;

export function nodeKey(parent: NodeId, shareName: string): string {
  return nodePrefix(parent) + digestOf(shareName);
}

/** Asked for half a dozen times on the way of one operation. */
function digestOf(shareName: string): string {
  let digest = digests.get(shareName);
  if (digest === undefined) {
    digest = hash('sha256', Buffer.from(fold(shareName), 'utf16le'), 'hex').slice(0, 32);
    if (digests.size >= maxDigests) digests.clear();
    digests.set(shareName, digest);
  }
  return digest;
}

/** What two nodes of a directory cannot both have, though their rows may lie apart: a Linux name. */
export function nameKey(parent: NodeId, name: string): string {
  return `name|${parent}|${name}`;
}

/**
 * A node whose share name is not the plain one is found by its Linux name through this row of its directory. It may be left
 * over from a node that went elsewhere: the node's own row decides.
 */
export const markedRow = z.object({ v: z.literal(1), name: z.string() });
export const markedPrefix = (parent: NodeId): string => `marked|${parent}|`;
export const markedKey = (parent: NodeId, id: NodeId): string => markedPrefix(parent) + id;

export const idKey = (id: NodeId): string => `id|${id}`;
/** The backend's own authors count as endpoints do, and take part in nothing else. */
export const endpointKey = (id: string): string => (isAuthor(id) ? `${id}|author` : `endpoint|${id}`);
export const parkedKey = (endpoint: string, n: number): string => `parked|${endpoint}|${String(n).padStart(12, '0')}`;
export const intentKey = (seq: number): string => `intent|${String(seq).padStart(16, '0')}`;

/** The key after every key that begins with `prefix`, which ends in `|`. */
export const after = (prefix: string): string => `${prefix.slice(0, -1)}}`;
