import { inlineLimit, patched } from './contents.ts';
import { FilesError } from './errors.ts';
import { add, clip } from './ranges.ts';
import { isoOf } from './stamps.ts';
import type { Part, Store } from './store.ts';
import type { Node } from './tree.ts';

export interface RangeWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The last-write time afterwards, from the node as it is and the present time. */
  readonly written: (node: Node, now: string) => string;
  /** SMB writes behind the end and makes the file longer; REST does not. */
  readonly grows: boolean;
  /** Called in each transaction with the node as it is then; throws what refuses the write. */
  readonly check: (node: Node) => void;
}

const maxAttempts = 8;

/**
 * Writes bytes into the file with this id, wherever a rename may have moved it meanwhile, and gives its new row.
 * Large contents are written in place, flushed, and only then recorded. Errors: ResourceNotFound when it was deleted
 * meanwhile, InvalidRange, and those of `check`.
 */
export async function writeRange(store: Store, id: number, write: RangeWrite): Promise<Node> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const { content } = writable(store, id, write);
    const done =
      content !== 0 && store.contents.isInFile(content)
        ? await writeInFile(store, id, content, write)
        : await store.write((part) => writeInRow(store, id, write, part));
    if (done !== undefined) return done;
    const now = store.tree.byId(id);
    if (now === undefined || !store.contents.isInFile(now.content) || store.past.shares(now))
      await moveToFile(store, id);
  }
  // Somebody replaces this file faster than it can be written: the caller may try again.
  throw new FilesError('ServerBusy');
}

/**
 * Runs `change` in a transaction, once the content of the file is one that may be changed in place: without bytes of
 * its own to write, but with ranges to cut. Errors: ResourceNotFound, and those of `change`.
 */
export async function changeContent(store: Store, id: number, change: (node: Node, part: Part) => Node): Promise<Node> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const done = await store.write((part) => {
      const node = store.tree.byId(id);
      if (node === undefined) throw new FilesError('ResourceNotFound');
      const mustCopy = store.contents.isInFile(node.content) && store.past.shares(node);
      return mustCopy ? undefined : change(node, part);
    });
    if (done !== undefined) return done;
    await moveToFile(store, id);
  }
  throw new FilesError('ServerBusy');
}

/** Undefined: the content lives, or must from now on live, in a file of its own. */
function writeInRow(store: Store, id: number, write: RangeWrite, part: Part): Node | undefined {
  const node = writable(store, id, write);
  const content = store.contents.get(node.content);
  if (node.content !== 0 && content.bytes === undefined) return undefined;
  if (Math.max(node.size, write.offset + write.bytes.length) > inlineLimit) return undefined;
  const stamp = store.stamps.next();
  const next = patched(content, store.ownContent(node, stamp), write.offset, write.bytes);
  store.replaceContent(node, next, part);
  return changed(store, node, write, stamp, next.id);
}

/**
 * Writes in place, flushes, records: one such write at a time where ranges overlap. Undefined: the content is no
 * longer this file's, or may not change any more.
 *
 * RACE: overwriting recorded bytes shows new bytes under the old ETag, for good if the process dies before `record`.
 * So the ETag moves first; a reader that compares ETags then sees that something happened.
 * RACE: a snapshot made meanwhile would go on changing: so snapshots are made between such writes (`ContentFiles.quietly`).
 */
async function writeInFile(store: Store, id: number, content: number, write: RangeWrite): Promise<Node | undefined> {
  const end = write.offset + write.bytes.length;
  const { files } = store.contents;
  return files.exclusively(content, write.offset, end, async () => {
    const node = writable(store, id, write);
    if (node.content !== content || store.past.shares(node)) return undefined;
    if (clip(store.contents.get(content).ranges, write.offset, end).length > 0)
      await store.write(() => store.tree.update({ ...writable(store, id, write), etag: store.stamps.next() }));
    await files.write(content, write.offset, write.bytes);
    const done = await store.write(() => record(store, id, content, write));
    // Removed while it was written: the write has made the file anew.
    if (!store.contents.isInFile(content)) await files.remove(content);
    return done;
  });
}

/** After the bytes are on disk. Undefined: they are in a content that is no longer this file's, or may not change. */
function record(store: Store, id: number, contentId: number, write: RangeWrite): Node | undefined {
  const node = writable(store, id, write);
  if (node.content !== contentId || store.past.shares(node)) return undefined;
  const { ranges } = store.contents.get(contentId);
  const next = add(ranges, write.offset, write.offset + write.bytes.length);
  store.contents.update({ id: contentId, ranges: next, bytes: undefined });
  return changed(store, node, write, store.stamps.next(), contentId);
}

function writable(store: Store, id: number, write: RangeWrite): Node {
  const node = store.tree.byId(id);
  if (node === undefined) throw new FilesError('ResourceNotFound');
  write.check(node);
  if (!write.grows && write.offset + write.bytes.length > node.size) throw new FilesError('InvalidRange');
  return node;
}

function changed(store: Store, node: Node, write: RangeWrite, stamp: number, content: number): Node {
  const size = Math.max(node.size, write.offset + write.bytes.length);
  const now = isoOf(stamp);
  checkGrowth(store, node, size);
  const next = { ...node, size, content, etag: stamp, written: write.written(node, now), changed: now };
  store.handles.wrote(node);
  store.tree.update(next, node.size);
  return next;
}

/** Errors: ShareSizeLimitReached. */
export function checkGrowth(store: Store, node: Node, size: number): void {
  if (size <= node.size) return;
  const share = store.shares.byRoot(store.past.rootOf(node.parent));
  if (share !== undefined) store.usage.check(share, size - node.size);
}

/** Gives the file a content file of its own with what it holds now, and its id; 0 if it changed meanwhile. */
async function moveToFile(store: Store, id: number): Promise<number> {
  const node = store.tree.byId(id);
  if (node === undefined) throw new FilesError('ResourceNotFound');
  const old = store.contents.get(node.content);
  const content = store.stamps.next();
  if (old.bytes !== undefined) await store.contents.files.write(content, 0, old.bytes);
  else if (old.ranges.length > 0) await store.contents.files.copy(old.id, content);
  const moved = await store.write((part) => {
    const present = store.tree.byId(id);
    if (present?.content !== node.content) return false;
    // An in-memory content may have changed under its id; a shared one never does.
    if (old.bytes !== undefined && present.etag !== node.etag) return false;
    // The old row stays behind in the snapshots, so the new one must not be taken for it: rows are told apart by ETag.
    const etag = store.past.shares(present) ? store.stamps.next() : present.etag;
    store.replaceContent(present, { id: content, ranges: old.ranges, bytes: undefined }, part);
    store.tree.update({ ...present, content, etag });
    return true;
  });
  if (moved) return content;
  await store.contents.files.remove(content);
  return 0;
}
