// A symbolic link on the share: a file in the form of the Linux cifs client's `mfsymlinks` (fs/smb/client/link.c), so that a
// Linux mount with that option shows the link: `XSym\n`, the length in four digits, the MD5 of the target in hex, the target,
// a newline and spaces up to 1,067 bytes.
import { createHash } from 'node:crypto';
import { bytesOf, textOf } from './bytes.ts';

export const linkSize = 1067;
/** Bytes of a target at most: CIFS_MF_SYMLINK_LINK_MAXLEN. */
export const maxTargetBytes = 1024;
const targetAt = 43;

/** The file of a link, or the code of what is wrong with its target. */
export function linkFile(target: string): Buffer | 'target_too_long' | 'target_malformed' {
  const bytes = bytesOf(target);
  if (bytes === undefined || bytes.length === 0 || bytes.includes(0)) return 'target_malformed';
  if (bytes.length > maxTargetBytes) return 'target_too_long';
  const file = Buffer.alloc(linkSize, ' ');
  file.write(`XSym\n${String(bytes.length).padStart(4, '0')}\n${md5(bytes)}\n`);
  bytes.copy(file, targetAt);
  if (targetAt + bytes.length < linkSize) file.write('\n', targetAt + bytes.length);
  return file;
}

/** The target of a link, or undefined for a file that is none. What follows the target is not looked at, as there. */
export function linkTarget(file: Uint8Array): string | undefined {
  if (file.length !== linkSize) return undefined;
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const head = /^XSym\n(\d{4})\n([0-9a-f]{32})\n$/.exec(bytes.toString('latin1', 0, targetAt));
  const length = Number(head?.[1] ?? 0);
  if (head === null || length === 0 || length > maxTargetBytes) return undefined;
  const target = bytes.subarray(targetAt, targetAt + length);
  if (target.includes(0) || md5(target) !== head[2]) return undefined;
  return textOf(target);
}

/** The hash of a link's content, as of every content: SHA-256 over the SHA-256 of its one block. */
export function linkHash(file: Uint8Array): string {
  return createHash('sha256').update(createHash('sha256').update(file).digest()).digest('hex');
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
