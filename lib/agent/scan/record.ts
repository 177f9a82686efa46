// Takes what a scan saw into the local tree, except what the agent's own hand (or a later scan) was at meanwhile.
import { identify, isIdentity, type Found, type Known } from '../../core/identify.ts';
import { rootId, type NodeId } from '../../core/node.ts';
import { siteWith, type Lately } from './lately.ts';
import { isSeen, type Round } from './round.ts';
import type { State } from '../state/state.ts';
import type { Touched } from './touched.ts';

export interface Recorded {
  /** Files that a writer is still at: look again when they are quiet. */
  readonly unsettled: readonly Found[];
  /** Paths that the agent itself, or somebody else, was at meanwhile: look again. */
  readonly again: readonly string[];
  /** What moved under the scan's eyes: look again a little later. */
  readonly moving: readonly Found[];
  readonly excused: readonly NodeId[];
  /** Nodes whose local entry changed. */
  readonly changed: readonly NodeId[];
}

/** Must run inside a transaction of `state`. */
export function record(state: State, touched: Touched, round: Round, lately?: Lately): Recorded {
  const again = [...round.again];
  // Where it went since, the local tree says; what is in it would else be looked at by nobody before the next full scan.
  for (const { place, path } of round.unread)
    again.push(typeof place === 'string' ? (state.pathOf(place) ?? path) : place.path);
  const missing = new Set<NodeId>();
  let isSure = true;
  for (const [id, path] of round.missing) {
    const entry = state.local(id);
    // It may have got another id since, under which it is still there.
    if (entry === undefined) {
      again.push(path);
      isSure = false;
    } else if (touched.during(round.began, entry.parent, entry.name)) again.push(state.pathOf(id) ?? '');
    else missing.add(id);
  }
  const refuse = (each: Found): void => {
    isSure = false;
    again.push(each.path);
    // Where it came from it is looked for together with where it went, or it would be taken for deleted.
    for (const entry of state.withInode(each.inode))
      if (isIdentity(entry, each) && missing.delete(entry.id)) again.push(state.pathOf(entry.id) ?? '');
  };
  let found = trusted(state, touched, round, refuse);
  for (let before: number | undefined; !isSure && before !== found.length;) {
    before = found.length;
    found = free(state, missing, found, refuse);
  }
  const seen = { has: (id: NodeId): boolean => isSeen(state, touched, round, id) };
  const back = lately?.among(found, state) ?? new Map<NodeId, Known>();
  for (const id of back.keys()) missing.add(id);
  const scan = { found, missing, seen };
  const { gone: left, ...identified } = identify(siteWith(state, back), scan, () => state.newId());
  const { put, unsettled, excused, again: moving } = identified;
  const gone = left.filter((id) => state.local(id) !== undefined);
  lately?.add(gone.flatMap((id) => state.local(id) ?? []));
  for (const id of gone) state.setLocal(id, null);
  for (const entry of put) state.setLocal(entry.id, entry);
  return { unsettled, again, moving, excused, changed: [...gone, ...put.map(({ id }) => id)] };
}

/**
 * Without the names that were touched since the scan began, and without what was found below them; nor below a directory
 * that is not known by this id any more: a merge gives it another one.
 */
function trusted(state: State, touched: Touched, round: Round, refuse: (found: Found) => void): readonly Found[] {
  const out = new Set<Found>();
  for (const each of round.found) {
    const { dir, name } = each;
    if (typeof dir !== 'string') {
      if (out.has(dir)) out.add(each);
    } else if (touched.during(round.began, dir, name) || (dir !== rootId && state.local(dir) === undefined))
      refuse(each);
    else out.add(each);
  }
  return [...out];
}

/**
 * RACE: whoever has the name in the local tree is not known to have left it, because it got another id meanwhile, or because
 * where it went was refused. Two would have one name, and the one that is not there would be looked for by nobody any more.
 */
function free(
  state: State,
  missing: ReadonlySet<NodeId>,
  found: readonly Found[],
  refuse: (found: Found) => void,
): readonly Found[] {
  const out = new Set<Found>();
  for (const each of found) {
    const { dir, name, kind } = each;
    const holder = typeof dir === 'string' ? state.localAt(dir, name) : undefined;
    const isThis = holder === undefined || (holder.kind === kind && isIdentity(holder, each));
    if (typeof dir !== 'string' ? !out.has(dir) : !isThis && !missing.has(holder.id)) refuse(each);
    else out.add(each);
  }
  return [...out];
}
