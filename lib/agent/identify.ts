// From what a scan saw to changes of the local tree. The rules of identity: an entry keeps its id while its inode and
// kind stay the same, wherever it moves; and where a synced node is gone and something that nobody knows yet stands at its
// synced place (an editor's temporary file, renamed; a directory made anew), that is the same node with new content.
import { rootId, type NodeId, type NodeKind } from '../core/node.ts';
import { identityOf, isInode, isProven, type Found, type Place, type Round } from './round.ts';
import type { LocalEntry } from './state/local-table.ts';
import type { State } from './state/state.ts';
import type { Touched } from './touched.ts';
import { isAhead, isQuiet } from './quiet.ts';

export interface Identified {
  /** Files that a writer is still at: look again when they are quiet. */
  readonly unsettled: readonly Found[];
  /** Paths that the agent itself was at meanwhile: look again. */
  readonly again: readonly string[];
  /** Nodes whose local entry changed. */
  readonly changed: readonly NodeId[];
}

/** Must run inside a transaction of `state`. `nowMs` is the time the file system stamps with. */
export function identify(state: State, touched: Touched, round: Round, nowMs: number): Identified {
  const again: string[] = [];
  const found = trusted(state, touched, round, again);
  const missing = new Set<NodeId>();
  for (const id of round.missing) {
    const entry = state.local(id);
    if (entry === undefined) continue;
    if (touched.during(round.began, entry.parent, entry.name)) again.push(state.pathOf(id) ?? '');
    else missing.add(id);
  }
  const ids = claim(state, found, missing);
  const unsettled: Found[] = [];
  const parentOf = (dir: Place): NodeId => (typeof dir === 'string' ? dir : (ids.get(dir) as NodeId));
  const claimed = new Set<NodeId>();
  for (const each of found) {
    let id = ids.get(each);
    if (id === undefined) ids.set(each, (id = state.newId()));
    claimed.add(id);
    const entry = entryOf(state.local(id), id, parentOf(each.dir), each, nowMs);
    state.setLocal(id, entry);
    if (!entry.settled) unsettled.push(each);
  }
  for (const id of missing) if (!claimed.has(id)) forget(state, id, claimed);
  return { unsettled, again, changed: [...claimed, ...missing] };
}

/** Without the names that were touched since the scan began, and without what was found below them. */
function trusted(state: State, touched: Touched, round: Round, again: string[]): readonly Found[] {
  const out = new Set<Found>();
  for (const each of round.found) {
    const { dir, name, path } = each;
    if (typeof dir !== 'string') {
      if (out.has(dir)) out.add(each);
    } else if (touched.during(round.began, dir, name)) again.push(path);
    else if (dir === rootId || state.local(dir) !== undefined) out.add(each);
  }
  return [...out];
}

/** Gives known ids to what was found; what stays without is new. Adds to `missing` what is gone with a directory. */
function claim(state: State, found: readonly Found[], missing: Set<NodeId>): Map<Found, NodeId> {
  const ids = new Map<Found, NodeId>();
  const taken = new Set<NodeId>();
  const give = (each: Found, id: NodeId): void => {
    ids.set(each, id);
    taken.add(id);
  };
  for (const each of found) {
    const { stat } = each;
    const known = state
      .localWithInode(identityOf(stat).inode)
      .filter((entry) => entry.kind === stat.kind && isInode(entry, stat));
    // Another scan may have entered a directory that this one still met as new: its names are the same ones all the same.
    const dir = typeof each.dir === 'string' ? each.dir : ids.get(each.dir);
    const same = known.find((entry) => entry.parent === dir && entry.name === each.name);
    // An inode may have several names (hard links): only one whose old name is gone has moved here.
    const moved = known.find((entry) => missing.has(entry.id) && !taken.has(entry.id));
    const match = same ?? moved;
    if (match !== undefined) give(each, match.id);
  }
  // Reclaim: in any case after all moves are known, so that a file that only moved away is not taken for gone.
  for (const each of found) {
    const current = ids.get(each);
    if (current !== undefined && (state.synced(current) !== undefined || state.isSent(current))) continue;
    const dir = typeof each.dir === 'string' ? each.dir : ids.get(each.dir);
    if (dir === undefined) continue;
    const owner = state.syncedAt(dir, each.name).find((synced) => {
      if (synced.kind !== each.stat.kind || taken.has(synced.id) || state.isSent(synced.id)) return false;
      // A directory that was gone before is on its way out with all below it; one made anew in its place stays itself.
      return state.local(synced.id) === undefined ? synced.kind === 'file' : missing.has(synced.id);
    });
    if (owner === undefined || (owner.kind === 'directory' && current !== undefined)) continue;
    if (current !== undefined) state.setLocal(current, null);
    give(each, owner.id);
    if (owner.kind === 'directory')
      for (const child of state.localChildren(owner.id)) if (!taken.has(child.id)) missing.add(child.id);
  }
  return ids;
}

function entryOf(
  before: LocalEntry | undefined,
  id: NodeId,
  parent: NodeId,
  { name, stat, closed, heard, written }: Found,
  nowMs: number,
): LocalEntry {
  const identity = identityOf(stat);
  const statMtime = stat.mtimeNs.toString();
  const ctime = stat.ctimeNs.toString();
  const mode = stat.mode & 0o777;
  const directory = stat.kind === 'directory';
  const moved = before !== undefined && (before.parent !== parent || before.name !== name);
  const proven = before !== undefined && isProven(before, identity);
  // A rename or chmod moves ctime, and behind that may hide a write whose mtime was set back: only for what is provably
  // the same file, and of whose writes the watch would have told, it hides nothing.
  const excused = proven && heard && (moved || before.mode !== mode);
  const untouched =
    before !== undefined &&
    isInode(before, stat) &&
    before.size === (directory ? 0 : stat.size) &&
    before.statMtime === statMtime &&
    !written &&
    (before.ctime === ctime ? !moved || proven : excused);
  return {
    id,
    parent,
    name,
    kind: stat.kind as NodeKind,
    size: directory ? 0 : stat.size,
    mtime: directory ? '0' : untouched ? before.mtime : statMtime,
    mode,
    hash: untouched && !directory ? before.hash : null,
    settled: directory || closed || isQuiet(stat, nowMs) || (untouched && (before.settled || isAhead(stat, nowMs))),
    ...identity,
    statMtime,
    ctime,
  };
}

/** Forgets a node and all that the local tree has below it, except what was found again elsewhere. */
function forget(state: State, id: NodeId, claimed: ReadonlySet<NodeId>): void {
  const entry = state.local(id);
  if (entry === undefined) return;
  state.setLocal(id, null);
  if (entry.kind === 'directory')
    for (const child of state.localChildren(id)) if (!claimed.has(child.id)) forget(state, child.id, claimed);
}
