// Small files by the calls for any file, for where there is no single call for them.
import type { FileStat, NewFile, SiteFs, WholeFile } from './port.ts';

export async function readWhole(fs: Pick<SiteFs, 'open'>, path: string, limit: number): Promise<WholeFile | null> {
  const file = await fs.open(path);
  try {
    const before = await file.stat();
    if (before.size > limit) return null;
    const bytes = await file.read(0, before.size);
    return wholeOf(before, bytes, await file.stat());
  } finally {
    await file.close();
  }
}

/** What was read is the file's content only if it was the same before and after. */
export function wholeOf(before: FileStat, bytes: Uint8Array, after: FileStat): WholeFile | null {
  const same = before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs;
  return same && bytes.length === after.size ? { stat: after, bytes } : null;
}

export async function writeWhole(
  fs: Pick<SiteFs, 'create' | 'unlink'>,
  path: string,
  { bytes, mode, mtimeNs }: NewFile,
  sync: boolean,
): Promise<FileStat> {
  const file = await fs.create(path, mode);
  let stat: FileStat;
  try {
    try {
      await file.write(0, bytes);
      await file.utimes(mtimeNs);
      if (sync) await file.sync();
      stat = await file.stat();
    } finally {
      await file.close();
    }
  } catch (error) {
    await fs.unlink(path);
    throw error;
  }
  return stat;
}
