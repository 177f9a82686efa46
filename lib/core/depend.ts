// What has to come before a step: the parent it goes into, the name it takes, what is in the directory it removes.
//
// Moves of directories go top down in the tree that results: then everything above the target is final when the move is
// made, and no order of moves can close a circle of parents on the way (moving A into B while B is still below A).
import { samePlace, type Place } from './compare.ts';
import { Intents, type Step } from './intent.ts';
import { rootId, type NodeId } from './node.ts';
import type { Edge } from './order.ts';
import type { Action, Local, Proposal, Trees } from './trees.ts';

/** The edges of a node's step, or undefined when its turn has not come. */
export function edgesOf(trees: Trees, intents: Intents, id: NodeId): readonly Edge[] | undefined {
  const { step, agreed } = intents.of(id);
  switch (step.kind) {
    case 'propose':
      return beforeProposal(trees, intents, step.proposal);
    case 'act':
      if (agreed === null && step.action.kind === 'mkdir') lookBelow(trees, intents, id);
      return beforeAction(trees, intents, step.action);
    case 'waits':
      return [...intents.gone.awaited(id)].map((on) => ({ on, kind: 'must' }));
    case 'none':
    case 'covered':
    case 'later':
    case 'hash':
    case 'adopt':
    case 'problem':
      return [];
  }
}

/** A directory that comes back no longer covers what was deleted with it, and nothing else would look at that again. */
function lookBelow(trees: Trees, intents: Intents, directory: NodeId): void {
  for (const child of trees.remoteChildren(directory)) intents.of(child.id);
}

function beforeProposal(trees: Trees, intents: Intents, proposal: Proposal): readonly Edge[] | undefined {
  const { node } = proposal;
  switch (proposal.kind) {
    case 'delete':
    case 'rmdir':
    case 'attributes':
      return [];
    case 'edit':
      // An edit of a node that is gone there brings it back at its local place, as a creation would.
      if (trees.remote(node) !== undefined) return [];
      break;
    case 'create':
    case 'mkdir':
    case 'move':
  }
  const local = trees.local(node);
  // What comes back under its own name is not here.
  const to = proposal.kind === 'move' ? proposal : local;
  if (to === undefined) return undefined;
  const edges: Edge[] = [];
  if (!isKnown(trees, to.parent)) {
    const above = intents.of(to.parent).step;
    if (above.kind !== 'propose' || above.proposal.kind !== 'mkdir') return undefined;
    edges.push({ on: to.parent, kind: 'must' });
  }
  if (proposal.kind === 'move' && local?.kind === 'directory')
    edges.push(...beforeMovingDirectory(trees, intents, local));
  // RACE: an own operation takes the name, and its node has left it again already. Sent now, this would be a conflict that
  // this site has with itself, and its file would get a conflict name.
  const claimant = trees.claimed?.(to.parent, to.name);
  if (claimant !== undefined && claimant !== node) return undefined;
  const holder = trees.remoteAt(to.parent, to.name);
  if (holder !== undefined && holder.id !== node) {
    const turn = holderOfRemoteName(intents, holder.id);
    if (turn === 'later') return undefined;
    if (turn === 'frees') edges.push({ on: holder.id, kind: 'name' });
  }
  return edges;
}

function* beforeMovingDirectory(trees: Trees, intents: Intents, local: Local): Iterable<Edge> {
  const moves = (id: NodeId): boolean => {
    const { step } = intents.of(id);
    return step.kind === 'propose' && step.proposal.kind === 'move';
  };
  const above = new Set(ancestors(local.parent, (id) => trees.local(id)?.parent));
  for (const on of above) if (moves(on)) yield { on, kind: 'must' };
  // Others put the target below it, and a move made here takes it out again: then the two changes go together.
  const there = [...ancestors(local.parent, (id) => trees.remote(id)?.parent)];
  const at = there.indexOf(local.id);
  for (const on of there.slice(0, Math.max(at, 0))) if (!above.has(on) && moves(on)) yield { on, kind: 'wish' };
}

/** Whether the committer can place something below it: alive, deleted (it is revived), or on its way. */
function isKnown(trees: Trees, directory: NodeId): boolean {
  return (
    directory === rootId ||
    trees.remote(directory) !== undefined ||
    trees.synced(directory) !== undefined ||
    trees.inFlight(directory)
  );
}

