// The one way by which anything gets a live name: a rename that replaces nothing. What already has the name and is not
// ours was put there by somebody on the share: it makes way under a conflict name and is recorded (I3, I4).
import { conflictName } from '../../core/conflict-name.ts';
import type { NodeId } from '../../core/node.ts';
import { fromShareTime } from '../../protocol/layout.ts';
import { linuxName, plainShareName } from '../../core/share-name.ts';
import { ShareRefusal, type ShareKind, type ShareProperties, type Traits } from '../ports.ts';
import { nameKey, nodeKey, type NodeRow } from '../rows.ts';
import { join, type View } from '../view.ts';
import { Busy, TurnLost, clear, copyOf, isSeal, look, sealName, type Facts, type Work } from './work.ts';

export type Landed =
  /** Ours has the name. */
  | { readonly state: 'landed'; readonly facts: Facts }
  /** Ours had it, and somebody has replaced it since; `facts` are of what is there. */
  | { readonly state: 'edited'; readonly facts: Facts }
  /** Neither ours nor anything else is anywhere: it was taken away before it had the name. */
  | { readonly state: 'lost' };

export interface Landing {
  readonly from: string;
  readonly to: string;
  readonly kind: ShareKind;
  /** Tells ours at the target from somebody else's. */
  isOurs(there: ShareProperties): boolean;
  /** Of ours at the target: that nobody has written into it since. */
  isUnchanged?(there: ShareProperties): boolean;
  readonly traits?: Traits | undefined;
  /** A directory of that name is as good as ours. */
  readonly merge?: boolean | undefined;
  /** Unique name for what has to make way. */
  readonly hold: string;
}

const rounds = 8;

export async function land(work: Work, landing: Landing): Promise<Landed> {
  const { from, to, kind, traits } = landing;
  const first = work.redo ? await keepLeftBehind(work, landing) : 0;
  for (let round = first; round < first + rounds; round++) {
    const renamed = await clear(work, to, () => work.share.rename(from, to, kind, traits));
    if (!(renamed instanceof ShareRefusal)) return { state: 'landed', facts: renamed };
    if (renamed.fault !== 'exists' && renamed.fault !== 'absent' && renamed.fault !== 'mismatch') throw renamed;
    // Refused: either an attempt before this one was applied (a time-out, a crash, a zombie), or somebody is in the way.
    const there = await look(work, to);
    if (there !== undefined && landing.isOurs(there))
      return { state: landing.isUnchanged?.(there) === false ? 'edited' : 'landed', facts: there };
    if (there?.kind === 'directory' && landing.merge === true) return { state: 'landed', facts: there };
    const source = await clear(work, from, () => work.share.properties(from, kind));
    const waiting = source !== undefined && !(source instanceof ShareRefusal) && !isSeal(source);
    if (!waiting) return there === undefined ? { state: 'lost' } : { state: 'edited', facts: there };
    if (there === undefined) await makeParents(work, to);
    else await displace(work, to, there, `${landing.hold}${round}`);
  }
  throw new Busy('TooManyForeignFiles', to);
}

/** Somebody deleted the directory on the share while something of ours was on its way in: the edit wins (fault 17). */
async function makeParents(work: Work, path: string): Promise<void> {
  const names = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= names.length; depth++) {
    const dir = names.slice(0, depth).join('/');
    const made = await clear(work, dir, () => work.share.mkdir(dir, {}));
    if (made instanceof ShareRefusal && made.fault !== 'exists') throw made;
  }
}

/** A foreign entry leaves a live name: first to a name that stays taken, then to a conflict copy of author `Cloud`. */
async function displace(work: Work, path: string, there: ShareProperties, hold: string): Promise<void> {
  try {
    const moved = await clear(work, path, () => work.share.rename(path, hold, there.kind));
    if (moved instanceof ShareRefusal && moved.fault === 'mismatch') return; // another thing by now: the next round looks
    if (moved instanceof ShareRefusal && moved.fault !== 'exists' && moved.fault !== 'absent') throw moved;
  } catch (error) {
    if (error instanceof Busy) await sealName(work, hold, 'file');
    throw error;
  }
  const held = await look(work, hold);
  // Gone by itself. A request of ours may still be under way, and would take what gets the name next.
  if (held === undefined) return sealName(work, hold, 'file');
  // A name that only we use, once: somebody else is carrying this out.
  if (isSeal(held)) throw new TurnLost();
  await keepForeign(work, hold, path);
}

/**
 * An attempt before this one may have come down while it held a foreign entry, and with it the only trace of that; or it is
 * a zombie that is about to move aside what has the name: its next name is sealed. Answers the first that is ours.
 */
