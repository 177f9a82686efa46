// Files that a look found gone a moment ago. One that was renamed on between the looks at two names is at neither: when it
// turns up soon, it is the same file, and not a new one beside one that was deleted (I8).
import type { Clock } from '../../base/clock.ts';
import { isIdentity, type Found, type Known, type Site } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import type { State } from '../state/state.ts';

/** By then the watch has told of any rename, and deletes are sent. */
const keptMs = 1000;

export class Lately {
  readonly #clock: Clock;
  readonly #gone = new Map<string, { readonly entry: Known; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(entries: Iterable<Known>): void {
    const now = this.#clock.monotonic();
    for (const [inode, { until }] of this.#gone) {
      if (until > now) break; // those after it came later
      this.#gone.delete(inode);
    }
    for (const entry of entries) {
      if (entry.kind !== 'file' || entry.born === '0') continue;
      this.#gone.delete(entry.inode);
      this.#gone.set(entry.inode, { entry, until: now + keptMs });
    }
  }

  /** Those that are found again, and of whose end nobody was told yet. */
  among(found: readonly Found[], state: State): ReadonlyMap<NodeId, Known> {
    const out = new Map<NodeId, Known>();
    if (this.#gone.size === 0) return out;
    const now = this.#clock.monotonic();
    for (const each of found) {
      const { entry, until = now } = this.#gone.get(each.inode) ?? {};
      if (entry === undefined || until <= now || each.kind !== 'file' || !isIdentity(entry, each)) continue;
      const { id } = entry;
      if (state.local(id) === undefined && state.synced(id) !== undefined && !state.busy.has(id)) out.set(id, entry);
    }
    return out;
  }
}

/** The local tree as if they were still in it. */
export function siteWith(state: State, back: ReadonlyMap<NodeId, Known>): Site {
  if (back.size === 0) return state;
  return {
    withInode: (inode) => [...state.withInode(inode), ...[...back.values()].filter((each) => each.inode === inode)],
    local: (id) => state.local(id) ?? back.get(id),
    localChildren: (parent) => state.localChildren(parent),
    localAt: (parent, name) => state.localAt(parent, name),
    synced: (id) => state.synced(id),
    syncedAt: (parent, name) => state.syncedAt(parent, name),
    isSent: (id) => state.isSent(id),
  };
}
