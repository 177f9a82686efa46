import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const maxBytes = 16 * 1024 * 1024;
const kept = 4;

/** Appends lines to DIR/NAME.log; at 16 MiB the file becomes NAME.1.log and so on, at most four old ones stay. */
export function rotatingWriter(dir: string, name: string): (line: string) => void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = (index: number): string => path.join(dir, index === 0 ? `${name}.log` : `${name}.${index}.log`);
  let size = sizeOf(file(0));
  return (line) => {
    if (size + line.length > maxBytes) {
      rmSync(file(kept), { force: true });
      for (let index = kept - 1; index >= 0; index--)
        if (sizeOf(file(index)) > 0) renameSync(file(index), file(index + 1));
      size = 0;
    }
    // Synchronous: what was logged right before a crash is what the reader looks for.
    appendFileSync(file(0), line, { mode: 0o600 });
    size += Buffer.byteLength(line);
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
