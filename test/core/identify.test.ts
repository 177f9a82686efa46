import { describe, expect, test } from '@jest/globals';
import { identify, type Found, type Known, type Listing, type Site } from '../../lib/core/identify.ts';
import type { NodeId } from '../../lib/core/node.ts';
import { syncedOf } from '../support/tiny-trees.ts';

/** `name#inode`, then `/` for a directory, `=size`, `~mtime`, `^ctime`. */
function found(spec: string): Found {
  const match = /^(\w+)#(\d+)(\/)?(?:=(\d+))?(?:~(\d+))?(?:\^(\d+))?$/.exec(spec);
  if (match === null) throw new Error(`not an entry: ${spec}`);
  const [, name = '', ino = '0', slash, size = '1', mtime = '1', ctime = '1'] = match;
  const kind = slash === undefined ? 'file' : 'directory';
  return { name, kind, dev: 1n, ino: BigInt(ino), size: Number(size), mtime, ctime, mode: 0o644, settled: true };
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

function siteOf({ known = {}, synced = [], flight = [] }: Before): Site {
  const entries = new Map<NodeId, Known>();
  const places = new Map<NodeId, string>();
  for (const [id, spec] of Object.entries(known)) {
    const [parent = '', rest = ''] = spec.split('>');
    const { name, kind, ...stat } = found(rest);
    entries.set(id, { id, parent, name, kind, ...stat, hash: kind === 'file' ? 'h' : null });
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
    byInode: (dev, ino) => [...entries.values()].filter((entry) => entry.dev === dev && entry.ino === ino),
    children: (parent) => [...entries.values()].filter((entry) => entry.parent === parent),
    entry: (id) => entries.get(id),
    directoryAt: (path) => [...entries.values()].find((entry) => pathOf(entry) === path)?.id,
    isSynced: (id) => agreed.some((node) => node.id === id),
    syncedAt: (parent, name) => agreed.filter((node) => node.parent === parent && node.name === name),
    inFlight: (id) => flight.includes(id),
  };
}

function check(cases: readonly Case[]): void {
  test.each(cases.map((one) => [one.it, one] as const))('%s', (_, one) => {
    const scan = Object.entries(one.scan).map(([path, entries]): Listing => ({ path, entries: entries.map(found) }));
    let count = 0;
    const result = identify(siteOf(one), scan, () => `n${++count}`);
    const put = result.put.map(({ id, parent, name, hash }) => `${id} ${parent}>${name} ${hash ?? '?'}`);
    expect({ put: put.toSorted(), gone: result.gone.toSorted(), again: result.again }).toEqual({
      put: one.put ?? [],
      gone: one.gone ?? [],
      again: one.again ?? [],
    });
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
      it: 'a rename moves ctime: the content is read again',
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
      it: 'the number of a file reused elsewhere: a move whose content is read again',
      known: { a: 'root>a#1' },
      synced: ['a'],
      scan: { '': ['b#1=7~9^9'] },
      put: ['a root>b ?'],
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
      it: 'a listing whose directory nobody knows proves nothing',
      known: tree,
      scan: { 'x/y': ['q#7'] },
      again: ['x/y'],
    },
    {
      it: 'a directory seen twice moved meanwhile: once more',
      known: tree,
      scan: { '': ['c#10/', 'd#10/', 'g#2'] },
      put: ['d root>c ?'],
      again: ['d'],
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
