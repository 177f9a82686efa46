// What one node needs, from its own three states alone. Whether its turn has come (names, parents) is for order.ts.
import { addsTo, agreedOn, contradicts, given } from './attributes.ts';
import { contentSince, sameContent, sameMode, samePlace, sameTime } from './compare.ts';
import { utf8Length } from './conflict-name.ts';
import { GoneDirectories } from './gone-directory.ts';
import { rootId, type NodeId } from './node.ts';
import { plainName } from './temporary-name.ts';
import type { Action, Local, Proposal, Remote, Synced, Trees } from './trees.ts';

export type Step =
  | { readonly kind: 'none' }
  /** Deleted by the operation on a directory above it. */
  | { readonly kind: 'covered' }
  | { readonly kind: 'later' }
  /** A directory to delete, once what moved out of it has gone first. */
  | { readonly kind: 'waits' }
  | { readonly kind: 'hash' }
  | { readonly kind: 'adopt'; readonly to: NodeId }
  | { readonly kind: 'problem'; readonly code: string }
  | { readonly kind: 'propose'; readonly proposal: Proposal }
  | { readonly kind: 'act'; readonly action: Action };

export interface Intent {
  readonly step: Step;
  /** The synced state that holds without any work; null forgets the node. `step` takes it as given. */
  readonly agreed?: Synced | null;
}

const none: Intent = { step: { kind: 'none' } };
const later: Intent = { step: { kind: 'later' } };
const hash: Intent = { step: { kind: 'hash' } };
const propose = (proposal: Proposal): Intent => ({ step: { kind: 'propose', proposal } });
const act = (action: Action): Intent => ({ step: { kind: 'act', action } });

/** Intents of one plan, each found once. */
export class Intents {
  readonly #trees: Trees;
  readonly #known = new Map<NodeId, Intent>();
  readonly gone: GoneDirectories;

  constructor(trees: Trees) {
    this.#trees = trees;
    this.gone = new GoneDirectories(trees);
  }

  of(id: NodeId): Intent {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const intent = this.#decide(id);
    this.#known.set(id, intent);
    return intent;
  }

  /** All that were asked for, those asked for during the iteration included. */
  ids(): Iterable<NodeId> {
    return this.#known.keys();
  }

  #decide(id: NodeId): Intent {
    if (id === rootId) return none;
    const local = this.#trees.local(id);
    const synced = this.#trees.synced(id);
    const remote = this.#trees.remote(id);
    if (local === undefined && synced === undefined && remote === undefined) return none;
    if (this.#trees.inFlight(id)) return later;
    const held = this.#trees.held?.(id);
    if (held !== undefined) return { step: { kind: 'problem', code: held } };
    if (local?.settled === false) return later;
    if (synced === undefined) {
      if (local === undefined) return remote === undefined ? none : appear(remote);
      return remote === undefined ? this.#new(local) : met(local, remote);
    }
    if (local === undefined) return remote === undefined ? { ...none, agreed: null } : this.#goneHere(synced, remote);
    return remote === undefined ? goneThere(local, synced) : compare(local, synced, remote);
  }

  #new(local: Local): Intent {
    const create = propose({ kind: local.kind === 'directory' ? 'mkdir' : 'create', node: local.id });
    const twin = this.#trees.remoteAt(local.parent, local.name);
    if (twin === undefined) return create;
    const known = this.#trees.synced(twin.id) !== undefined || this.#trees.local(twin.id) !== undefined;
    return (known ? undefined : this.#twins(local, twin)) ?? create;
  }

  /** The same name made at both sides. */
  #twins(local: Local, twin: Remote): Intent | undefined {
    if (this.#trees.inFlight(twin.id)) return later;
    const adopt: Intent = { step: { kind: 'adopt', to: twin.id } };
    if (local.kind !== twin.kind) return undefined;
    if (local.kind === 'directory') return adopt;
    if (local.kind === 'link') return sameContent(local, twin) ? adopt : undefined;
    if (twin.hash === null || local.size !== twin.size) return undefined;
    if (local.hash === null) return hash;
    return sameContent(local, twin) ? adopt : undefined;
  }

  #goneHere(synced: Synced, remote: Remote): Intent {
    if (remote.kind !== 'directory') {
      if (remote.version !== synced.version) return comeBack(remote);
      return this.#unlessCovered(remote, { kind: 'delete', node: remote.id, base: synced.version });
    }
    const below = this.gone.below(remote.id);
    if (below === 'changed') return comeBack(remote);
    if (below === 'waits') return { step: { kind: 'waits' } };
    return this.#unlessCovered(remote, { kind: 'rmdir', node: remote.id });
  }

  #unlessCovered(remote: Remote, proposal: Proposal): Intent {
    const { parent } = remote;
    const parentGone =
      parent !== rootId && this.#trees.local(parent) === undefined && this.#trees.synced(parent) !== undefined;
    if (!parentGone) return propose(proposal);
    const above = this.of(parent).step;
    if (above.kind === 'covered' || (above.kind === 'propose' && above.proposal.kind === 'rmdir'))
      return { step: { kind: 'covered' } };
    // The directory comes back for what is new in it: the rest of it is deleted one by one.
    return above.kind === 'act' ? propose(proposal) : later;
  }
}

