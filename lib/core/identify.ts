// Local identity: which entry of a scan is which known one, so that a rename is a move and an editor's save is a new
// version. An entry keeps its id while its inode and kind stay the same, wherever it moves; and where a synced node is gone
// and something that nobody knows yet stands at its synced place (an editor's temporary file, renamed; a directory made
// anew), that is the same node with new content.
//
// The kernel gives inode numbers again. Where the birth is known too, another file is another one; where it is not, a new
// file may be taken for a deleted one that moved. So a hash outlives a move only where both births are known and equal.
// Else the content is read again and goes out as a new version of the node: its history joins two files, but no site ever
// sees content that was not saved there.
import { given, recorded } from './attributes.ts';
import type { Attributes, Nanoseconds, NodeId, NodeKind } from './node.ts';
import type { Local, Synced } from './trees.ts';

/** What an entry of the site is known by wherever it moves. */
export interface Identity {
  /** `dev:ino` */
  readonly inode: string;
  /** Time of birth, '0' where that is not known. */
  readonly born: Nanoseconds;
}

/** False: another file. Without a birth on either side it may be another one all the same, which got the number again. */
export function isIdentity(known: Identity, { inode, born }: Identity): boolean {
  return known.inode === inode && (known.born === born || known.born === '0' || born === '0');
}

/** True only where the very same file is meant: nothing that was made later has both its number and its birth. */
function isProven(known: Identity, { inode, born }: Identity): boolean {
  return known.inode === inode && known.born === born && born !== '0';
}

/** A local entry with what identifies it, and what tells whether it was touched. `mtime` is what the other sites know. */
export interface Known extends Local, Identity {
  readonly statMtime: Nanoseconds;
  readonly ctime: Nanoseconds;
  /** What the site showed when these attributes were recorded: what could not be set here is still what the others have. */
  readonly seen?: Attributes | undefined;
}

/** A directory: of the local tree, or one that was found in this very scan and has no id yet. */
export type Place = NodeId | Found;

/** Something on the site that is not as the local tree says. */
export interface Found extends Identity, Attributes {
  readonly dir: Place;
  readonly name: string;
  /** Where to look again; nothing is concluded from it. */
  readonly path: string;
  readonly kind: NodeKind;
  /** Of a link. */
  readonly target?: string | undefined;
  /** 0 for a directory. */
  readonly size: number;
  /** Permission bits that are synced (0777). */
  readonly mode: number;
  readonly mtime: Nanoseconds;
  readonly ctime: Nanoseconds;
  /** Its writer closed it, or nobody touched it for so long that it counts as closed. */
  readonly settled: boolean;
  /** Changed in the future, so that nobody can say how long it was left alone: settled when a second look finds the same. */
  readonly ahead: boolean;
  /** The watch has told, or will tell, of all writes to it. Else it may have been written to unheard. */
  readonly heard: boolean;
  /** Bytes were written since it was looked at last, whatever the times say: timestamps may be as coarse as 4 ms. */
  readonly written: boolean;
}

/** What one look at the site, at all of it or at some names, found different. What could not be read whole adds nothing (I6). */
export interface Scan {
  /** Parents before what is found in them. */
  readonly found: readonly Found[];
  /** Nodes that are not where the local tree has them. Of whatever is in `found`, the old place was looked at as well. */
  readonly missing: ReadonlySet<NodeId>;
  /** Nodes that are where the local tree has them. */
  readonly seen: Pick<ReadonlySet<NodeId>, 'has'>;
}

/** What is known before the scan. */
export interface Site {
  /** All with this number: hard links are entries of their own. */
  withInode(inode: string): Iterable<Known>;
  local(id: NodeId): Known | undefined;
  localChildren(parent: NodeId): Iterable<Known>;
  localAt(parent: NodeId, name: string): Known | undefined;
  synced(id: NodeId): Synced | undefined;
  /** The synced nodes whose agreed place this is. */
  syncedAt(parent: NodeId, name: string): Iterable<Synced>;
  /** An operation about the node was sent and has no outcome yet. */
  isSent(id: NodeId): boolean;
}

