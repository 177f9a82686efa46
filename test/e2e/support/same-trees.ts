// Whether sites hold the same: all that Tideway promises to carry, of every node, as one line that can be compared.
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs';
import path from 'node:path';

/** What a site keeps for itself; here and nowhere else is it left out of the comparison. */
const left = {
  /** Symbolic links and special files stay where they are, and are told as problems. */
  kinds: (stat: BigIntStats): boolean => !stat.isFile() && !stat.isDirectory(),
  problems: new Set(['not_synced_kind']),
};

/** By path, `.tideway` left out: kind, mode, target of a link; of a file its mtime (to the share's 100 ns) and content. */
export function wholeTree(root: string): Map<string, string> {
  const out = new Map<string, string>();
  const enter = (dir: string): void => {
    for (const base of readdirSync(path.join(root, dir))) {
      const name = dir === '' ? base : `${dir}/${base}`;
      if (name === '.tideway') continue;
      const file = path.join(root, name);
      const stat = lstatSync(file, { bigint: true });
      if (left.kinds(stat)) continue;
      out.set(name, `${lineOf(file, stat)}`);
      if (stat.isDirectory()) enter(name);
    }
  };
  enter('');
  return out;
}

function lineOf(file: string, stat: BigIntStats): string {
  const mode = (Number(stat.mode) & 0o7777).toString(8);
  if (stat.isDirectory()) return `directory ${mode}`;
  if (stat.isSymbolicLink()) return `link ${readlinkSync(file)}`;
  return `file ${mode} ${stat.mtimeNs / 100n} ${hashOf(file)}`;
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

/** Without those that tell of what stays at a site by design. */
export function unexpected<T extends { readonly code: string }>(problems: readonly T[]): readonly T[] {
  return problems.filter(({ code }) => !left.problems.has(code));
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
