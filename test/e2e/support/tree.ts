// A site's tree as others see it, and what tells whether anything in it was written again.
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** One line a node: kind, mode, and of a file mtime (ns, to the share's 100 ns) and content hash; by path. */
export function treeOf(root: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const { name, stat } of walk(root)) {
    const mode = (Number(stat.mode) & 0o7777).toString(8);
    if (stat.isDirectory()) out[name] = `directory ${mode}`;
    else if (stat.isFile()) out[name] = `file ${mode} ${stat.mtimeNs / 100n} ${hashOf(path.join(root, name))}`;
    else out[name] = 'other';
  }
  return out;
}

/** ctime and mtime of every node: equal before and after means that nothing was written in between. */
export function timesOf(root: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const { name, stat } of walk(root)) out[name] = `${stat.ctimeNs} ${stat.mtimeNs}`;
  return out;
}

/** Contents by name of the plain files directly in a directory. */
export function contentsOf(dir: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const entry of readdirSync(dir, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isFile()) out[entry.name] = readFileSync(path.join(dir, entry.name), 'utf8');
  return out;
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

type Stat = NonNullable<ReturnType<typeof statOf>>;

function statOf(file: string) {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false });
}

function walk(root: string): { name: string; stat: Stat }[] {
  const out: { name: string; stat: Stat }[] = [];
  const enter = (dir: string): void => {
    for (const base of readdirSync(path.join(root, dir)).toSorted()) {
      const name = dir === '' ? base : `${dir}/${base}`;
      if (name === '.tideway') continue;
      const stat = statOf(path.join(root, name));
      if (stat === undefined) continue;
      out.push({ name, stat });
      if (stat.isDirectory()) enter(name);
    }
  };
  enter('');
  return out;
}