export interface Identified {
  /** Entries as they are now, parents before children. */
  readonly put: readonly Known[];
  /** Entries that are nowhere any more, each with all below it that is not in `put`. Forget these first. */
  readonly gone: readonly NodeId[];
  /** Files of `put` that a writer is still at: look again when they are quiet. */
  readonly unsettled: readonly Found[];
  /** Nodes whose hash was kept only because the watch would have told of a write. */
  readonly excused: readonly NodeId[];
  /** What moved while it was looked at, and was met twice: left out, to be looked at again. */
  readonly again: readonly Found[];
}

/** `nextId` gives a fresh node id. */
export function identify(site: Site, scan: Scan, nextId: () => NodeId): Identified {
  return new Identification(site, scan, nextId).run();
}

class Identification {
  readonly #site: Site;
  readonly #scan: Scan;
  readonly #nextId: () => NodeId;
  readonly #missing: Set<NodeId>;
  readonly #ids = new Map<Found, NodeId>();
  readonly #taken = new Set<NodeId>();
  readonly #again = new Set<Found>();
  readonly #places = new Set<string>();
  readonly #excused: NodeId[] = [];

  constructor(site: Site, scan: Scan, nextId: () => NodeId) {
    this.#site = site;
    this.#scan = scan;
    this.#nextId = nextId;
    this.#missing = new Set(scan.missing);
  }

