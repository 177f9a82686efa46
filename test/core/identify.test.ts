import { describe, expect, test } from '@jest/globals';
import { identify, type Known, type Site } from '../../lib/core/identify.ts';
import { rootId, type NodeId } from '../../lib/core/node.ts';
import { looked, type Seen } from '../support/looked.ts';
import { syncedOf } from '../support/tiny-trees.ts';

/** `name#inode`, then `/` for a directory, `@birth`, `=size`, `~mtime`, `^ctime`, `!` where the watch told of it. */
function seen(spec: string): Seen {
  const match = /^(\w+)#(\d+)(\/)?(?:@(\d+))?(?:=(\d+))?(?:~(\d+))?(?:\^(\d+))?(!)?$/.exec(spec);
  if (match === null) throw new Error(`not an entry: ${spec}`);
  const [, name = '', ino = '0', slash, born = '5', size = '1', mtime = '1', ctime = '1', heard] = match;
  const kind = slash === undefined ? 'file' : 'directory';
  const inode = `1:${ino}`;
  return { name, kind, inode, born, size: Number(size), mtime, ctime, mode: 0o644, heard: heard !== undefined };
}

/** Known entries as `parent>spec`; `synced` and `flight` name ids; a synced one's place is where it is known, or given. */
interface Before {
  readonly known?: Readonly<Record<NodeId, string>>;
  readonly synced?: readonly NodeId[] | Readonly<Record<NodeId, string>>;
  readonly flight?: readonly NodeId[];
}

interface Case extends Before {
  readonly it: string;
  readonly scan: Readonly<Record<string, readonly string[]>>;
  /** `id parent>name hash`, sorted. */
  readonly put?: readonly string[];
  readonly gone?: readonly NodeId[];
  readonly again?: readonly string[];
}

function siteOf({
  known = {},
  synced = [],
  flight = [],
}: Before): Site & { directoryAt(path: string): NodeId | undefined } {
  const entries = new Map<NodeId, Known>();
  const places = new Map<NodeId, string>();
  for (const [id, spec] of Object.entries(known)) {
    const [parent = '', rest = ''] = spec.split('>');
    const { name, kind, mtime, ...stat } = seen(rest);
    const hash = kind === 'file' ? 'h' : null;
    entries.set(id, { ...stat, id, parent, name, kind, hash, mtime, statMtime: mtime, settled: true });
    places.set(id, `${parent}/${name}${kind === 'file' ? '' : '/'}`);
  }
  const agreed = Array.isArray(synced)
    ? synced.map((id: NodeId) => syncedOf(id, places.get(id) ?? ''))
    : Object.entries(synced).map(([id, spec]: [string, string]) => syncedOf(id, spec));
  const pathOf = (entry: Known): string => {
    const parent = entries.get(entry.parent);
    return parent === undefined ? entry.name : `${pathOf(parent)}/${entry.name}`;
  };
  return {
    withInode: (inode) => [...entries.values()].filter((entry) => entry.inode === inode),
    localChildren: (parent) => [...entries.values()].filter((entry) => entry.parent === parent),
    local: (id) => entries.get(id),
    localAt: (parent, name) => [...entries.values()].find((entry) => entry.parent === parent && entry.name === name),
    synced: (id) => agreed.find((node) => node.id === id),
    syncedAt: (parent, name) => agreed.filter((node) => node.parent === parent && node.name === name),
    isSent: (id) => flight.includes(id),
    directoryAt: (path) => (path === '' ? rootId : [...entries.values()].find((entry) => pathOf(entry) === path)?.id),
  };
}

function check(cases: readonly Case[]): void {
  test.each(cases.map((one) => [one.it, one] as const))('%s', (_, one) => {
    const listings = new Map(Object.entries(one.scan).map(([path, specs]) => [path, specs.map(seen)] as const));
    const site = siteOf(one);
    let count = 0;
    const result = identify(site, looked(site, listings), () => `n${++count}`);
    const put = result.put.map(({ id, parent, name, hash }) => `${id} ${parent}>${name} ${hash ?? '?'}`);
    expect({
      put: put.toSorted(),
      gone: result.gone.toSorted(),
      again: result.again.map(({ path }) => path),
    }).toEqual({ put: one.put ?? [], gone: one.gone ?? [], again: one.again ?? [] });
  });
}

