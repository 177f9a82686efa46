import { TidewayError } from '../base/errors.ts';
import { blockSize, rootId, type NodeState } from '../core/node.ts';
import { markedShareName, plainShareName } from '../core/share-name.ts';
import type { Backend } from './backend.ts';
import type { FileStat, SiteFs, WriteFile } from './fs/port.ts';
import { blockHash, contentHash } from './hash.ts';
import { transfer, type Online } from './online.ts';
import { eachBounded } from './pool.ts';
import type { State } from './state/state.ts';

const rangesAtOnce = 4;
/** From this size on a file is flushed on its own: the shared flush after it is for many small ones. */
const ownSyncBytes = 1024 * 1024;

export interface Downloaded {
  readonly hash: string;
  readonly stat: FileStat;
}

/**
 * Writes one version of a file to `temporary` (a new file), whole and checked: every range is of the row's ETag and the
 * hash is the row's (I17). The caller flushes. Errors: `changed`, `absent`, `wrong_content`, the file system's; on any of
 * them the temporary file is gone.
 */
export async function download(
  to: { readonly fs: SiteFs; readonly backend: Backend; readonly online: Online; readonly state: State },
  node: NodeState,
  temporary: string,
): Promise<Downloaded> {
  const path = sharePath(to.state, node);
  const file = await to.fs.create(temporary, node.mode);
  try {
    const hash = await fill(to, node, path, file);
    if (node.hash !== null && hash !== node.hash)
      throw new TidewayError('wrong_content', `The content of ${path} does not match what the log says of it`, {
        path,
      });
    await file.utimes(BigInt(node.mtime));
    let stat = await file.stat();
    if (stat.mode !== node.mode) {
      // The umask took something away.
      await file.chmod(node.mode);
      stat = await file.stat();
    }
    if (node.size >= ownSyncBytes) await file.sync();
    await file.close();
    return { hash, stat };
  } catch (error) {
    await file.close();
    await to.fs.unlink(temporary);
    throw error;
  }
}

async function fill(
  { backend, online }: { readonly backend: Backend; readonly online: Online },
  node: NodeState,
  path: string,
  file: WriteFile,
): Promise<string> {
  const count = Math.ceil(node.size / blockSize);
  const hashes: Buffer[] = Array.from({ length: count });
  await eachBounded(hashes.keys(), rangesAtOnce, async (index) => {
    const offset = index * blockSize;
    const length = Math.min(blockSize, node.size - offset);
    const bytes = await online.call('download', () => backend.download(path, node.etag, offset, length), transfer);
    if (bytes.length !== length)
      throw new TidewayError('wrong_content', `${path} is shorter than the log says`, { path });
    hashes[index] = blockHash(bytes);
    await file.write(offset, bytes);
  });
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
