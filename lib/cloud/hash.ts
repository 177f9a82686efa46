import { createHash } from 'node:crypto';
import { blockSize } from '../core/node.ts';
import { ShareRefusal, type Share } from './ports.ts';

/**
 * SHA-256 over the SHA-256 of each block of 4 MiB, hex, of the version `etag`; undefined when the file is another one now, or
 * cannot be read at the moment: equality is then not claimed.
 */
export async function hashOnShare(share: Share, path: string, etag: string, size: number): Promise<string | undefined> {
  const whole = createHash('sha256');
  for (let offset = 0; offset < size; offset += blockSize) {
    const block = await readOnce(share, path, etag, offset, Math.min(blockSize, size - offset));
    if (block === undefined) return undefined;
    whole.update(createHash('sha256').update(block).digest());
  }
  return whole.digest('hex');
}

/** Undefined when the file is another one now, or cannot be read at the moment. */
export async function readOnce(
  share: Share,
  path: string,
  etag: string,
  offset: number,
  length: number,
): Promise<Uint8Array | undefined> {
  try {
    return await share.read(path, etag, offset, length);
  } catch (error) {
    if (error instanceof ShareRefusal) return undefined;
    throw error;
  }
}