describe('P20 an entry is its inode', () => {
  const tree = { d: 'root>d#10/', f: 'root>f#1', g: 'd>g#2' };
  check([
    { it: 'nothing changed', known: tree, scan: { '': ['d#10/', 'f#1'], d: ['g#2'] } },
    {
      it: 'new ones, children by the id of their parent',
      scan: { '': ['d#10/'], d: ['g#2'] },
      put: ['n1 root>d ?', 'n2 n1>g ?'],
    },
    { it: 'a rename', known: tree, scan: { '': ['d#10/', 'h#1'], d: ['g#2'] }, put: ['f root>h h'] },
    {
      it: 'a rename moves ctime, and the watch told of nothing else',
      known: tree,
      scan: { '': ['d#10/', 'h#1^2!'] },
      put: ['f root>h h'],
    },
    {
      it: 'but one that nobody heard may hide a write: the content is read again',
      known: tree,
      scan: { '': ['d#10/', 'h#1^2'] },
      put: ['f root>h ?'],
    },
    {
      it: 'a move between two scanned directories is one move',
      known: tree,
      scan: { '': ['d#10/'], d: ['g#2', 'f#1'] },
      put: ['f d>f h'],
    },
    {
      it: 'into a scanned one from one that was not scanned',
      known: tree,
      scan: { '': ['d#10/', 'f#1', 'g#2'] },
      put: ['g root>g h'],
    },
    { it: 'a directory takes along what is in it', known: tree, scan: { '': ['e#10/', 'f#1'] }, put: ['d root>e ?'] },
    {
      it: 'a new size, time or ctime: the hash is not known any more',
      known: tree,
      scan: { '': ['d#10/', 'f#1=2'] },
      put: ['f root>f ?'],
    },
    {
      it: 'content written and its time set back: ctime tells',
      known: tree,
      scan: { '': ['d#10/', 'f#1^9'] },
      put: ['f root>f ?'],
    },
    {
      it: 'a swap of two names',
      known: { a: 'root>a#1', b: 'root>b#2' },
      synced: ['a', 'b'],
      scan: { '': ['a#2', 'b#1'] },
      put: ['a root>b h', 'b root>a h'],
    },
    {
      it: 'a known one moved over another stays itself',
      known: { a: 'root>a#1', b: 'root>b#2' },
      synced: ['a', 'b'],
      scan: { '': ['a#2'] },
      put: ['b root>a h'],
      gone: ['a'],
    },
    {
      it: 'a hard link is an entry of its own',
      known: { a: 'root>z#1' },
      synced: ['a'],
      scan: { '': ['b#1', 'z#1'] },
      put: ['n1 root>b ?'],
    },
    {
      it: 'of a hard link whose first name is gone, the other stays',
      known: { a: 'root>a#1', b: 'root>b#1' },
      scan: { '': ['b#1'] },
      gone: ['a'],
    },
    {
      it: 'the number of a directory reused by a file is another entry',
      known: { a: 'root>a#1/' },
      scan: { '': ['a#1'] },
      put: ['n1 root>a ?'],
      gone: ['a'],
    },
    {
      it: 'the number of a file reused elsewhere: the birth tells',
      known: { a: 'root>a#1' },
      synced: ['a'],
      scan: { '': ['b#1@6!'] },
      put: ['n1 root>b ?'],
      gone: ['a'],
    },
    {
      it: 'where no birth is known: a move whose content is read again, whatever the times say',
      known: { a: 'root>a#1@0', b: 'root>b#2', c: 'root>c#3@0' },
      scan: { '': ['a2#1@0!', 'b2#2@0^2!', 'c2#3^2!'] },
      put: ['a root>a2 ?', 'b root>b2 ?', 'c root>c2 ?'],
    },
    {
      it: 'at its place, with its times, it is the same without a birth, too',
      known: { a: 'root>a#1@0', c: 'root>c#3@0' },
      scan: { '': ['a#1@0', 'c#3'] },
      put: ['c root>c h'],
    },
  ]);
});

