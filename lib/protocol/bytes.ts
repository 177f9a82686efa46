// Names and link targets are bytes on Linux, and strings here. Valid UTF-8 is itself; every other byte 0xNN is the lone
// surrogate U+DCNN, so that it can be written back as it was read. Only one string stands for the same bytes: a string that
// would come back different (a lone surrogate of another kind, or escapes that together make valid UTF-8) stands for none.
import { isUtf8 } from 'node:buffer';

const escapeBase = 0xdc00;

/** The text form of bytes. */
export function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    text += length === 0 ? String.fromCharCode(escapeBase + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length);
    at += Math.max(length, 1);
  }
  return text;
}

/** The bytes that a text stands for, undefined where it stands for none. */
export function bytesOf(text: string): Buffer | undefined {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts: Buffer[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0xd800 || code > 0xdfff) parts.push(Buffer.from(character));
    else if (code >= escapeBase + 0x80 && code <= escapeBase + 0xff) parts.push(Buffer.of(code - escapeBase));
    else return undefined;
  }
  const bytes = Buffer.concat(parts);
  return textOf(bytes) === text ? bytes : undefined;
}

/** Length of the valid UTF-8 sequence at `at`, 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  return length > 0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
