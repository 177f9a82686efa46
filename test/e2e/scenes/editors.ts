// How programs save: every way that a file's content is replaced on Linux.
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import { pause } from '../support/wait.ts';

/** The new content under another name, flushed, then renamed over the old one, with a lock file around it. */
function saveByRename(file: string, text: string): void {
  const lock = path.join(path.dirname(file), `.~lock.${path.basename(file)}#`);
  writeFileSync(lock, 'A Person');
  writeFileSync(`${file}.tmp`, text, { mode: statSync(file).mode });
  const fd = openSync(`${file}.tmp`, 'r+');
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${file}.tmp`, file);
  unlinkSync(lock);
}

/** The old content is renamed to a backup, the new one written under its name, then the backup deleted. */
function saveWithBackup(file: string, text: string): void {
  renameSync(file, `${file}~`);
  writeFileSync(file, text);
  rmSync(`${file}~`);
}

/** The names of old and new content are exchanged in one call, then the old one is deleted. */
async function saveByExchange(dir: string, name: string, text: string): Promise<void> {
  const fs = await openSiteFs(dir);
  try {
    writeFileSync(path.join(dir, `.${name}.new`), text);
    await fs.exchange(`.${name}.new`, name);
    unlinkSync(path.join(dir, `.${name}.new`));
  } finally {
    await fs.close();
  }
}

/** Some blocks are written where they are, without a new file: `rsync --inplace` does so. */
function writeInPlace(file: string, text: string): void {
  const { length } = readFileSync(file);
  const fd = openSync(file, 'r+');
  for (let offset = 0; offset < length; offset += 64 * 1024) writeSync(fd, text, offset);
  ftruncateSync(fd, length + 10);
  closeSync(fd);
}

/** A log that grows while it is open. */
async function appendSlowly(file: string, text: string): Promise<void> {
  const fd = openSync(file, 'a');
  for (let line = 0; line < 20; line++) {
    writeSync(fd, `${text} ${line}\n`);
    await pause(10);
  }
  closeSync(fd);
}

/** Saves each of `files` in `dir` in every way, `rounds` times. */
export async function saveAll(dir: string, files: readonly string[], rounds: number): Promise<void> {
  for (const name of files) writeFileSync(path.join(dir, name), `first ${name} `.repeat(2000));
  for (let round = 0; round < rounds; round++) {
    for (const name of files) {
      const file = path.join(dir, name);
      const text = `${name} saved in round ${round} `.repeat(1000 + round);
      saveByRename(file, text);
      saveWithBackup(file, `${text} with a backup`);
      await saveByExchange(dir, name, `${text} exchanged`);
      writeInPlace(file, `in place ${round}`);
      appendFileSync(file, 'appended');
      await pause(20); // each round is another moment of the sync
    }
    await appendSlowly(path.join(dir, 'growing.log'), `round ${round}`);
  }
}