/** It was deleted here, and changed there. */
function comeBack(remote: Remote): Intent {
  const { id, parent, name } = remote;
  const plain = plainName(name, id);
  // It made room for another and was to be deleted from there: nobody goes on with it, so it does not stay under that name.
  return plain === name
    ? { ...appear(remote), agreed: null }
    : propose({ kind: 'move', node: id, parent, name: plain });
}

function appear(remote: Remote): Intent {
  if (utf8Length(remote.name) > 255) return { step: { kind: 'problem', code: 'name_too_long' } };
  return act({ kind: remote.kind === 'directory' ? 'mkdir' : 'fetch', node: remote.id });
}

function goneThere(local: Local, synced: Synced): Intent {
  if (local.kind === 'directory') return act({ kind: 'rmdir', node: local.id });
  const content = contentSince(local, synced);
  if (content === 'unknown') return hash;
  if (content === 'same') return act({ kind: 'remove', node: local.id });
  return propose({ kind: 'edit', node: local.id, base: synced.version });
}

/** One id at both sides that was never agreed on: a crash came before the synced state was written, or it was lost. */
function met(local: Local, remote: Remote): Intent {
  if (local.kind !== 'directory' && !sameContent(local, remote)) {
    if (mayBeEqual(local, remote)) return hash;
    // Based on nothing: to the committer that is a conflict with whatever is there.
    return propose({ kind: 'edit', node: local.id, base: 0 });
  }
  const agreed = sameAs(local, remote);
  return { agreed, ...compare(local, agreed, remote) };
}

/** The synced state of equal content. Local place and attributes count as synced, so the remote ones win. */
export function sameAs(local: Local, remote: Remote): Synced {
  const { parent, name, mode, mtime } = local;
  const { id, kind, target, version, size, hash: content } = remote;
  const link = target === undefined ? {} : { target };
  return { id, parent, name, kind, ...link, version, size, hash: content, mtime, mode, ...given(local) };
}

/** A file whose hash is not known, and could be the other one's. */
function mayBeEqual(local: Local, remote: Remote): boolean {
  return local.kind === 'file' && local.hash === null && remote.hash !== null && local.size === remote.size;
}

/** All three are there. One step at a time: place, content, attributes. */
function compare(local: Local, before: Synced, remote: Remote): Intent {
  const synced = agree(local, before, remote);
  const intent = nextStep(local, synced, remote);
  return synced === before ? intent : { ...intent, agreed: synced };
}

/** What both sides changed alike. */
function agree(local: Local, before: Synced, remote: Remote): Synced {
  let synced = before;
  if (samePlace(local, remote) && !samePlace(local, synced))
    synced = { ...synced, parent: remote.parent, name: remote.name };
  if (remote.version !== synced.version && sameContent(local, remote)) {
    // The local attributes count as synced, so that the remote ones win.
    const { version, size, hash: content, target } = remote;
    const link = target === undefined ? {} : { target };
    synced = { ...synced, ...link, version, size, hash: content, mtime: local.mtime, mode: local.mode };
  }
  if (sameMode(local, remote) && !sameMode(local, synced)) synced = { ...synced, mode: remote.mode };
  if (
    local.kind !== 'directory' &&
    remote.version === synced.version &&
    sameTime(local.mtime, remote.mtime) &&
    !sameTime(local.mtime, synced.mtime)
  )
    synced = { ...synced, mtime: remote.mtime };
  const alike = agreedOn(local, synced, remote);
  return alike === undefined ? synced : { ...synced, ...alike };
}

function nextStep(local: Local, synced: Synced, remote: Remote): Intent {
  const { id } = local;
  if (!samePlace(local, synced)) return propose({ kind: 'move', node: id, parent: local.parent, name: local.name });
  if (!samePlace(remote, synced)) {
    if (utf8Length(remote.name) > 255) return { step: { kind: 'problem', code: 'name_too_long' } };
    return act({ kind: 'move', node: id, parent: remote.parent, name: remote.name });
  }
  const mine = contentSince(local, synced);
  const theirs = remote.version !== synced.version;
  if (mine === 'unknown') return hash;
  if (mine === 'changed') {
    if (theirs && mayBeEqual(local, remote)) return hash;
    return propose({ kind: 'edit', node: id, base: synced.version });
  }
  if (theirs) return act({ kind: 'replace', node: id });
  if (!sameModeAndTime(remote, synced) || addsTo(remote, synced)) return act({ kind: 'attributes', node: id });
  if (!sameModeAndTime(local, synced) || contradicts(local, synced))
    return propose({ kind: 'attributes', node: id, base: synced.version });
  return none;
}

/** Directory mtimes are not synced: every change below moves them. */
function sameModeAndTime(a: Local | Remote, synced: Synced): boolean {
  return sameMode(a, synced) && (synced.kind === 'directory' || sameTime(a.mtime, synced.mtime));
}