/** Whether the committer is to decide between a node and the `holder` of its name there, because that will not go by itself. */
export function isContested(trees: Trees, holder: NodeId): boolean {
  return holderOfRemoteName(new Intents(trees), holder) === 'stays';
}

/** `stays`: it will not go by itself, so the committer is to make the conflict. */
function holderOfRemoteName(intents: Intents, holder: NodeId): 'frees' | 'later' | 'stays' {
  const { step, agreed } = intents.of(holder);
  switch (step.kind) {
    case 'waits':
      return 'frees';
    case 'propose': {
      const { kind } = step.proposal;
      return kind === 'move' || kind === 'delete' || kind === 'rmdir' ? 'frees' : 'stays';
    }
    case 'later':
    case 'hash':
    case 'adopt':
    case 'covered':
      return 'later';
    case 'none':
    case 'problem':
    case 'act':
      // Just agreed on or forgotten: in the next plan it is a twin, and may turn out to be the same.
      return agreed === undefined ? 'stays' : 'later';
  }
}

function beforeAction(trees: Trees, intents: Intents, action: Action): readonly Edge[] | undefined {
  switch (action.kind) {
    case 'rmdir':
      return beforeRemoval(trees, intents, action.node);
    case 'move':
      return beforePlacing(trees, intents, action.node, action);
    case 'fetch':
    case 'mkdir': {
      const remote = trees.remote(action.node);
      return remote === undefined ? undefined : beforePlacing(trees, intents, action.node, remote);
    }
    case 'replace':
    case 'attributes':
    case 'remove':
    case 'park':
      return [];
  }
}

/** A directory goes only when all that is in it goes: what is new or changed here keeps it, and brings it back there. */
function beforeRemoval(trees: Trees, intents: Intents, directory: NodeId): readonly Edge[] | undefined {
  const edges: Edge[] = [];
  let stays = false;
  for (const child of trees.localChildren(directory)) {
    if (leaves(intents.of(child.id).step)) edges.push({ on: child.id, kind: 'must' });
    else stays = true;
  }
  return stays ? undefined : edges;
}

function leaves(step: Step): boolean {
  if (step.kind !== 'act') return false;
  const { kind } = step.action;
  return kind === 'remove' || kind === 'rmdir' || kind === 'move';
}

function beforePlacing(trees: Trees, intents: Intents, node: NodeId, to: Place): readonly Edge[] | undefined {
  const edges: Edge[] = [];
  if (to.parent !== rootId && trees.local(to.parent) === undefined) {
    const above = intents.of(to.parent).step;
    if (above.kind !== 'act' || above.action.kind !== 'mkdir') return undefined;
    edges.push({ on: to.parent, kind: 'must' });
  }
  const local = trees.local(node);
  if (local?.kind === 'directory' && !samePlace(local, to)) {
    const first = new Set<NodeId>();
    for (const above of ancestors(to.parent, (id) => trees.remote(id)?.parent)) {
      const { step } = intents.of(above);
      if (step.kind === 'act' && step.action.kind === 'move') first.add(above);
    }
    // Into a directory that will still be below it, because a move made here is not settled: it would vanish in itself.
    const parentOf = (id: NodeId): NodeId | undefined =>
      ((first.has(id) ? undefined : trees.local(id)) ?? trees.remote(id))?.parent;
    for (const above of ancestors(to.parent, parentOf)) if (above === node) return undefined;
    for (const on of first) edges.push({ on, kind: 'must' });
  }
  const holder = trees.localAt(to.parent, to.name);
  if (holder !== undefined && holder.id !== node) {
    if (!leaves(intents.of(holder.id).step)) return undefined;
    edges.push({ on: holder.id, kind: 'name' });
  }
  return edges;
}

/** From `first` up to below the root; each once, because parents taken from two trees may go round. */
function* ancestors(first: NodeId, parentOf: (id: NodeId) => NodeId | undefined): Iterable<NodeId> {
  const seen = new Set<NodeId>();
  let id: NodeId | undefined = first;
  while (id !== undefined && id !== rootId && !seen.has(id)) {
    seen.add(id);
    yield id;
    id = parentOf(id);
  }
}
