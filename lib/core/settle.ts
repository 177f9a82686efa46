// What the outcome of an own operation, and the completion of an own action, mean for the trees.
import { given } from './attributes.ts';
import { samePlace, type Place } from './compare.ts';
import { rootId, type Attributes, type Nanoseconds, type NodeId } from './node.ts';
import type { OutcomeRow } from './advance.ts';
import type { Action, Local, Remote, Synced, Trees } from './trees.ts';

/** What was sent; every protocol operation has this shape. */
export type Sent =
  | (Created & { readonly kind: 'create' })
  | (Created & { readonly kind: 'edit'; readonly base: number })
  | (Place & Attributes & { readonly kind: 'mkdir'; readonly node: NodeId; readonly mode: number })
  | (Place & { readonly kind: 'move'; readonly node: NodeId })
  | { readonly kind: 'delete'; readonly node: NodeId; readonly base: number }
  | { readonly kind: 'rmdir'; readonly node: NodeId }
  | (Attributes & {
      readonly kind: 'attributes';
      readonly node: NodeId;
      readonly base: number;
      readonly mode?: number | undefined;
      readonly mtime?: Nanoseconds | undefined;
    })
  | { readonly kind: 'none' };

interface Created extends Place, Attributes {
  readonly node: NodeId;
  /** Of a link. */
  readonly target?: string | undefined;
  readonly content: { readonly size: number; readonly hash: string };
  readonly mtime: Nanoseconds;
  readonly mode: number;
}

export interface Flight {
  readonly sent: Sent;
  /** How often in a row the same node was rejected before, not counting `parent_unknown`, which is the parent's fault. */
  readonly rejections: number;
}

export type Change =
  /** null forgets it. */
  | { readonly kind: 'synced'; readonly id: NodeId; readonly synced: Synced | null }
  /** The local entry `from` has the id `to` from now on, and is the parent of its children by it. */
  | { readonly kind: 'rekey'; readonly from: NodeId; readonly to: NodeId }
  /** The local entry `from` gets an id that nobody has used yet, with this as its synced state. */
  | { readonly kind: 'renew'; readonly from: NodeId; readonly synced: Omit<Synced, 'id'> | null }
  /** Left alone until it changes at either side. */
  | { readonly kind: 'held'; readonly id: NodeId; readonly code: string }
  /** To be planned again, though nothing of its own changed: the directory above it no longer takes it along. */
  | { readonly kind: 'dirty'; readonly id: NodeId };

/** After so many rejections in a row a node is held: what drives them is not in the trees. */
export const maxRejections = 5;

/** Codes that the same operation will meet again, however often it is sent. */
export function isLasting(code: string): boolean {
  return code === 'poison' || /^(name|path|size|limit|target)_/.test(code);
}

/** Codes that say of a new node's id that it is not new. */
function isUsedUp(code: string): boolean {
  return code === 'id_taken' || code === 'id_foreign';
}

/**
 * The changes in the order to make them, in the transaction that takes the operation out of the outbox. The row's effects
 * are in the remote tree already (later rows may be, too). `undefined`: parked, so still in flight. Afterwards the node
 * asked about and all that the changes name are to be planned again.
 */
export function settle(trees: Trees, flight: Flight, row: OutcomeRow): readonly Change[] | undefined {
  const { sent } = flight;
  if (row.outcome === 'parked') return undefined;
  if (sent.kind === 'none') return [];
  if (row.outcome === 'rejected') return [...rejected(trees, flight, sent, row.code ?? 'rejected')];
  const before = trees.synced(sent.node);
  switch (sent.kind) {
    case 'create':
    case 'edit':
    case 'mkdir':
      return landed(trees, sent, row);
    case 'move': {
      if (before === undefined) return [];
      const put = putOf(row, sent.node);
      const asAsked = put === undefined || isAsAsked(sent, put, row);
      return [moved(before, asAsked ? sentPlace(trees, sent, put) : (trees.local(sent.node) ?? put))];
    }
    case 'attributes': {
      if (before === undefined) return [];
      const { mode = before.mode, mtime = before.mtime } = sent;
      const synced = { ...before, mode, mtime, ...given(sent) };
      return [{ kind: 'synced', id: sent.node, synced }];
    }
    case 'delete':
      return row.outcome === 'applied' ? [{ kind: 'synced', id: sent.node, synced: null }] : [];
    case 'rmdir':
      return [...(row.outcome === 'applied' ? forgetBelow(trees, sent.node) : lookBelow(trees, sent.node))];
  }
}