  run(): Identified {
    for (const found of this.#scan.found) this.#keep(found);
    // After all moves are known, so that a file that only moved away is not taken for gone.
    for (const found of this.#scan.found) this.#reclaim(found);
    const put: Known[] = [];
    const unsettled: Found[] = [];
    for (const found of this.#scan.found) {
      const parent = this.#parentToBe(found);
      if (parent === undefined) continue;
      const entry = this.#entry(found, parent);
      put.push(entry);
      if (!entry.settled) unsettled.push(found);
    }
    return { put, gone: this.#gone(), unsettled, excused: this.#excused, again: [...this.#again] };
  }

  /** The id that is known for the inode. */
  #keep(found: Found): void {
    const known = [...this.#site.withInode(found.inode)].filter(
      (entry) => entry.kind === found.kind && isIdentity(entry, found),
    );
    // Another scan may have entered a directory that this one still met as new: its names are the same ones all the same.
    const dir = this.#idOf(found.dir);
    const here = known.find((entry) => entry.parent === dir && entry.name === found.name);
    // An inode may have several names (hard links): only one whose old name is gone has moved here.
    const moved = known.find((entry) => this.#missing.has(entry.id) && !this.#taken.has(entry.id));
    const match = here ?? moved;
    if (match !== undefined && !(here !== undefined && this.#taken.has(here.id))) this.#give(found, match.id);
    else if (here !== undefined || (found.kind === 'directory' && known.some((entry) => this.#isElsewhere(entry))))
      this.#again.add(found);
  }

  /** A directory has one name only: seen at two, it moved meanwhile. */
  #isElsewhere({ id }: Known): boolean {
    return this.#taken.has(id) || this.#scan.seen.has(id);
  }

  /**
   * The synced node whose place this is, or the file that was sent from here a moment ago, if it is gone from the site. A node that is sent, or synced itself, stays itself.
   */
  #reclaim(found: Found): void {
    const current = this.#ids.get(found);
    if (current !== undefined && (this.#site.synced(current) !== undefined || this.#site.isSent(current))) return;
    const dir = this.#idOf(found.dir);
    if (dir === undefined || this.#again.has(found)) return;
    for (const { id, kind } of this.#site.syncedAt(dir, found.name)) {
      if (kind !== found.kind || this.#taken.has(id) || !this.#isGone(id, kind)) continue;
      // A directory that is known keeps its id: entries in it name it as their parent.
      if (kind === 'directory' && current !== undefined) continue;
      if (current !== undefined) this.#missing.add(current);
      if (current !== undefined) this.#taken.delete(current);
      this.#give(found, id);
      // What it held is elsewhere, or at its place in the new one, or gone with the old one.
      if (kind === 'directory') for (const child of this.#site.localChildren(id)) this.#missing.add(child.id);
      return;
    }
    // RACE: saved anew before the outcome of its create is known. As another file it would take the name from itself, and
    // the others would get a conflict copy of what nobody disagreed about.
    const here = this.#site.localAt(dir, found.name);
    if (here === undefined || here.kind !== 'file' || found.kind !== 'file') return;
    if (!this.#site.isSent(here.id) || !this.#missing.has(here.id) || this.#taken.has(here.id)) return;
    if (current !== undefined) this.#missing.add(current);
    if (current !== undefined) this.#taken.delete(current);
    this.#give(found, here.id);
  }

  /**
   * What was gone before this scan and is sent, is being deleted: a deleted id never comes back (I5). A directory that was
   * gone before is on its way out with all below it.
   */
  #isGone(id: NodeId, kind: NodeKind): boolean {
    if (this.#site.local(id) !== undefined) return this.#missing.has(id);
    return kind === 'file' && !this.#site.isSent(id);
  }

  #entry(found: Found, parent: NodeId): Known {
    const id = this.#ids.get(found) ?? this.#nextId();
    this.#give(found, id);
    const { name, kind, target, size, mode, mtime: statMtime, ctime, inode, born } = found;
    const before = this.#site.local(id);
    const seen = given(found);
    const file = kind === 'file';
    const moved = before?.parent !== parent || before.name !== name;
    const same = before !== undefined && isUntouched(before, found, moved);
    if (same && file && before.ctime !== found.ctime) this.#excused.push(id);
    return {
      id,
      parent,
      name,
      kind,
      ...(target === undefined ? {} : { target }),
      size,
      mtime: kind === 'directory' ? '0' : same ? before.mtime : statMtime,
      mode,
      hash: same && file ? before.hash : null,
      settled: !file || found.settled || (same && (before.settled || found.ahead)),
      inode,
      born,
      statMtime,
      ctime,
      ...recorded(seen, before),
      ...(Object.keys(seen).length === 0 ? {} : { seen }),
    };
  }

  #gone(): NodeId[] {
    const gone = new Set<NodeId>();
    const open = [...this.#missing];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const entry = this.#site.local(id);
      if (entry === undefined || this.#taken.has(id) || gone.has(id)) continue;
      gone.add(id);
      if (entry.kind === 'directory') for (const child of this.#site.localChildren(id)) open.push(child.id);
    }
    return [...gone];
  }

  #give(found: Found, id: NodeId): void {
    this.#ids.set(found, id);
    this.#taken.add(id);
  }

  #idOf(place: Place): NodeId | undefined {
    return typeof place === 'string' ? place : this.#ids.get(place);
  }

  /** Undefined for what is left out: with its directory, or because its place was met twice, so it was looked at twice. */
  #parentToBe(found: Found): NodeId | undefined {
    const { dir, name } = found;
    const parent = typeof dir !== 'string' && this.#again.has(dir) ? undefined : this.#idOf(dir);
    const place = `${parent}/${name}`;
    if (parent === undefined || this.#places.has(place)) this.#again.add(found);
    if (this.#again.has(found)) return undefined;
    this.#places.add(place);
    return parent;
  }
}

/**
 * A rename or a new mode moves ctime, and behind that may hide a write whose mtime was set back: only for what is provably
 * the same file, and of whose writes the watch would have told, it hides nothing.
 */
function isUntouched(before: Known, found: Found, moved: boolean): boolean {
  if (!isIdentity(before, found) || found.written) return false;
  if (before.size !== found.size || before.statMtime !== found.mtime) return false;
  const proven = isProven(before, found);
  if (before.ctime === found.ctime) return !moved || proven;
  return proven && found.heard && (moved || before.mode !== found.mode);
}
