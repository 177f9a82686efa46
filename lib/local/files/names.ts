import { fold as pinnedFold } from '../../core/fold.ts';
import { FilesError } from './errors.ts';

// The rules of "Naming and referencing shares, directories, files, and metadata" (learn.microsoft.com).

const ascii = /^[\x20-\x7e]*$/;
// Forbidden anywhere in a name; control characters are those of Unicode (the page names 0x00-0x1F and 0x81).
const forbidden = /["\\/:|<>*?\p{Cc}]/u;
const device = /^(?:con|prn|aux|nul|clock\$|com[1-9]|lpt[1-9])$/i;

const maxName = 255;
const maxPath = 2048;
const maxDepth = 250;

/**
 * The key under which names are equal. The service's own table is not documented; with the one that agents and backend
 * have pinned, the embedded share refuses exactly the twins that they keep apart.
 */
export function fold(name: string): string {
  return ascii.test(name) ? name.toUpperCase() : pinnedFold(name);
}

/** Refuses what cannot be the name of a file or directory: InvalidResourceName, InvalidFileOrDirectoryPathName. */
export function checkName(name: string): void {
  if (name.length > maxName) throw new FilesError('InvalidFileOrDirectoryPathName');
  if (name === '' || name === '.' || name === '..') throw new FilesError('InvalidResourceName');
  if (forbidden.test(name) || device.test(name) || !name.isWellFormed()) throw new FilesError('InvalidResourceName');
}

/**
 * The names in a raw (percent-encoded) path below the share, checked. Trailing dots fall off each name unless the
 * request allows them, as the service has always done.
 */
export function namesOf(rawPath: string, allowTrailingDot: boolean): readonly string[] {
  const end = rawPath.endsWith('/') ? rawPath.length - 1 : rawPath.length;
  if (end <= 0) return [];
  const parts = rawPath.slice(0, end).split('/');
  if (parts.length > maxDepth) throw new FilesError('InvalidFileOrDirectoryPathName');
  let length = parts.length - 1;
  for (let i = 0; i < parts.length; i++) {
    let name = decode(parts[i] ?? '');
    if (!allowTrailingDot && name.endsWith('.') && name !== '.' && name !== '..') name = name.replace(/\.+$/, '');
    checkName(name);
    parts[i] = name;
    length += name.length;
  }
  if (length > maxPath) throw new FilesError('InvalidFileOrDirectoryPathName');
  return parts;
}

/** Percent-decoding of one part; InvalidUri when it is not UTF-8. */
export function decode(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new FilesError('InvalidUri');
  }
}

const shareName = /^[a-z0-9](?:-?[a-z0-9])*$/;

/** Refuses what cannot be the name of a share: InvalidResourceName, or OutOfRangeInput for its length. */
export function checkShareName(name: string): void {
  if (name.length < 3 || name.length > 63) throw new FilesError('OutOfRangeInput', 'share name');
  if (!shareName.test(name)) throw new FilesError('InvalidResourceName', 'share name');
}
