import { TidewayError } from '../../base/errors.ts';
import { blockSize, rootId, type NodeState } from '../../core/node.ts';
import { markedShareName, plainShareName } from '../../core/share-name.ts';
import type { Backend } from '../backend.ts';
import type { FileStat, SiteFs, WriteFile } from '../fs/port.ts';
import { blockHash, contentHash } from '../hash.ts';
import type { Disk } from './disk.ts';
import { transfer, type Online } from '../online.ts';
import { eachBounded } from '../../base/pool.ts';
import { writeSparse } from './sparse.ts';
import type { State } from '../state/state.ts';

const rangesAtOnce = 4;
/** From this size on a file is flushed on its own: the shared flush after it is for many small ones. */
const ownSyncBytes = 1024 * 1024;

export interface Downloaded {
  readonly hash: string;
  readonly stat: FileStat;
  /** False: the caller has to flush. */
  readonly synced: boolean;
}

export interface DownloadOptions {
  readonly fs: SiteFs;
  readonly backend: Backend;
  readonly online: Online;
  readonly state: State;
  readonly disk: Disk;
}

/**
 * Writes one version of a file, or a link, to `temporary` (a new name), whole and checked: every range is of the row's ETag and the
 * hash is the row's (I17). Errors: `changed`, `absent`, `wrong_content`, the file system's; on any of
 * them the temporary file is gone.
 */
export async function download(to: DownloadOptions, node: NodeState, temporary: string): Promise<Downloaded> {
  if (node.target !== undefined) return link(to.fs, node, node.target, temporary);
  const path = sharePath(to.state, node);
  if (node.size <= blockSize) return small(to, node, path, temporary);
  const file = await to.fs.create(temporary, node.mode);
  try {
    const hash = await fill(to, node, path, file);
    check(node, path, hash);
    await file.utimes(BigInt(node.mtime));
    let stat = await file.stat();
    if (stat.mode !== node.mode) {
      // The umask took something away.
      await file.chmod(node.mode);
      stat = await file.stat();
    }
    await file.sync();
    await file.close();
    return { hash, stat, synced: true };
  } catch (error) {
    await file.close();
    await to.fs.unlink(temporary);
    throw error;
  }
}

/** What a link points at stands in its row: nothing needs to be fetched. */
async function link(fs: SiteFs, node: NodeState, target: string, temporary: string): Promise<Downloaded> {
  await fs.symlink(target, temporary);
  await fs.utimes(temporary, BigInt(node.mtime));
  const stat = await fs.stat(temporary);
  if (stat === null) throw new TidewayError('absent', `${temporary} is gone`);
  return { hash: node.hash ?? '', stat, synced: false };
}

async function small(to: DownloadOptions, node: NodeState, path: string, temporary: string): Promise<Downloaded> {
  const { fs, disk } = to;
  const bytes = node.size === 0 ? new Uint8Array(0) : await range(to, node, path, 0, node.size);
  const hash = contentHash(node.size === 0 ? [] : [blockHash(bytes)]);
  check(node, path, hash);
  const synced = node.size >= ownSyncBytes || disk.takeFew();
  const content = { bytes, mode: node.mode, mtimeNs: BigInt(node.mtime) };
  return { hash, synced, stat: await fs.writeWhole(temporary, content, synced) };
}

function check(node: NodeState, path: string, hash: string): void {
  if (node.hash === null || hash === node.hash) return;
  throw new TidewayError('wrong_content', `The content of ${path} does not match what the log says of it`, { path });
}

async function range(
  { backend, online }: DownloadOptions,
  node: NodeState,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = await online.call('download', () => backend.download(path, node.etag, offset, length), transfer);
  if (bytes.length === length) return bytes;
  throw new TidewayError('wrong_content', `${path} is shorter than the log says`, { path });
}

async function fill(to: DownloadOptions, node: NodeState, path: string, file: WriteFile): Promise<string> {
  const count = Math.ceil(node.size / blockSize);
  const hashes: Buffer[] = Array.from({ length: count });
  await eachBounded(hashes.keys(), rangesAtOnce, async (index) => {
    const offset = index * blockSize;
    const bytes = await range(to, node, path, offset, Math.min(blockSize, node.size - offset));
    hashes[index] = blockHash(bytes);
    await writeSparse(file, offset, bytes);
  });
  await file.truncate(node.size);
  return contentHash(hashes);
}

/** Where the share has a node of the remote tree. */
function sharePath(state: State, node: NodeState): string {
  const names: string[] = [];
  for (let at: NodeState | undefined = node; at !== undefined; at = state.remote(at.parent)) {
    names.push(at.share ?? plainShareName(at.name) ?? markedShareName(at.name, at.id));
    if (at.parent === rootId) break;
  }
  return names.reverse().join('/');
}
