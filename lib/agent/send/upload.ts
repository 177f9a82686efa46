import { given } from '../../core/attributes.ts';
import type { Known } from '../../core/identify.ts';
import { blockSize } from '../../core/node.ts';
import { linkFile } from '../../protocol/link.ts';
import type { Content } from '../../protocol/operation.ts';
import type { Backend, Slot, StagedProperties } from '../backend.ts';
import type { FileStat, ReadFile, SiteFs } from '../fs/port.ts';
import { blockHash, contentHash, listHash } from '../hash.ts';
import { transfer, type Online } from '../online.ts';
import { eachBounded } from '../../base/pool.ts';
import { isInode } from '../scan/round.ts';
import { isHole, joined, longest, zeroHash, type Range } from '../apply/sparse.ts';

const rangesAtOnce = 4;
/** A message has to hold them all, and so has the committer's intent. */
const maxHoles = 1000;

/** `refused`: its content cannot stand on the share. `changed`: the file is not (or no longer) what the local tree says; look at it again (I18). */
export type Uploaded =
  | { readonly kind: 'staged'; readonly content: Content }
  | { readonly kind: 'same'; readonly hash: string }
  | { readonly kind: 'changed' }
  | { readonly kind: 'refused'; readonly code: string };

const changed: Uploaded = { kind: 'changed' };

export interface UploadOptions {
  readonly fs: SiteFs;
  readonly backend: Backend;
  readonly online: Online;
}

/**
 * Stages the content of a local file or link, read between two equal stats. When it hashes to `synced` after all nothing is
 * staged (`same`). Errors: the file system's, and what `Online.call` passes on.
 */
export async function upload(
  options: UploadOptions,
  path: string,
  entry: Known,
  synced: string | null,
): Promise<Uploaded> {
  if (entry.target !== undefined) return link(options, path, entry, entry.target);
  if (entry.size <= blockSize) return small(options, path, entry, synced);
  const file = await options.fs.open(path);
  try {
    // The first of the two stats is the scan's: the entry. It is asked once more before all is read for nothing.
    if (!isAsKnown(await file.stat(), entry)) return changed;
    const result = await large(options, file, entry);
    return isAsKnown(await file.stat(), entry) ? result : changed;
  } finally {
    await file.close();
  }
}

/** The hash of a local file's content, or `changed`. */
export async function hashFile(fs: SiteFs, path: string, entry: Known): Promise<string> {
  if (entry.size <= blockSize) {
    const read = await fs.readWhole(path, blockSize);
    return read !== null && isAsKnown(read.stat, entry) ? hashOf(read.bytes) : 'changed';
  }
  const file = await fs.open(path);
  try {
    if (!isAsKnown(await file.stat(), entry)) return 'changed';
    const hashes: Buffer[] = [];
    for (let at = 0; at < entry.size; at += blockSize) {
      const length = Math.min(blockSize, entry.size - at);
      hashes.push((await isHole(file, at, length)) ? zeroHash(length) : blockHash(await file.read(at, length)));
    }
    return isAsKnown(await file.stat(), entry) ? contentHash(hashes) : 'changed';
  } finally {
    await file.close();
  }
}

function hashOf(bytes: Uint8Array): string {
  return contentHash(bytes.length === 0 ? [] : [blockHash(bytes)]);
}

/** A link never changes: one that points elsewhere is another inode. */
async function link(
  { fs, backend, online }: UploadOptions,
  path: string,
  entry: Known,
  target: string,
): Promise<Uploaded> {
  const bytes = linkFile(target);
  if (typeof bytes === 'string') return { kind: 'refused', code: bytes };
  const stat = await fs.stat(path);
  if (stat === null || !isAsKnown(stat, entry)) return changed;
  const { slot, etag } = await whole(backend, online, bytes, entry);
  return { kind: 'staged', content: { slot, size: bytes.length, hash: hashOf(bytes), etag, whole: true } };
}