async function keepLeftBehind(work: Work, { to, hold }: Landing): Promise<number> {
  for (let round = 0; ; round++) {
    const name = `${hold}${round}`;
    if ((await look(work, name)) === undefined) {
      await sealName(work, name, 'file');
      return round + 1;
    }
    await keepForeign(work, name, to);
  }
}

export const cloudAuthor = 'Cloud';

/**
 * What lies at `hold` and came from the live path `path` becomes a conflict copy beside it; recorded as found. The seal tells
 * who comes after a crash where the copy is, since no row does yet.
 */
export async function keepForeign(work: Work, hold: string, path: string): Promise<void> {
  const held = await look(work, hold);
  if (held === undefined) return;
  const slash = path.lastIndexOf('/');
  const dir = slash < 0 ? '' : path.slice(0, slash);
  const parent = await work.view.directoryAt(dir);
  if (parent === undefined) return; // found with the directory, which is as foreign
  const sealed = copyOf(held);
  if (sealed !== undefined) await recordCopy(work, dir, parent, sealed);
  if (isSeal(held)) return; // done by an attempt before this one
  const name = linuxName(path.slice(slash + 1));
  for (let attempt = 0; ; attempt++) {
    const copy = conflictName(name, cloudAuthor, attempt);
    const shareName = plainShareName(copy) ?? path.slice(slash + 1);
    const [key, named] = [nodeKey(parent, shareName), nameKey(parent, copy)];
    if (work.taken.has(key) || work.taken.has(named) || (await isTaken(work.view, parent, copy, shareName))) continue;
    const at = join(dir, shareName);
    const renamed = await clear(work, path, () => work.share.rename(hold, at, held.kind));
    if (renamed instanceof ShareRefusal && renamed.fault === 'exists') continue; // foreign as well: it keeps its name
    if (renamed instanceof ShareRefusal && renamed.fault !== 'absent' && renamed.fault !== 'mismatch') throw renamed;
    // No longer held: it was an attempt of ours that got no answer, or else somebody who is through with it.
    if (renamed instanceof ShareRefusal && (await look(work, at))?.fileId !== held.fileId) return;
    await sealName(work, hold, held.kind, { copy: shareName });
    return recordCopy(work, dir, parent, shareName);
  }
}

async function recordCopy(work: Work, dir: string, parent: NodeId, shareName: string): Promise<void> {
  const { found, examine, planned, view } = work;
  const there = await look(work, join(dir, shareName));
  if (there === undefined || (await view.childOnShare(parent, shareName)) !== undefined) return;
  // A hold that was sealed is come upon twice: when what was left behind is looked for, and when the next one is in the way.
  if (found.some((change) => 'put' in change && change.put.fileId === there.fileId)) return;
  const id = `${planned.foreignId}${found.length === 0 ? '' : `-${found.length}`}`;
  found.push({ put: foundNode(there, there, { id, parent, name: linuxName(shareName) }), place: 'new' });
  if (there.kind === 'directory') examine.push(join(dir, shareName));
}

async function isTaken(view: View, parent: NodeId, name: string, shareName: string): Promise<boolean> {
  return (
    (await view.childOnShare(parent, shareName)) !== undefined || (await view.childNamed(parent, name)) !== undefined
  );
}

/** A row for something nobody of ours has read: no hash; `seq` and `version` are given when it is logged. */
export function foundNode(
  there: ShareProperties,
  facts: Facts,
  at: { readonly id: string; readonly parent: string; readonly name: string; readonly share?: string | undefined },
): NodeRow {
  const mode = Number.parseInt(there.metadata['tw_mode'] ?? '', 8);
  return {
    v: 1,
    id: at.id,
    parent: at.parent,
    name: at.name,
    ...(at.share === undefined ? {} : { share: at.share }),
    kind: there.kind,
    version: 0,
    seq: 0,
    size: there.kind === 'file' ? there.size : 0,
    hash: null,
    mtime: there.kind === 'file' ? fromShareTime(facts.lastWrite) : '0',
    mode: Number.isNaN(mode) ? (there.kind === 'file' ? 0o644 : 0o755) : mode & 0o777,
    etag: facts.etag,
    fileId: facts.fileId,
    lastWrite: facts.lastWrite,
    author: cloudAuthor,
  };
}

/** The row of a node whose content was written on the share, by somebody and unread. */
export function unread(row: NodeRow, facts: Facts): NodeRow {
  const { blocks: _blocks, ...rest } = row;
  return {
    ...rest,
    version: 0,
    seq: 0,
    size: facts.size ?? row.size,
    hash: null,
    mtime: fromShareTime(facts.lastWrite),
    etag: facts.etag,
    fileId: facts.fileId,
    lastWrite: facts.lastWrite,
    author: cloudAuthor,
  };
}
