// Whether sites hold the same: all that Tideway promises to carry, of every node, as one line that can be compared.
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import { openSiteFs } from '../../../lib/agent/fs/open-site.ts';
import type { SiteFs } from '../../../lib/agent/fs/port.ts';

/**
 * By path, `.tideway` left out: kind, owner, group, mode, user's extended attributes; what a link points at; of a file its
 * mtime (to the share's 100 ns) and content. Times of directories are not synced.
 */
export async function wholeTree(root: string): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  const fs = await openSiteFs(root);
  const enter = async (dir: string): Promise<void> => {
    const names = readdirSync(path.join(root, dir)).filter((name) => dir !== '' || name !== '.tideway');
    const xattrs = await xattrsOf(fs, dir, names);
    for (const [index, base] of names.entries()) {
      const name = dir === '' ? base : `${dir}/${base}`;
      const file = path.join(root, name);
      const stat = lstatSync(file, { bigint: true });
      out.set(name, `${lineOf(file, stat)}${xattrs[index]}`);
      if (stat.isDirectory()) await enter(name);
    }
  };
  try {
    await enter('');
  } finally {
    await fs.close();
  }
  return out;
}

function lineOf(file: string, stat: BigIntStats): string {
  const owners = `${stat.uid}:${stat.gid}`;
  if (stat.isSymbolicLink()) return `link ${owners} ${readlinkSync(file)}`;
  const mode = (Number(stat.mode) & 0o7777).toString(8);
  if (stat.isDirectory()) return `directory ${owners} ${mode}`;
  return stat.isFile() ? `file ${owners} ${mode} ${stat.mtimeNs / 100n} ${hashOf(file)}` : 'special';
}

async function xattrsOf(fs: SiteFs, dir: string, names: readonly string[]): Promise<readonly string[]> {
  const details = await fs.details(dir, names);
  return details.map((each) => {
    const all = Object.entries(each?.xattrs ?? {}).toSorted(([x], [y]) => (x < y ? -1 : 1));
    return all.length === 0 ? '' : ` ${JSON.stringify(all)}`;
  });
}

/** Up to 20 lines that say where two trees are not the same; none when they are. */
export function differences(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): readonly string[] {
  const out: string[] = [];
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const [here, there] = [left.get(name) ?? 'nothing', right.get(name) ?? 'nothing'];
    if (here !== there && out.push(`${name}: ${here} | ${there}`) === 20) break;
  }
  return out;
}

function hashOf(file: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  const fd = openSync(file, 'r');
  try {
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) hash.update(buffer.subarray(0, got));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}
