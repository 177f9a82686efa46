// Local identity: which entry of a scan is which known one, so that a rename is a move and an editor's save is a new version.
//
// A known entry keeps its id while (dev, ino, kind) stays, wherever it is found. The kernel reuses inode numbers, so a new
// file may be taken for a deleted one that moved. That is safe: a move carries no content, and a hash is kept only while
// size, mtime and ctime all stay, and ctime never does when a number is reused. So the content is read again and goes
// out as a new version of the node: its history joins two files, but no site ever sees content that was not saved there.
import { rootId, type Nanoseconds, type NodeId, type NodeKind } from './node.ts';
import type { Local, Synced } from './trees.ts';

export interface Found {
  readonly name: string;
  readonly kind: NodeKind;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: number;
  readonly mtime: Nanoseconds;
  readonly ctime: Nanoseconds;
  readonly mode: number;
  /** False while a writer is at it; for what did not change, the known answer stays. */
  readonly settled: boolean;
}

/** A local entry with what identifies it. */
export interface Known extends Local {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly ctime: Nanoseconds;
}

/** A directory that was listed completely. One that failed, or changed meanwhile, is not in the scan: it proves nothing (I6). */
export interface Listing {
  /** Names joined by '/', '' for the root. */
  readonly path: string;
  readonly entries: readonly Found[];
}

/** What is known before the scan. */
export interface Site {
  /** All with this number: hard links are entries of their own. */
  byInode(dev: bigint, ino: bigint): Iterable<Known>;
  children(parent: NodeId): Iterable<Known>;
  entry(id: NodeId): Known | undefined;
  /** The known directory at a path, for the topmost listings of a partial scan. */
  directoryAt(path: string): NodeId | undefined;
  isSynced(id: NodeId): boolean;
  /** The synced nodes whose agreed place this is. */
  syncedAt(parent: NodeId, name: string): Iterable<Synced>;
  inFlight(id: NodeId): boolean;
}

export interface Identified {
  /** New, moved or changed entries, parents before children. */
  readonly put: readonly Known[];
  /** Entries that are nowhere in the scan and whose directory was listed; each with all below it. */
  readonly gone: readonly NodeId[];
  /** Listings to make again: a directory seen twice moved during the scan; the parent of one was never listed. */
  readonly again: readonly string[];
}

/** `nextId` gives a fresh node id. Apply `gone` and `put` together: a name may pass from one to the other. */
export function identify(site: Site, scan: readonly Listing[], nextId: () => NodeId): Identified {
  return new Identification(site, scan, nextId).run();
}

class Identification {
  readonly #site: Site;
  readonly #nextId: () => NodeId;
  readonly #listings: ReadonlyMap<string, Listing>;
  readonly #foundInodes = new Set<string>();
  /** Ids that an entry of this scan has. */
  readonly #claimed = new Set<NodeId>();
  readonly #put: Known[] = [];
  readonly #again: string[] = [];
  readonly #replaced: NodeId[] = [];
  readonly #listedIds = new Set<NodeId>();
  readonly #listed: { readonly id: NodeId; readonly listing: Listing; readonly known: ReadonlyMap<string, Known> }[] =
    [];

  constructor(site: Site, scan: readonly Listing[], nextId: () => NodeId) {
    this.#site = site;
    this.#nextId = nextId;
    this.#listings = new Map(scan.map((listing) => [listing.path, listing]));
    for (const { entries } of scan) for (const found of entries) this.#foundInodes.add(inode(found));
  }

