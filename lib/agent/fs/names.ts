// Names are bytes on Linux, and strings here. Valid UTF-8 is itself; every other byte 0xNN is the lone surrogate U+DCNN,
// so that a name can be written back as it was read. Only one string stands for one name: a string that would come back
// different (a lone surrogate of another kind, or escapes that together make valid UTF-8) is refused.
import { isUtf8 } from 'node:buffer';
import { must } from '../../base/errors.ts';
import { systemError } from './errors.ts';

const escapeBase = 0xdc00;

/** The kernel's bytes of a path that passed `checkPath`; as a string where that is the same, since strings are cheaper. */
export function toBytes(path: string): string | Buffer {
  return path.isWellFormed() ? path : must(unescape(path), 'a checked path');
}

/** The text form of bytes from the kernel, which may hold several names. */
export function fromBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    text += length === 0 ? String.fromCharCode(escapeBase + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length);
    at += Math.max(length, 1);
  }
  return text;
}

/** Names from a listing: each is followed by '/', which no name holds. */
export function namesFromBytes(bytes: Buffer): readonly string[] {
  const names = bytes.length === 0 ? [] : fromBytes(bytes).split('/');
  names.pop();
  return names;
}

/**
 * Refuses what names nothing below the root, with EINVAL: empty names, '.', '..', NUL, and text that stands for no bytes.
 * The root itself ('') passes only where `root` says that it may be meant.
 */
export function checkPath(path: string, syscall: string, root: boolean): void {
  const sound = path === '' ? root : !/(^|\/)(\.{0,2})(\/|$)|\0/.test(path) && isReversible(path);
  if (!sound) throw systemError('EINVAL', syscall, path);
}

/** The directory a path lies in, and its last name. */
export function splitPath(path: string): { readonly parent: string; readonly leaf: string } {
  const at = path.lastIndexOf('/');
  return { parent: path.slice(0, Math.max(at, 0)), leaf: path.slice(at + 1) };
}

export function joinPath(parent: string, leaf: string): string {
  return parent === '' ? leaf : `${parent}/${leaf}`;
}

/** Length of the valid UTF-8 sequence at `at`, 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  return length > 0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

function isReversible(text: string): boolean {
  if (text.isWellFormed()) return true;
  const bytes = unescape(text);
  return bytes !== undefined && fromBytes(bytes) === text;
}

function unescape(path: string): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0xd800 || code > 0xdfff) parts.push(Buffer.from(character));
    else if (code >= escapeBase + 0x80 && code <= escapeBase + 0xff) parts.push(Buffer.of(code - escapeBase));
    else return undefined;
  }
  return Buffer.concat(parts);
}

/** Bytes of a name or path, as the kernel counts them against 255 and 4,096. */
export function byteLength(path: string): number {
  let length = 0;
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= escapeBase && code <= 0xdfff ? 1 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
