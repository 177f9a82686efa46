import { codeOf, messageOf } from './errors.ts';

/** True where a disk, or a quota on it, was full: the kernel says so by its code, SQLite in words. */
export function isNoRoom(error: unknown): boolean {
  return codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT' || /disk is full/.test(messageOf(error));
}
