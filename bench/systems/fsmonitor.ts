// The file monitor that Unison's `-repeat watch` talks to, for packages that bring none. Unison names the roots and their
// directories and asks what has changed below a root since it last asked; requests and answers are lines of words, each
// word percent-encoded. https://github.com/bcpierce00/unison/blob/master/src/fswatch.ml tells the protocol.
import { statSync, watch, type FSWatcher } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

interface Root {
  readonly dir: string;
  readonly watches: Map<string, { readonly watcher: FSWatcher; readonly inode: number }>;
  readonly changed: Set<string>;
}

const roots = new Map<string, Root>();
const waitedFor = new Set<string>();
let current: { readonly id: string; readonly base: string } = { id: '', base: '' };

function say(...words: readonly string[]): void {
  process.stdout.write(`${words.map((word) => word.split('/').map(encodeURIComponent).join('/')).join(' ')}\n`);
}

function inodeOf(dir: string): number | undefined {
  return statSync(dir, { throwIfNoEntry: false })?.ino;
}

/** A directory of that name may be another one by now: it is then watched anew. */
function watchDirectory(id: string, relative: string): void {
  const root = roots.get(id);
  if (root === undefined) return;
  const dir = path.join(root.dir, relative);
  const inode = inodeOf(dir);
  const known = root.watches.get(relative);
  if (inode === undefined || known?.inode === inode) return;
  known?.watcher.close();
  const watcher = watch(dir, (_event, name) => {
    root.changed.add(name === null ? relative : path.join(relative, name));
    if (!waitedFor.has(id)) return;
    waitedFor.clear();
    say('CHANGES', id);
  });
  // Gone meanwhile: what took its place is told by the directory above.
  watcher.on('error', () => root.watches.delete(relative));
  root.watches.set(relative, { watcher, inode });
}

/** Without those below others. */
function changesOf(root: Root): readonly string[] {
  const all = [...root.changed].toSorted();
  root.changed.clear();
  const out: string[] = [];
  for (const each of all) {
    const above = out.at(-1);
    const isCovered = above !== undefined && (above === '' || each === above || each.startsWith(`${above}/`));
    if (!isCovered) out.push(each);
  }
  return out;
}

function serve(command: string, [first = '', second = '', third = '']: readonly string[]): void {
  if (command !== 'WAIT') waitedFor.clear();
  const root = roots.get(first);
  switch (command) {
    case 'VERSION':
      return say('VERSION', '1');
    case 'START':
      if (root === undefined) roots.set(first, { dir: second, watches: new Map(), changed: new Set() });
      current = { id: first, base: third };
      watchDirectory(first, third);
      return say('OK');
    case 'DIR':
      watchDirectory(current.id, path.join(current.base, first));
      return say('OK');
    case 'LINK':
      return say('OK');
    case 'CHANGES':
      for (const each of root === undefined ? [] : changesOf(root)) say('RECURSIVE', each);
      return say('DONE');
    case 'WAIT':
      if (root === undefined || root.changed.size === 0) waitedFor.add(first);
      else say('CHANGES', first);
      return;
    case 'RESET':
      for (const { watcher } of root?.watches.values() ?? []) watcher.close();
      roots.delete(first);
      return;
    case 'DONE':
    case 'DEBUG':
      return;
    default:
      say('ERROR', `unknown request ${command}`);
  }
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [command = '', ...words] = line.split(' ').map(decodeURIComponent);
  serve(command, words);
});
lines.once('close', () => process.exit(0));