function* rejected(
  trees: Trees,
  { rejections }: Flight,
  sent: Exclude<Sent, { kind: 'none' }>,
  code: string,
): Iterable<Change> {
  if (isUsedUp(code) && trees.local(sent.node) !== undefined) {
    // Something that was deleted had it, made here or by others: a file that came back, or was merged, while the delete was
    // on its way.
    yield { kind: 'renew', from: sent.node, synced: null };
    return;
  }
  if (sent.kind === 'rmdir') yield* lookBelow(trees, sent.node);
  if ('parent' in sent && code === 'parent_unknown') yield* makeAgain(trees, sent.parent);
  const bound = code === 'parent_unknown' ? 10 * maxRejections : maxRejections;
  if (isLasting(code) || rejections + 1 >= bound) yield { kind: 'held', id: sent.node, code };
  else if (sent.kind === 'move') {
    // With the local place as the agreed one, the remote place wins.
    const before = trees.synced(sent.node);
    const local = trees.local(sent.node);
    if (before !== undefined && local !== undefined) yield moved(before, local);
  }
}

/**
 * The committer has forgotten directories that were deleted long ago, so it cannot revive them: what is left of them here
 * is new. (Or their own creation was rejected, and everything below is with them: no fault of the child, so it tries longer.)
 */
function* makeAgain(trees: Trees, parent: NodeId): Iterable<Change> {
  for (let id: NodeId | undefined = parent; id !== undefined; id = trees.local(id)?.parent) {
    if (trees.synced(id) === undefined || trees.remote(id) !== undefined) return;
    yield { kind: 'synced', id, synced: null };
  }
}

/** What a directory delete would have taken along is on its own again. */
function* lookBelow(trees: Trees, directory: NodeId): Iterable<Change> {
  for (const { id } of trees.remoteChildren(directory)) yield { kind: 'dirty', id };
}

/** New content, or a new directory, is there: under the id and at the place that the row says. */
function landed(
  trees: Trees,
  sent: Extract<Sent, { kind: 'create' | 'edit' | 'mkdir' }>,
  row: OutcomeRow,
): readonly Change[] {
  const ours = row.became ?? aliasOf(row, sent.node) ?? sent.node;
  const local = trees.local(sent.node);
  const synced: Synced = {
    id: ours,
    ...placeOf(trees, sent, ours, row),
    ...(sent.kind === 'mkdir'
      ? { kind: 'directory', version: 0, size: 0, hash: null, mtime: '0' }
      : { version: versionOf(trees, sent.content.hash, ours, row), ...contentOf(sent) }),
    mode: sent.mode,
    ...given(trees.synced(ours) ?? {}),
    ...given(sent),
  };
  if (ours === sent.node) return [{ kind: 'synced', id: ours, synced }];
  const there = trees.local(ours);
  // One entry under two ids is no second one: taken for that, it would be removed as the copy of itself.
  const itself = there !== undefined && there.parent === local?.parent && there.name === local.name;
  const elsewhere = there !== undefined && !itself ? there : undefined;
  // Merged with a directory that this site has elsewhere, and two entries cannot be one: this one counts as deleted there,
  // so that it goes once what is in it has moved to where the committer put it.
  if (elsewhere !== undefined && (local === undefined || sent.kind === 'mkdir'))
    return [
      { kind: 'synced', id: sent.node, synced: { ...synced, id: sent.node, ...sentPlace(trees, sent, undefined) } },
    ];
  const forget: Change = { kind: 'synced', id: sent.node, synced: null };
  const rest: Change[] = [forget, { kind: 'synced', id: ours, synced }, ...lookBelow(trees, ours)];
  if (local === undefined) return rest;
  const take: Change[] = [{ kind: 'rekey', from: sent.node, to: ours }, ...rest];
  return elsewhere === undefined ? take : [leave(elsewhere, trees.synced(ours)), ...take];
}

/**
 * The file that had the id until another one here, which is where the node is, turned out to be the same. Left as it was
 * agreed it counts as deleted there, and goes; with content or a place of its own it stays, as a file of its own.
 */
function leave(entry: Local, before: Synced | undefined): Change {
  return { kind: 'renew', from: entry.id, synced: before !== undefined && samePlace(entry, before) ? before : null };
}

function contentOf(sent: Created): Pick<Synced, 'kind' | 'target' | 'size' | 'hash' | 'mtime'> {
  const { target } = sent;
  return {
    ...(target === undefined ? { kind: 'file' } : { kind: 'link', target }),
    size: sent.content.size,
    hash: sent.content.hash,
    mtime: sent.mtime,
  };
}

