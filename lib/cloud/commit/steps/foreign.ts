// What somebody else put on the share and a commit came upon: it is kept, and recorded as author `Cloud` (I3, I4).
import { conflictName } from '../../../core/conflict-name.ts';
import type { NodeId } from '../../../core/node.ts';
import { linuxName, markedShareName, plainShareName } from '../../../core/share-name.ts';
import { given } from '../../../core/attributes.ts';
import { attributesIn } from '../../../protocol/attributes.ts';
import { fromShareTime } from '../../../protocol/layout.ts';
import { readKind, type Read } from '../link.ts';
import { ShareRefusal, type ShareProperties } from '../../ports.ts';
import { nameKey, nodeKey, type NodeRow } from '../../rows.ts';
import { join, type View } from '../../view.ts';
import { Busy, clear, copyOf, isSeal, look, sealName, type Facts, type Work } from './work.ts';

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
  let madeAgain = 0;
  for (let attempt = 0; ; attempt++) {
    const wished = conflictName(name, cloudAuthor, attempt);
    const shareName = plainShareName(wished) ?? markedShareName(wished, work.planned.foreignId, attempt);
    const copy = linuxName(shareName);
    const [key, named] = [nodeKey(parent, shareName), nameKey(parent, copy)];
    if (work.taken.has(key) || work.taken.has(named) || (await isTaken(work.view, parent, copy, shareName))) continue;
    const at = join(dir, shareName);
    const renamed = await clear(work, path, () => work.share.rename(hold, at, held.kind));
    if (renamed instanceof ShareRefusal && renamed.fault === 'exists') continue; // foreign as well: it keeps its name
    if (renamed instanceof ShareRefusal && renamed.fault !== 'absent' && renamed.fault !== 'mismatch') throw renamed;
    if (renamed instanceof ShareRefusal && (await isHeld(work, hold, held))) {
      // Absent is the directory: somebody moved or removed it on the share. It is made again, as for what is on its way there.
      if (++madeAgain > 8) throw new Busy('DirectoryGone', dir);
      await makeDirectories(work, dir);
      attempt--;
      continue;
    }
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
  // A copy may be taken away at once, and the next one gets its name: what was there is no more than what is there now.
  const name = linuxName(shareName);
  const before = found.findIndex(
    (change) => 'put' in change && change.place === 'new' && change.put.parent === parent && change.put.name === name,
  );
  const number = before < 0 ? found.length : before;
  const id = `${planned.foreignId}${number === 0 ? '' : `-${number}`}`;
  const read = await readKind(work.share, join(dir, shareName), there);
  // What cannot be read at the moment counts as a file.
  const put = foundNode(there, there, read, { id, parent, name });
  found[number] = { put, place: 'new' };
  if (there.kind === 'directory') examine.push(join(dir, shareName));
}

async function isHeld(work: Work, hold: string, { fileId }: ShareProperties): Promise<boolean> {
  const there = await look(work, hold);
  return there?.fileId === fileId && !isSeal(there);
}

async function makeDirectories(work: Work, dir: string): Promise<void> {
  const names = dir.split('/');
  for (let depth = 1; depth <= names.length; depth++) {
    const path = names.slice(0, depth).join('/');
    const made = await clear(work, path, () => work.share.mkdir(path, {}));
    if (made instanceof ShareRefusal && made.fault !== 'exists') throw made;
  }
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
  read: Read,
  at: { readonly id: string; readonly parent: string; readonly name: string; readonly share?: string | undefined },
): NodeRow {
  const link = read === 'unreadable' || read.kind === 'file' ? undefined : read.target;
  const written = attributesIn(there.metadata);
  const kind = there.kind === 'directory' ? 'directory' : link === undefined ? 'file' : 'link';
  return {
    v: 1,
    id: at.id,
    parent: at.parent,
    name: at.name,
    ...(at.share === undefined ? {} : { share: at.share }),
    kind,
    ...(link === undefined ? {} : { target: link }),
    version: 0,
    seq: 0,
    size: there.kind === 'file' ? there.size : 0,
    hash: null,
    mtime: there.kind === 'file' ? fromShareTime(facts.lastWrite) : '0',
    mode: kind === 'link' ? 0o777 : (written.mode ?? (kind === 'file' ? 0o644 : 0o755)),
    ...given(written),
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
