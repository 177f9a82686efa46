// Entries and their attributes by Node's own calls; names are bytes, absolute by way of /proc/self/fd.
import * as fs from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';
import { textOf } from '../../protocol/bytes.ts';
import { isAbsence } from './errors.ts';
import { toBytes } from './names.ts';
import { statOf } from './open-file.ts';
import type { Details, Entry, FileStat } from './port.ts';

/** A rename meanwhile can hide an entry: then the directory is read again, and every name met is asked for. */
export async function readStable(dir: Buffer): Promise<readonly Entry[]> {
  const names = new Map<string, Buffer>();
  for (let round = 1; ; round++) {
    const before = await fs.lstat(dir, { bigint: true });
    for (const name of await fs.readdir(dir, { encoding: 'buffer' })) names.set(textOf(name), name);
    const entries = await readStats(dir, names);
    const after = await fs.lstat(dir, { bigint: true });
    if (round === 3 || (after.mtimeNs === before.mtimeNs && after.ctimeNs === before.ctimeNs)) return entries;
  }
}

async function readStats(dir: Buffer, names: ReadonlyMap<string, Buffer>): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const [name, bytes] of names) {
    try {
      entries.push({ name, stat: await attributes(Buffer.concat([dir, Buffer.from('/'), bytes])) });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return entries;
}

export async function attributes(name: Buffer): Promise<FileStat> {
  return statOf(await fs.lstat(name, { bigint: true }));
}

/** Node has no call for extended attributes. */
export async function describe(dir: Buffer, name: string): Promise<Details | null> {
  const path = Buffer.concat([dir, Buffer.from('/'), Buffer.from(toBytes(name))]);
  for (let attempt = 1; ; attempt++) {
    try {
      const { kind } = await attributes(path);
      const target = kind === 'symlink' ? textOf(await fs.readlink(path, { encoding: 'buffer' })) : undefined;
      return { stat: await attributes(path), target, xattrs: undefined };
    } catch (error) {
      if (isAbsence(error)) return null;
      // EINVAL: another kind of entry has the name by now.
      if (codeOf(error) !== 'EINVAL' || attempt === 8) throw error;
    }
  }
}
