import { createHash } from 'node:crypto';

/** SHA-256 of one block, 32 bytes. */
export function blockHash(block: Uint8Array): Buffer {
  return createHash('sha256').update(block).digest();
}

/** A file's hash, hex, from the hashes of its blocks in order. An empty file has no block. */
export function contentHash(blocks: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const block of blocks) hash.update(block);
  return hash.digest('hex');
}

/** Hash of the block list itself (what a row's `blocks` says): the list is the block hashes one after the other. */
export function listHash(list: Uint8Array): string {
  return createHash('sha256').update(list).digest('hex');
}