function placeOf(
  trees: Trees,
  sent: Extract<Sent, { kind: 'create' | 'edit' | 'mkdir' }>,
  ours: NodeId,
  row: OutcomeRow,
): Place {
  const local = trees.local(sent.node);
  const before = trees.synced(sent.node);
  const put = putOf(row, ours);
  // An edit moves nothing: where others moved it to is still to come.
  if (ours === sent.node && sent.kind === 'edit' && before !== undefined) return placeIn(before);
  if (put !== undefined && isAsAsked(sent, put, row)) return sentPlace(trees, sent, put);
  // Under another name, or merged: the local place counts as agreed, so that the one it got there wins.
  return placeIn(local ?? sent);
}

/** It got its name; the parent may have been merged into another directory. */
function isAsAsked(sent: Place, put: Place, row: OutcomeRow): boolean {
  return put.name === sent.name && (row.outcome === 'applied' || put.parent === sent.parent);
}

/** The place that was sent, in the ids of today: the parent may have got another one since. */
function sentPlace(trees: Trees, sent: Place, put: Place | undefined): Place {
  const stays = sent.parent === rootId || put === undefined || trees.local(sent.parent) !== undefined;
  return { parent: stays ? sent.parent : put.parent, name: sent.name };
}

function placeIn({ parent, name }: Place): Place {
  return { parent, name };
}

/** Zero where it is not sure which version has the content: then the planner compares instead of trusting. */
function versionOf(trees: Trees, hash: string, ours: NodeId, row: OutcomeRow): number {
  const state = putOf(row, ours) ?? trees.remote(ours);
  return state?.hash === hash ? state.version : 0;
}

function moved(before: Synced, to: Place): Change {
  return { kind: 'synced', id: before.id, synced: { ...before, parent: to.parent, name: to.name } };
}

function putOf(row: OutcomeRow, id: NodeId): Remote | undefined {
  for (const effect of row.effects) if ('put' in effect && effect.put.id === id) return effect.put;
  return undefined;
}

function aliasOf(row: OutcomeRow, id: NodeId): NodeId | undefined {
  for (const effect of row.effects) if ('alias' in effect && effect.alias === id) return effect.to;
  return undefined;
}

/**
 * What is here again keeps its synced state, so that the planner sees that it is gone there; what others had moved out of
 * the directory keeps it, so that the planner sees that it is gone here, and does not take it for new.
 */
function* forgetBelow(trees: Trees, id: NodeId): Iterable<Change> {
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of trees.syncedChildren(next)) open.push(child.id);
    if (trees.local(next) === undefined && trees.remote(next) === undefined)
      yield { kind: 'synced', id: next, synced: null };
  }
}

/** What an action worked from and left behind. */
export interface Done {
  readonly action: Action;
  /** The remote state that was applied: not what the tree says by now. Absent for `remove`, `rmdir` and an unsynced move. */
  readonly remote?: Remote | undefined;
  /** The entry as it is now, hash included; absent after `remove` and `rmdir`. */
  readonly local?: Local | undefined;
}

/** The synced state after an action, null to forget it, undefined where nothing was or is synced. */
export function afterAction(done: Done, before: Synced | undefined): Synced | null | undefined {
  const { action, remote, local } = done;
  switch (action.kind) {
    case 'remove':
    case 'rmdir':
      return null;
    case 'park':
      // The temporary place counts as agreed, so that the remote place wins, and never becomes a proposal.
      return before === undefined || local === undefined
        ? undefined
        : { ...before, parent: local.parent, name: local.name };
    case 'move':
      return before === undefined ? undefined : { ...before, parent: action.parent, name: action.name };
    case 'attributes':
      return before === undefined || remote === undefined
        ? undefined
        : { ...before, mode: remote.mode, mtime: remote.mtime, ...given(remote) };
    case 'fetch':
    case 'mkdir':
    case 'replace': {
      if (remote === undefined) return undefined;
      const { id, kind, target, version, size, mtime, mode } = remote;
      const place = action.kind === 'replace' && before !== undefined ? before : remote;
      const hash = remote.hash ?? local?.hash ?? null;
      const link = target === undefined ? {} : { target };
      // What the log does not say is as it came out here: a later change of it is one.
      const more = { ...given(local ?? {}), ...given(remote) };
      return { id, parent: place.parent, name: place.name, kind, ...link, version, size, hash, mtime, mode, ...more };
    }
  }
}
