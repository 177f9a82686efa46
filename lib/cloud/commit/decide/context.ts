import { conflictName, utf8Length } from '../../../core/conflict-name.ts';
import { rootId, type NodeId } from '../../../core/node.ts';
import { markedShareName, plainShareName } from '../../../core/share-name.ts';
import { trashRoot } from '../../../protocol/layout.ts';
import type { Outcome } from '../../../protocol/log-row.ts';
import type { Change, Expected, Step } from '../plan.ts';
import { idKey, nodeKey, type NodeRow } from '../../rows.ts';
import { isOurs, join, type View } from '../../view.ts';

/** One operation, and all that a decision about it may depend on. Deciding has no side effects. */
export interface Asked {
  readonly view: View;
  readonly endpoint: string;
  readonly server: string;
  readonly incarnation: number;
  readonly n: number;
  /** The sequence number it gets if it goes through. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The staged file of an operation that brings content. */
  readonly staged: Expected | undefined;
  newId(): NodeId;
  /** Whether a node's content has this hash; reads content that was found on the share and never hashed. */
  hasContent(node: NodeRow, hash: string, size: number): Promise<boolean>;
}

export interface Decision {
  readonly outcome: Exclude<Outcome, 'parked'>;
  readonly code?: string | undefined;
  readonly became?: NodeId | undefined;
  readonly name: string;
  readonly parent: NodeId;
  readonly steps: readonly Step[];
  readonly changes: readonly Change[];
  /** Dead directories that must come back first, top down. */
  readonly revive?: readonly NodeRow[] | undefined;
}

/** Refuses one operation; caught where decisions are made and turned into its outcome. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.name = 'Refused';
    this.code = code;
  }
}

/** Directories have to be revived before anything can be decided. */
export class Revive extends Error {
  readonly chain: readonly NodeRow[];
  constructor(chain: readonly NodeRow[]) {
    super('revive');
    this.name = 'Revive';
    this.chain = chain;
  }
}

export function nothing(name: string, parent: NodeId): Decision {
  return { outcome: 'applied', name, parent, steps: [], changes: [] };
}

/**
 * A proposed id becomes an alias of the node that is there. That one is newer from then on, though nothing of it changed:
 * a delete whose sender did not know of the merge is stale.
 */
export function merged(id: NodeId, holder: NodeRow, seq: number): readonly Change[] {
  return [
    { alias: id, to: holder.id },
    { put: { ...holder, seq }, place: 'same' },
  ];
}

/** A name in trash that only this operation uses; `part` tells its files apart. */
export function holdPath(asked: Asked, part = ''): string {
  return `${trashRoot}/${asked.seq}-${asked.n}${part}`;
}

/** The live directory an operation names, by its real id. Throws `Revive` for a dead one, `Refused` for one never heard of. */
export async function liveParent(asked: Asked, parent: NodeId): Promise<{ id: NodeId; path: string }> {
  if (parent === rootId) return { id: rootId, path: '' };
  const chain: NodeRow[] = [];
  for (let at = parent; at !== rootId;) {
    const found = await asked.view.find(at);
    if (found.state === 'unknown') throw new Refused('parent_unknown');
    if (found.row.kind !== 'directory') throw new Refused('parent_is_file');
    if (found.state === 'alive') break;
    chain.unshift(found.row);
    at = found.row.parent;
  }
  if (chain.length > 0) throw new Revive(chain);
  const found = await asked.view.find(parent);
  if (found.state !== 'alive') throw new Refused('parent_unknown');
  return { id: found.row.id, path: await asked.view.pathOf(found.row.id) };
}

/** The row of a new id is inserted, so that no id is ever used twice: an intent that tried to could never be finished. */
export async function unusedId(asked: Asked, id: NodeId): Promise<void> {
  if ((await asked.view.row(idKey(id))) !== undefined) throw new Refused('id_taken');
}

export interface Place {
  readonly parent: NodeId;
  readonly name: string;
  /** Set where the share name is not the plain one. */
  readonly share: string | undefined;
  readonly key: string;
  readonly path: string;
}

const maxPath = 2048;

function checkName(parent: NodeId, name: string): void {
  if (name === '.' || name === '..' || name === '' || name.includes('/') || name.includes('\0'))
    throw new Refused('name_forbidden');
  if (isOurs(parent, name)) throw new Refused('name_reserved');
  if (utf8Length(name) > 255) throw new Refused('name_too_long');
}

/** Where a node of this name goes in a live directory, and who has the name now. */
export async function placeAt(
  asked: Asked,
  parent: { id: NodeId; path: string },
  name: string,
  id: NodeId,
): Promise<{ place: Place; holder: NodeRow | undefined }> {
  checkName(parent.id, name);
  const plain = plainShareName(name);
  const there = plain === undefined ? undefined : await asked.view.childOnShare(parent.id, plain);
  // Twins under case folding (`A` beside `a`), and names that cannot stand on the share, go under a marked share name.
  const marked = plain === undefined || (there !== undefined && there.name !== name && there.id !== id);
  const holder = await asked.view.childNamed(parent.id, name);
  if (holder !== undefined && holder.id !== id) return { place: placeOf(parent, holder.name, holder.share), holder };
  const share = marked ? await freeShareName(asked, parent.id, name, id) : undefined;
  const place = placeOf(parent, name, share);
  if (place.path.length > maxPath) throw new Refused('path_too_long');
  return { place, holder: undefined };
}

/** Somebody may have given a file the very name that another one's mark would make. */
async function freeShareName(asked: Asked, parent: NodeId, name: string, id: NodeId): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const share = markedShareName(name, id, attempt);
    const there = await asked.view.childOnShare(parent, share);
    if (there === undefined || there.id === id) return share;
  }
}

export function placeOf(parent: { id: NodeId; path: string }, name: string, share: string | undefined): Place {
  const shareName = share ?? plainShareName(name) ?? name;
  return { parent: parent.id, name, share, key: nodeKey(parent.id, shareName), path: join(parent.path, shareName) };
}

const maxAttempts = 1000;

/** The first free conflict name of a loser. */
export async function conflictPlace(
  asked: Asked,
  parent: { id: NodeId; path: string },
  name: string,
  server: string,
  id: NodeId,
): Promise<Place> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const candidate = conflictName(name, server, attempt);
    const { place, holder } = await placeAt(asked, parent, candidate, id);
    if (holder === undefined) return place;
  }
  throw new Refused('too_many_conflicts');
}

const futureMs = 5 * 60 * 1000;

/**
 * Newest mtime keeps the name; more than 5 min ahead of the committer's clock counts as now, so that a wrong clock cannot
 * win for ever. On a tie the one that is there already stays.
 */
export function incomingWins(asked: Asked, mtime: string, holder: NodeRow): boolean {
  const now = BigInt(asked.now) * 1_000_000n;
  const limit = now + BigInt(futureMs) * 1_000_000n;
  const capped = (time: bigint): bigint => (time > limit ? now : time);
  return capped(BigInt(mtime)) > capped(BigInt(holder.mtime));
}

export function expectedOf(node: NodeRow): { fileId: string; size: number; lastWrite: string } {
  return { fileId: node.fileId, size: node.size, lastWrite: node.lastWrite };
}

export function without(node: NodeRow, place: Place): NodeRow {
  const { share: _share, ...rest } = node;
  return {
    ...rest,
    parent: place.parent,
    name: place.name,
    ...(place.share === undefined ? {} : { share: place.share }),
  };
}