  run(): Identified {
    for (const { path } of this.#listings.values()) {
      if (this.#listings.has(parentOf(path)) && path !== '') continue; // comes with its parent
      const id = path === '' ? rootId : this.#site.directoryAt(path);
      if (id === undefined) this.#again.push(path);
      else this.#directories(id, path);
    }
    // Files come after all directories, so that a hard link's old place is known by its parent's id.
    this.#keepPlaces();
    for (const { id, listing, known } of this.#listed) {
      for (const found of listing.entries) if (found.kind === 'file') this.#file(id, found, known.get(found.name));
    }
    return { put: this.#put, gone: this.#gone(), again: this.#again };
  }

  #directories(top: NodeId, topPath: string): void {
    const open: { id: NodeId; path: string }[] = [{ id: top, path: topPath }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { id, path } = next;
      const listing = this.#listings.get(path);
      if (listing === undefined) continue;
      this.#listedIds.add(id);
      this.#listed.push({ id, listing, known: new Map(mapByName(this.#site.children(id))) });
      for (const found of listing.entries) {
        if (found.kind !== 'directory') continue;
        const below = path === '' ? found.name : `${path}/${found.name}`;
        const known = first(this.#known(found), (entry) => !this.#claimed.has(entry.id));
        if (known === undefined && first(this.#known(found)) !== undefined) {
          this.#again.push(below);
          continue;
        }
        open.push({ id: this.#take(id, found, known), path: below });
      }
    }
  }

  /** Of several names of one inode, the one where it was known keeps the id. */
  #keepPlaces(): void {
    for (const { listing, known } of this.#listed) {
      for (const found of listing.entries) {
        const here = known.get(found.name);
        if (found.kind === 'file' && here !== undefined && isSame(here, found)) this.#claimed.add(here.id);
      }
    }
  }

  #file(parent: NodeId, found: Found, here: Known | undefined): void {
    if (here !== undefined && isSame(here, found)) this.#record(parent, found, here, here.id);
    else
      this.#take(
        parent,
        found,
        first(this.#known(found), (entry) => !this.#claimed.has(entry.id)),
      );
  }

  *#known(found: Found): Iterable<Known> {
    for (const entry of this.#site.byInode(found.dev, found.ino)) if (entry.kind === found.kind) yield entry;
  }

  /** Finds the id of an entry that is not where it was known. */
  #take(parent: NodeId, found: Found, known: Known | undefined): NodeId {
    const id = this.#mayReclaim(found, known) ? this.#reclaim(parent, found) : undefined;
    if (id === undefined) return this.#record(parent, found, known, known?.id ?? this.#nextId());
    if (known !== undefined) this.#replaced.push(known.id);
    return this.#record(parent, found, undefined, id);
  }

  /** A known directory keeps its id: entries below it name it as their parent, and may not be in this scan. */
  #mayReclaim(found: Found, known: Known | undefined): boolean {
    if (known === undefined) return true;
    return found.kind === 'file' && !this.#site.isSynced(known.id) && !this.#site.inFlight(known.id);
  }

  /**
   * The synced node whose place this is, if it is gone from the site: editors write a temporary file and rename it over.
   * Not one that was gone before and is in flight: that is its delete, and a deleted id never comes back (I5).
   */
  #reclaim(parent: NodeId, found: Found): NodeId | undefined {
    for (const { id, kind } of this.#site.syncedAt(parent, found.name)) {
      if (kind !== found.kind || this.#claimed.has(id)) continue;
      const entry = this.#site.entry(id);
      // A directory that was gone before is on its way out with all below it.
      if (entry === undefined && kind === 'directory') continue;
      if (entry === undefined ? this.#site.inFlight(id) : this.#isFound(entry) || !this.#listedIds.has(entry.parent))
        continue;
      return id;
    }
    return undefined;
  }

  #isFound(entry: Known): boolean {
    return this.#foundInodes.has(inode(entry));
  }

  #record(parent: NodeId, found: Found, known: Known | undefined, id: NodeId): NodeId {
    this.#claimed.add(id);
    const { name, kind, dev, ino, size, mtime, ctime, mode } = found;
    const sameContent = known !== undefined && known.size === size && known.mtime === mtime && known.ctime === ctime;
    if (known !== undefined && sameContent && known.parent === parent && known.name === name && known.mode === mode)
      return id;
    const hash = sameContent ? known.hash : null;
    const settled = sameContent ? known.settled : found.settled;
    this.#put.push({ id, parent, name, kind, dev, ino, size, mtime, ctime, mode, hash, settled });
    return id;
  }

  #gone(): NodeId[] {
    const gone: NodeId[] = [];
    const open: NodeId[] = [...this.#replaced];
    for (const { known } of this.#listed) for (const { id } of known.values()) open.push(id);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (this.#claimed.has(id)) continue;
      this.#claimed.add(id);
      gone.push(id);
      for (const child of this.#site.children(id)) open.push(child.id);
    }
    return gone;
  }
}

function isSame(known: Known, found: Found): boolean {
  return known.dev === found.dev && known.ino === found.ino && known.kind === found.kind;
}

function inode(of: { readonly dev: bigint; readonly ino: bigint; readonly kind: NodeKind }): string {
  return `${of.kind}:${of.dev}:${of.ino}`;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}

function* mapByName(entries: Iterable<Known>): Iterable<[string, Known]> {
  for (const entry of entries) yield [entry.name, entry];
}

function first<T>(items: Iterable<T>, accept: (item: T) => boolean = () => true): T | undefined {
  for (const item of items) if (accept(item)) return item;
  return undefined;
}
