// Deletes that wait for more of them. Who removes a tree takes away what is in it first, one name at a time, and the
// directory last: sent as they come these are as many operations as there were files, sent at the end they are one. So
// what is gone from a directory waits until nothing more goes below that directory, and then only the topmost ones are
// planned: a directory takes along all that went with it.
//
// Nothing is remembered here that the trees do not say: after a start every node that they disagree on is planned.
import { samePlace } from './compare.ts';
import { rootId, type NodeId } from './node.ts';
import type { Trees } from './trees.ts';

/** What is gone below one directory. Times are monotonic milliseconds. */
export interface Vanished {
  /** When the first of those went that were in the directory itself and still wait. */
  readonly first: number;
  /** When the last one went, at any depth. */
  readonly last: number;
  /** How many wait that were in the directory itself: so many operations it would be now. */
  readonly count: number;
}

const quietMs = 100;
const mostMs = 5000;
/** What an operation takes to get through in a flood of them: to wait for less than that never costs more than it may save. */
const operationMs = 3;

/** `seen`: until when all that happened is known; behind `now` while the site is being looked at. */
export function isDue({ first, last, count }: Vanished, now: number, seen: number): boolean {
  return seen >= last + quietMs || now >= first + limitOf(count);
}

/** When to ask again, if nothing more goes until then. */
export function dueAt({ first, last, count }: Vanished): number {
  return Math.min(last + quietMs, first + limitOf(count));
}

function limitOf(count: number): number {
  return Math.max(mostMs, count * operationMs);
}

class Group implements Vanished {
  first: number;
  last: number;
  readonly nodes = new Set<NodeId>();

  constructor(now: number) {
    this.first = now;
    this.last = now;
  }

  get count(): number {
    return this.nodes.size;
  }
}

export class Postponed {
  readonly #trees: Trees;
  /** By the directory they are gone from, and of every directory above, which may hold none itself. */
  readonly #groups = new Map<NodeId, Group>();
  readonly #where = new Map<NodeId, NodeId>();
  #hastened: NodeId[] = [];

  constructor(trees: Trees) {
    this.#trees = trees;
  }

  get size(): number {
    return this.#where.size;
  }

  /** True: a delete that waits from now on, or waits already. False: the node is to be planned now. */
  take(id: NodeId, now: number): boolean {
    const parent = this.#goneFrom(id);
    if (parent === undefined) {
      this.planned(id);
      this.#hasten(id);
      return false;
    }
    if (this.#where.get(id) === parent) return true;
    this.#drop(id);
    this.#stir(parent, now);
    this.#where.set(id, parent);
    const group = this.#group(parent, now);
    if (group.count === 0) group.first = now;
    group.nodes.add(id);
    return true;
  }

  has(id: NodeId): boolean {
    return this.#where.has(id);
  }

  /** Something is done about it. What went with a deleted directory is done with that: it goes along, or the plan looks below. */
  planned(id: NodeId): void {
    this.#drop(id);
    if (this.#trees.local(id) !== undefined || this.#trees.synced(id) === undefined) return;
    const open = [id];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      this.#drop(at);
      const group = this.#groups.get(at);
      if (group === undefined) continue;
      for (const below of group.nodes) open.push(below);
      this.#groups.delete(at);
    }
  }

  /** What is not to wait any longer because something new came into its directory: it may need the name, or the like of it. */
  hastened(): readonly NodeId[] {
    const ids = this.#hastened;
    this.#hastened = [];
    for (const id of ids) this.planned(id);
    return ids;
  }

  /** Those whose time has come. `seen` as for `isDue`. */
  due(now: number, seen: number): readonly NodeId[] {
    const ids: NodeId[] = [];
    for (const [directory, group] of this.#groups) {
      if (this.#where.has(directory) || !isDue(group, now, seen)) continue;
      for (const id of group.nodes) ids.push(id);
      if (seen >= group.last + quietMs) this.#groups.delete(directory);
    }
    for (const id of ids) this.planned(id);
    return ids;
  }

  /** When to ask again, undefined while nothing waits. */
  next(): number | undefined {
    let next: number | undefined;
    for (const [directory, group] of this.#groups) {
      if (this.#where.has(directory)) continue;
      next = Math.min(next ?? Infinity, group.count === 0 ? group.last + quietMs : dueAt(group));
    }
    return next;
  }

  /** The directory that a deleted node is gone from, if it may go with that: the root stays. */
  #goneFrom(id: NodeId): NodeId | undefined {
    if (this.#trees.local(id) !== undefined) return undefined;
    const synced = this.#trees.synced(id);
    const remote = this.#trees.remote(id);
    if (synced === undefined || remote === undefined) return undefined;
    if (remote.parent === rootId && remote.kind === 'directory') return undefined;
    // What has new content there is no delete: it comes back.
    return remote.kind === 'directory' || remote.version === synced.version ? remote.parent : undefined;
  }

  #hasten(id: NodeId): void {
    const local = this.#trees.local(id);
    if (local === undefined) return;
    const group = this.#groups.get(local.parent);
    if (group === undefined || group.count === 0) return;
    const before = this.#trees.synced(id);
    if (before === undefined ? this.#trees.remote(id) !== undefined : samePlace(before, local)) return;
    this.#hastened = [...this.#hastened, ...group.nodes];
    group.nodes.clear();
  }

  #drop(id: NodeId): void {
    const parent = this.#where.get(id);
    if (parent === undefined) return;
    this.#where.delete(id);
    this.#groups.get(parent)?.nodes.delete(id);
  }

  #stir(directory: NodeId, now: number): void {
    if (directory === rootId) this.#group(rootId, now).last = now;
    for (let at: NodeId | undefined = directory; at !== undefined && at !== rootId;) {
      const known = this.#groups.get(at);
      // Then all above it are, too.
      if (known?.last === now) return;
      this.#group(at, now).last = now;
      at = this.#trees.remote(at)?.parent;
    }
  }

  #group(directory: NodeId, now: number): Group {
    const known = this.#groups.get(directory);
    if (known !== undefined) return known;
    const group = new Group(now);
    this.#groups.set(directory, group);
    return group;
  }
}
