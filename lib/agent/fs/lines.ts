// A directory as text that can be compared as a whole with what is known of it (see state/local-lines.ts, which makes the
// same lines from its rows, and native/survey.hh): one line an entry, in the order of the names' bytes, with all that tells
// whether the entry is as it was.
//
//   name/kind/size/mtime/mode/inode/born/ctime\n
//
// Kind is `file`, `directory`, `link` or `other`; of a directory size and mtime are empty, of a link the mode is. Mode is the
// 0777 of it; inode is `dev:ino`; times are nanoseconds; all numbers are decimal. A name is the kernel's bytes: no '/' is in
// it, so it ends with the first, and the line with the next newline.
import { must } from '../../base/errors.ts';
import { bytesOf, textOf } from '../../protocol/bytes.ts';
import type { Entry } from './port.ts';

export function linesOf(entries: readonly Entry[]): Buffer {
  const lines = entries.map(({ name, stat }) => ({ name: must(bytesOf(name), 'names stand for bytes'), stat }));
  lines.sort((a, b) => a.name.compare(b.name));
  return Buffer.concat(lines.flatMap(({ name, stat }) => [name, Buffer.from(fieldsOf(stat))]));
}

function fieldsOf({ kind, size, mode, mtimeNs, ctimeNs, dev, ino, bornNs }: Entry['stat']): string {
  const isDirectory = kind === 'directory';
  const known = [
    kind === 'symlink' ? 'link' : kind,
    isDirectory ? '' : size,
    isDirectory ? '' : mtimeNs,
    kind === 'symlink' ? '' : mode & 0o777,
    `${dev}:${ino}`,
    bornNs,
    ctimeNs,
  ];
  return `/${known.join('/')}\n`;
}

export interface Lines {
  /** Each line, in the form of latin1, by its name in the form of names. */
  readonly byName: ReadonlyMap<string, string>;
  /** Where the next line begins. */
  readonly end: number;
}

/** The lines that begin at `from`, as far as their names do not come after `last`. A row's name may begin with '/' (state/names.ts). */
export function readLines(bytes: Buffer, from: number, last?: Buffer): Lines {
  const byName = new Map<string, string>();
  let at = from;
  while (at < bytes.length) {
    const slash = bytes.indexOf(slashCode, bytes[at] === slashCode ? at + 1 : at);
    const name = bytes.subarray(at, slash);
    if (last !== undefined && name.compare(last) > 0) break;
    const end = bytes.indexOf(newlineCode, slash) + 1;
    byName.set(textOf(name), bytes.toString('latin1', at, end));
    at = end;
  }
  return { byName, end: at };
}

const slashCode = 0x2f;
const newlineCode = 0x0a;