async function small(
  { fs, backend, online }: UploadOptions,
  path: string,
  entry: Known,
  synced: string | null,
): Promise<Uploaded> {
  const read = await fs.readWhole(path, blockSize);
  if (read === null || !isAsKnown(read.stat, entry)) return changed;
  const { bytes } = read;
  const hash = hashOf(bytes);
  if (hash === synced) return { kind: 'same', hash };
  const { slot, etag } = await whole(backend, online, bytes, entry);
  return { kind: 'staged', content: { slot, size: entry.size, hash, etag, whole: true } };
}

function whole(
  backend: Backend,
  online: Online,
  bytes: Uint8Array,
  entry: Known,
): Promise<{ readonly slot: string; readonly etag: string }> {
  return inSlotOfItsOwn(backend, online, async (slot) => ({
    slot: slot.slot,
    etag: await backend.stageWhole(slot, bytes, propertiesOf(entry)),
  }));
}

/**
 * Every try makes its staged file in another slot.
 *
 * RACE: a request that was given up may arrive when the next try is committed long since, and fills its slot again. Had
 * both the same, a rename of the committer that is late as well would bring that to the name it once had, where meanwhile
 * somebody deleted it (I5): the share has no condition that would refuse either.
 */
async function inSlotOfItsOwn<T>(backend: Backend, online: Online, make: (slot: Slot) => Promise<T>): Promise<T> {
  let first: Slot | undefined = await online.call('slot', () => backend.slot());
  const attempt = async (): Promise<T> => {
    const slot = first ?? (await backend.slot());
    first = undefined;
    return make(slot);
  };
  return online.call('stage', attempt, transfer);
}

async function large({ backend, online }: UploadOptions, file: ReadFile, entry: Known): Promise<Uploaded> {
  const { size } = entry;
  const slot = await inSlotOfItsOwn(backend, online, async (own) => {
    await backend.stageCreate(own, size, propertiesOf(entry));
    return own;
  });
  const count = Math.ceil(size / blockSize);
  const hashes: Buffer[] = Array.from({ length: count });
  const holes: Range[] = [];
  let short = false;
  await eachBounded(hashes.keys(), rangesAtOnce, async (index) => {
    const offset = index * blockSize;
    const length = Math.min(blockSize, size - offset);
    // Holes are announced as such: else the committer would take them for what got lost on the way (I19).
    if (await isHole(file, offset, length)) {
      hashes[index] = zeroHash(length);
      holes.push([offset, offset + length]);
      return;
    }
    const bytes = await file.read(offset, length);
    if (bytes.length !== length) short = true;
    if (short) return;
    hashes[index] = blockHash(bytes);
    await online.call('stage', () => backend.stageRange(slot, offset, bytes), transfer);
  });
  if (short) return changed;
  const { kept, others } = longest(joined(holes), maxHoles);
  await eachBounded(blocksIn(others), rangesAtOnce, async ([from, to]) => {
    await online.call('stage', () => backend.stageRange(slot, from, Buffer.alloc(to - from)), transfer);
  });
  const list = Buffer.concat(hashes);
  await online.call('stage', () => backend.stageBlocks(slot, list), transfer);
  const etag = await online.call('stage', () => backend.stageEtag(slot), transfer);
  const content: Content = {
    slot: slot.slot,
    size,
    hash: contentHash(hashes),
    etag,
    whole: false,
    blocks: listHash(list),
    ...(kept.length === 0 ? {} : { holes: kept.map(([from, to]) => [from, to]) }),
  };
  return { kind: 'staged', content };
}

function* blocksIn(holes: readonly Range[]): Generator<Range> {
  for (const [from, to] of holes)
    for (let at = from; at < to; at += blockSize) yield [at, Math.min(at + blockSize, to)];
}

function isAsKnown(stat: FileStat, entry: Known): boolean {
  return (
    stat.size === entry.size &&
    stat.mtimeNs.toString() === entry.statMtime &&
    stat.ctimeNs.toString() === entry.ctime &&
    isInode(entry, stat)
  );
}

function propertiesOf(entry: Known): StagedProperties {
  const { id, name, mtime, mode } = entry;
  return { node: id, name, mtime, mode, ...given(entry) };
}