describe('P21 gone needs proof', () => {
  const tree = { d: 'root>d#10/', e: 'd>e#11/', f: 'e>f#1', g: 'root>g#2' };
  check([
    { it: 'its directory was listed and it is nowhere', known: tree, scan: { '': ['d#10/'] }, gone: ['g'] },
    { it: 'its directory was not listed', known: tree, scan: { d: ['e#11/'] } },
    { it: 'a directory goes with all below it', known: tree, scan: { '': ['g#2'] }, gone: ['d', 'e', 'f'] },
    {
      it: 'except what moved out of it',
      known: tree,
      scan: { '': ['f#1', 'g#2'] },
      put: ['f root>f h'],
      gone: ['d', 'e'],
    },
    {
      it: 'a directory seen twice moved meanwhile: once more',
      known: tree,
      scan: { '': ['c#10/', 'd#10/', 'g#2'] },
      again: ['c'],
    },
    {
      it: 'also when both places are new',
      known: tree,
      scan: { '': ['b#10/', 'c#10/', 'g#2'] },
      put: ['d root>b ?'],
      again: ['c'],
    },
    {
      it: 'what is new in a directory that was looked at twice is one',
      known: tree,
      scan: { '': ['b#10/', 'c#10/', 'g#2'], b: ['x#7'], c: ['x#7'] },
      put: ['d root>b ?', 'n1 d>x ?'],
      gone: ['e', 'f'],
      again: ['c', 'c/x'],
    },
  ]);
});

describe('P22 what takes the place of a gone one is it', () => {
  check([
    {
      it: 'an editor renames a new file over a synced one',
      known: { a: 'root>a#1' },
      synced: ['a'],
      scan: { '': ['a#2'] },
      put: ['a root>a ?'],
    },
    {
      it: 'the temporary file was seen before',
      known: { a: 'root>a#1', t: 'root>t#2' },
      synced: ['a'],
      scan: { '': ['a#2'] },
      put: ['a root>a ?'],
      gone: ['t'],
    },
    {
      it: 'and was in a directory that is not scanned',
      known: { a: 'root>a#1', d: 'root>d#9/', t: 'd>t#2' },
      synced: ['a'],
      scan: { '': ['a#2', 'd#9/'] },
      put: ['a root>a ?'],
      gone: ['t'],
    },
    {
      it: 'but not when it is in flight itself',
      known: { a: 'root>a#1', t: 'root>t#2' },
      synced: ['a'],
      flight: ['t'],
      scan: { '': ['a#2'] },
      put: ['t root>a h'],
      gone: ['a'],
    },
    {
      it: 'nor when the old one is still somewhere',
      known: { a: 'root>a#1' },
      synced: ['a'],
      scan: { '': ['a#2', 'backup#1'] },
      put: ['a root>backup h', 'n1 root>a ?'],
    },
    {
      it: 'nor when the old one was never synced',
      known: { a: 'root>a#1' },
      scan: { '': ['a#2'] },
      put: ['n1 root>a ?'],
      gone: ['a'],
    },
    { it: 'gone in an earlier scan', synced: { a: 'root/a' }, scan: { '': ['a#2'] }, put: ['a root>a ?'] },
    {
      it: 'but not when its delete is in flight',
      synced: { a: 'root/a' },
      flight: ['a'],
      scan: { '': ['a#2'] },
      put: ['n1 root>a ?'],
    },
    {
      it: 'saved again while the first save is in flight',
      known: { a: 'root>a#1' },
      synced: ['a'],
      flight: ['a'],
      scan: { '': ['a#2'] },
      put: ['a root>a ?'],
    },
    {
      it: 'before anybody else knows the first one',
      known: { a: 'root>a#1' },
      flight: ['a'],
      scan: { '': ['a#2'] },
      put: ['a root>a ?'],
    },
    {
      it: 'by a temporary file that was seen before',
      known: { a: 'root>a#1', t: 'root>t#2' },
      flight: ['a'],
      scan: { '': ['a#2'] },
      put: ['a root>a ?'],
      gone: ['t'],
    },
    {
      it: 'but not if the first one is still somewhere',
      known: { a: 'root>a#1' },
      flight: ['a'],
      scan: { '': ['a#2', 'backup#1'] },
      put: ['a root>backup h', 'n1 root>a ?'],
    },
    {
      it: 'where it is moved to',
      known: { a: 'root>b#1' },
      synced: { a: 'root/a' },
      flight: ['a'],
      scan: { '': ['b#2'] },
      put: ['a root>b ?'],
    },
    {
      it: 'a directory made anew',
      known: { d: 'root>d#9/', f: 'd>f#1' },
      synced: ['d', 'f'],
      scan: { '': ['d#8/'], d: ['f#2'] },
      put: ['d root>d ?', 'f d>f ?'],
    },
    {
      it: 'of another kind: another one',
      known: { a: 'root>a#1' },
      synced: ['a'],
      scan: { '': ['a#2/'] },
      put: ['n1 root>a ?'],
      gone: ['a'],
    },
  ]);
});
