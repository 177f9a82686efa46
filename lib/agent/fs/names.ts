// Names and paths of a site: text here, bytes for the kernel (lib/protocol/bytes.ts says how).
import { must } from '../../base/errors.ts';
import { bytesOf, textOf } from '../../protocol/bytes.ts';
import { systemError } from './errors.ts';

/** The kernel's bytes of a path that passed `checkPath`; as a string where that is the same, since strings are cheaper. */
export function toBytes(path: string): string | Buffer {
  return path.isWellFormed() ? path : must(bytesOf(path), 'a checked path');
}

/** Checked paths as the addon takes several of them. */
export function asPaths(paths: readonly string[]): string | Buffer {
  const joined = `${paths.join('\0')}\0`;
  return joined.isWellFormed() ? joined : Buffer.concat(paths.flatMap((path) => [Buffer.from(toBytes(path)), nul]));
}

const nul = Buffer.from([0]);

/** Names from a listing: each is followed by '/', which no name holds. */
export function namesFromBytes(bytes: Buffer): readonly string[] {
  const names = bytes.length === 0 ? [] : textOf(bytes).split('/');
  names.pop();
  return names;
}

/**
 * Refuses what names nothing below the root, with EINVAL: empty names, '.', '..', NUL, and text that stands for no bytes.
 * The root itself ('') passes only where `root` says that it may be meant.
 */
export function checkPath(path: string, syscall: string, root: boolean): void {
  const sound = path === '' ? root : !/(^|\/)(\.{0,2})(\/|$)|\0/.test(path) && isText(path);
  if (!sound) throw systemError('EINVAL', syscall, path);
}

/** Whether it can name an entry of a directory: one component, and of the directory itself. */
export function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && isText(name);
}

/** Refuses, with EINVAL, text that stands for no target: empty, with NUL, or for no bytes. Any path else may be meant. */
export function checkTarget(target: string, path: string): void {
  if (target === '' || target.includes('\0') || !isText(target)) throw systemError('EINVAL', 'symlink', path);
}

/** The directory a path lies in, and its last name. */
export function splitPath(path: string): { readonly parent: string; readonly leaf: string } {
  const at = path.lastIndexOf('/');
  return { parent: path.slice(0, Math.max(at, 0)), leaf: path.slice(at + 1) };
}

export function joinPath(parent: string, leaf: string): string {
  return parent === '' ? leaf : `${parent}/${leaf}`;
}

/** Whether it stands for bytes. Nearly every path is well formed, and that costs nothing to see. */
function isText(path: string): boolean {
  return path.isWellFormed() || bytesOf(path) !== undefined;
}

/** Bytes of a name or path, as the kernel counts them against 255 and 4,096. */
export function byteLength(path: string): number {
  let length = 0;
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xdc00 && code <= 0xdfff ? 1 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
