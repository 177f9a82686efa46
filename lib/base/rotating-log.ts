import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const defaultMaxBytes = 16 * 1024 * 1024;
const kept = 4;

/**
 * Appends lines to DIR/NAME.log; before it would pass 16 MiB the file becomes NAME.1.log and so on, at most four old ones
 * stay. A line that cannot be written (a full disk) is lost, not the program; the next one that can be says how many were.
 */
export function rotatingWriter(dir: string, name: string, maxBytes = defaultMaxBytes): (line: string) => void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = (index: number): string => path.join(dir, index === 0 ? `${name}.log` : `${name}.${index}.log`);
  let size = sizeOf(file(0));
  let lost = 0;
  const write = (text: string): void => {
    const bytes = Buffer.byteLength(text);
    if (size > 0 && size + bytes > maxBytes) {
      rmSync(file(kept), { force: true });
      for (let index = kept - 1; index >= 0; index--)
        if (sizeOf(file(index)) > 0) renameSync(file(index), file(index + 1));
      size = 0;
    }
    // Synchronous: what was logged right before a crash is what the reader looks for.
    appendFileSync(file(0), text, { mode: 0o600 });
    size += bytes;
  };
  return (line) => {
    try {
      write(lost === 0 ? line : `${JSON.stringify({ level: 'warn', event: 'log_lines_lost', lines: lost })}\n${line}`);
      lost = 0;
    } catch {
      lost++; // told by the next line that can be written
    }
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
