// The three trees in memory: for tests, the simulator and whoever needs no state on disk.
import { samePlace, type Place } from './compare.ts';
import type { NodeId } from './node.ts';
import type { Change } from './settle.ts';
import type { Local, Remote, Synced, Trees } from './trees.ts';

interface Item extends Place {
  readonly id: NodeId;
}

/** One tree, by id, by parent and by place. Two nodes may claim one place for a moment: the later one is found there. */
export class MemoryTree<T extends Item> {
  readonly #byId = new Map<NodeId, T>();
  readonly #byParent = new Map<NodeId, Map<NodeId, T>>();
  readonly #byPlace = new Map<string, NodeId>();
  /** Places that more than one node claimed at some time. */
  readonly #contested = new Set<string>();

  get(id: NodeId): T | undefined {
    return this.#byId.get(id);
  }

  at(parent: NodeId, name: string): T | undefined {
    const id = this.#byPlace.get(key(parent, name));
    return id === undefined ? undefined : this.#byId.get(id);
  }

  children(parent: NodeId): Iterable<T> {
    return this.#byParent.get(parent)?.values() ?? [];
  }

  all(): Iterable<T> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  set(item: T): void {
    const before = this.#byId.get(item.id);
    if (before !== undefined && !samePlace(before, item)) this.delete(item.id);
    this.#byId.set(item.id, item);
    const place = key(item.parent, item.name);
    if ((this.#byPlace.get(place) ?? item.id) !== item.id) this.#contested.add(place);
    this.#byPlace.set(place, item.id);
    let siblings = this.#byParent.get(item.parent);
    if (siblings === undefined) this.#byParent.set(item.parent, (siblings = new Map()));
    siblings.set(item.id, item);
  }

  delete(id: NodeId): void {
    const item = this.#byId.get(id);
    if (item === undefined) return;
    this.#byId.delete(id);
    this.#byParent.get(item.parent)?.delete(id);
    const place = key(item.parent, item.name);
    if (this.#byPlace.get(place) !== id) return;
    this.#byPlace.delete(place);
    if (!this.#contested.has(place)) return;
    for (const other of this.children(item.parent)) if (other.name === item.name) this.#byPlace.set(place, other.id);
  }
}

function key(parent: NodeId, name: string): string {
  return `${parent}/${name}`;
}

export class MemoryTrees implements Trees {
  readonly locals = new MemoryTree<Local>();
  readonly synceds = new MemoryTree<Synced>();
  readonly remotes = new MemoryTree<Remote>();
  readonly flights = new Set<NodeId>();
  /** By `parent/name`. */
  readonly claims = new Map<string, NodeId>();
  readonly holds = new Map<NodeId, string>();

  local(id: NodeId): Local | undefined {
    return this.locals.get(id);
  }
  synced(id: NodeId): Synced | undefined {
    return this.synceds.get(id);
  }
  remote(id: NodeId): Remote | undefined {
    return this.remotes.get(id);
  }
  localAt(parent: NodeId, name: string): Local | undefined {
    return this.locals.at(parent, name);
  }
  remoteAt(parent: NodeId, name: string): Remote | undefined {
    return this.remotes.at(parent, name);
  }
  localChildren(parent: NodeId): Iterable<Local> {
    return this.locals.children(parent);
  }
  remoteChildren(parent: NodeId): Iterable<Remote> {
    return this.remotes.children(parent);
  }
  syncedChildren(parent: NodeId): Iterable<Synced> {
    return this.synceds.children(parent);
  }
  inFlight(id: NodeId): boolean {
    return this.flights.has(id);
  }
  claimed(parent: NodeId, name: string): NodeId | undefined {
    return this.claims.get(key(parent, name));
  }
  held(id: NodeId): string | undefined {
    return this.holds.get(id);
  }

  setSynced(id: NodeId, synced: Synced | null): void {
    if (synced === null) this.synceds.delete(id);
    else this.synceds.set(synced);
  }

  setRemote(id: NodeId, remote: Remote | null): void {
    if (remote === null) this.remotes.delete(id);
    else this.remotes.set(remote);
  }

  /** Gives a local entry another id, to its children as their parent too. */
  rekey(from: NodeId, to: NodeId): void {
    const local = this.locals.get(from);
    if (local === undefined) throw new Error(`broken invariant: no local entry ${from}`);
    const there = this.locals.get(to);
    const itself = there?.parent === local.parent && there.name === local.name;
    if (there !== undefined && !itself) throw new Error(`broken invariant: ${to} is here already`);
    if (itself) this.locals.delete(to);
    const children = [...this.locals.children(from)];
    this.locals.delete(from);
    this.locals.set({ ...local, id: to });
    for (const child of children) this.locals.set({ ...child, parent: to });
  }

  renew({ from, synced }: Extract<Change, { kind: 'renew' }>, to: NodeId): void {
    this.rekey(from, to);
    if (synced !== null) this.synceds.set({ ...synced, id: to });
  }

  /** `nextId` gives a fresh node id. */
  apply(changes: readonly Change[], nextId: () => NodeId): void {
    for (const change of changes) {
      if (change.kind === 'synced') this.setSynced(change.id, change.synced);
      else if (change.kind === 'rekey') this.rekey(change.from, change.to);
      else if (change.kind === 'renew') this.renew(change, nextId());
      else if (change.kind === 'held') this.holds.set(change.id, change.code);
    }
  }
}
