// Errors of the system, made the same way by all three file systems: as Node makes its own.
import { constants } from 'node:os';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { codeOf } from '../../base/errors.ts';

/** `code` as Node spells it; `path` and `dest` in text form, relative to the root. */
export function systemError(code: string, syscall: string, path?: string, dest?: string): NodeJS.ErrnoException {
  const known: Readonly<Record<string, number>> = constants.errno;
  return fromErrno(-(known[code] ?? constants.errno.EIO), syscall, path, dest);
}

/** The same from a kernel's answer, a negative errno. */
export function fromErrno(errno: number, syscall: string, path?: string, dest?: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  const names = [path, dest].filter((name) => name !== undefined).map((name) => `'${name}'`);
  const about = names.length === 0 ? '' : ` ${names.join(' -> ')}`;
  return Object.assign(new Error(`${code}: ${getSystemErrorMessage(errno) ?? 'unknown'}, ${syscall}${about}`), {
    errno,
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
    ...(dest === undefined ? {} : { dest }),
  });
}

/** Nothing is at a path: it is not there, or what should be a directory above it is a file. */
export function isAbsence(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}
