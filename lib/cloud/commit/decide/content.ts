// New content: a file that is new, or a new version of one that is there. "Edit beats delete", "same content is no
// conflict", "newest mtime keeps the name".
import { must } from '../../../base/errors.ts';
import { given } from '../../../core/attributes.ts';
import { blockSize, type NodeId } from '../../../core/node.ts';
import { linkFile, linkHash, linkSize } from '../../../protocol/link.ts';
import { blocksPath, stagedBlocks, stagedPath } from '../../../protocol/layout.ts';
import type { Operation } from '../../../protocol/operation.ts';
import type { Change, Step } from '../plan.ts';
import type { NodeRow } from '../../rows.ts';
import { withOther } from './attributes.ts';
import {
  Refused,
  conflictPlace,
  expectedOf,
  holdPath,
  incomingWins,
  liveParent,
  merged,
  nothing,
  placeAt,
  placeOf,
  unusedId,
  without,
  type Asked,
  type Decision,
  type Place,
} from './context.ts';

type Create = Extract<Operation, { kind: 'create' }>;
type Edit = Extract<Operation, { kind: 'edit' }>;

export async function decideCreate(asked: Asked, op: Create): Promise<Decision> {
  checkLink(op);
  await unusedId(asked, op.node);
  return decideNew(asked, op, op.node, op.parent, op.name, 'new');
}

export async function decideEdit(asked: Asked, op: Edit): Promise<Decision> {
  checkLink(op);
  const found = await asked.view.find(op.node);
  // An edit beats a delete: the node comes back with its id, where it was last (I5: this is the explicit operation).
  if (found.state === 'unknown') return decideNew(asked, op, op.node, op.parent, op.name, 'moved');
  const { row } = found;
  if (found.state === 'dead') {
    const { parent: at, name } = (await isReachable(asked, row.parent)) ? row : op;
    return decideNew(asked, op, row.id, at, name, 'moved');
  }
  if (row.kind !== kindOf(op)) throw new Refused(row.kind === 'directory' ? 'not_a_file' : 'kind_changed');
  const parent = await liveParent(asked, row.parent);
  const place = placeOf(parent, row.name, row.share);
  if (await isSameContent(asked, op, row)) return sameContent(asked, op, row, place);
  if (row.version === op.base) return overwrite(asked, op, row, place);
  return editConflict(asked, op, row, parent, place);
}

/** False where a directory on the way has been forgotten: its row was taken after it died with the directory above it. */
async function isReachable(asked: Asked, parent: NodeId): Promise<boolean> {
  try {
    await liveParent(asked, parent);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** Nothing to transfer; the newest mode and mtime of the same content stay if the sender knew the version. */
function sameContent(asked: Asked, op: Edit, row: NodeRow, place: Place): Decision {
  const other = row.version === op.base ? withOther(asked, row, place, op) : undefined;
  return { ...nothing(row.name, row.parent), ...other };
}

function kindOf(op: Create | Edit): 'file' | 'link' {
  return op.target === undefined ? 'file' : 'link';
}

/** A link says its target twice: in the operation and, for the share, as content. Both are one. */
function checkLink(op: Create | Edit): void {
  if (op.target === undefined) return;
  const file = linkFile(op.target);
  if (typeof file === 'string') throw new Refused(file);
  if (op.content.size !== linkSize || op.content.hash !== linkHash(file)) throw new Refused('target_malformed');
}

/** A file whose bytes happen to be those of a link is none. */
async function isSameContent(asked: Asked, op: Create | Edit, row: NodeRow): Promise<boolean> {
  if (row.kind !== kindOf(op)) return false;
  return row.kind === 'link' ? row.target === op.target : asked.hasContent(row, op.content.hash, op.content.size);
}

function overwrite(asked: Asked, op: Edit, row: NodeRow, place: Place): Decision {
  const evict: Step = {
    do: 'evict',
    node: row.id,
    path: place.path,
    kind: 'file',
    hold: holdPath(asked),
    expect: expectedOf(row),
    foreign: 'copy',
  };
  const steps = [evict, ...arrive(asked, op, row.id, place.path)];
  const put: Change = { put: withContent(asked, op, row), place: 'same', from: 1 };
  return { outcome: 'applied', name: row.name, parent: row.parent, steps, changes: [put] };
}

/** Both sides edited the same version: both contents stay (I4). The name keeps the node's id, the copy gets a new one. */
async function editConflict(
  asked: Asked,
  op: Edit,
  row: NodeRow,
  parent: { id: NodeId; path: string },
  place: Place,
): Promise<Decision> {
  const copyId = asked.newId();
  if (incomingWins(asked, op.mtime, row)) {
    const copy = await conflictPlace(asked, parent, row.name, row.author, copyId);
    const evict: Step = {
      do: 'evict',
      node: row.id,
      path: place.path,
      kind: 'file',
      hold: holdPath(asked),
      expect: expectedOf(row),
      to: copy.path,
      foreign: 'copy',
    };
    const { cleared: _cleared, blocks: _blocks, ...plain } = row;
    return {
      outcome: 'conflict',
      name: row.name,
      parent: row.parent,
      steps: [evict, ...arrive(asked, op, row.id, place.path)],
      changes: [
        { put: { ...without(plain, copy), id: copyId, seq: asked.seq, version: asked.seq }, place: 'new', from: 0 },
        { put: withContent(asked, op, row), place: 'same', from: 1 },
      ],
    };
  }
  const copy = await conflictPlace(asked, parent, row.name, asked.server, copyId);
  return {
    outcome: 'conflict',
    became: copyId,
    name: row.name,
    parent: row.parent,
    steps: arrive(asked, op, copyId, copy.path),
    changes: [{ put: newNode(asked, op, copyId, copy), place: 'new', from: 0 }],
  };
}

/** A node that has no live row: new, or coming back after a delete. */
async function decideNew(
  asked: Asked,
  op: Create | Edit,
  id: NodeId,
  parentId: NodeId,
  name: string,
  how: 'new' | 'moved',
): Promise<Decision> {
  const parent = await liveParent(asked, parentId);
  const { place, holder } = await placeAt(asked, parent, name, id);
  const at = (where: Place, before: readonly Step[], changes: readonly Change[]): Decision => ({
    outcome: holder === undefined ? 'applied' : 'conflict',
    name,
    parent: parent.id,
    steps: [...before, ...arrive(asked, op, id, where.path)],
    changes: [...changes, { put: newNode(asked, op, id, where), place: how, from: before.length }],
  });
  if (holder === undefined) return at(place, [], []);
  if (await isSameContent(asked, op, holder))
    return { ...nothing(name, parent.id), changes: merged(id, holder, asked.seq) };
  // File against directory: the file takes the conflict name.
  if (holder.kind === 'directory' || !incomingWins(asked, op.mtime, holder))
    return at(await conflictPlace(asked, parent, name, asked.server, id), [], []);
  const evicted = await evictHolder(asked, parent, holder, place);
  return at(placeOf(parent, name, holder.share), [evicted.step], [evicted.change]);
}

/** The file that has a name goes beside it under its conflict name, keeping its id and version. */
export async function evictHolder(
  asked: Asked,
  parent: { id: NodeId; path: string },
  holder: NodeRow,
  place: Place,
): Promise<{ step: Step; change: Change }> {
  const copy = await conflictPlace(asked, parent, holder.name, holder.author, holder.id);
  return {
    step: {
      do: 'evict',
      node: holder.id,
      path: place.path,
      kind: 'file',
      hold: holdPath(asked, '-c'),
      expect: expectedOf(holder),
      to: copy.path,
      foreign: 'copy',
    },
    change: { put: { ...without(holder, copy), seq: asked.seq }, place: 'moved', from: 0 },
  };
}

function arrive(asked: Asked, op: Create | Edit, id: NodeId, path: string): Step[] {
  const { slot, blocks, size } = op.content;
  const place: Step = {
    do: 'place',
    from: stagedPath(asked.endpoint, slot),
    path,
    tag: slot,
    expect: must(asked.staged, 'content is staged'),
    hold: holdPath(asked, '-f'),
  };
  if (blocks === undefined || size <= blockSize) return [place];
  return [place, { do: 'blocks', from: stagedBlocks(asked.endpoint, slot), path: blocksPath(id, asked.seq) }];
}

function newNode(asked: Asked, op: Create | Edit, id: NodeId, place: Place): NodeRow {
  return withContent(asked, op, {
    v: 1,
    id,
    parent: place.parent,
    name: place.name,
    ...(place.share === undefined ? {} : { share: place.share }),
    kind: kindOf(op),
    version: 0,
    seq: 0,
    size: 0,
    hash: null,
    mtime: '0',
    mode: 0,
    etag: '',
    fileId: '',
    lastWrite: '',
    author: '',
  });
}

function withContent(asked: Asked, op: Create | Edit, row: NodeRow): NodeRow {
  const { blocks: _blocks, target: _target, ...rest } = row;
  return {
    ...rest,
    ...(op.target === undefined ? {} : { target: op.target }),
    ...given(op),
    version: asked.seq,
    seq: asked.seq,
    size: op.content.size,
    hash: op.content.hash,
    mtime: op.mtime,
    mode: op.mode,
    etag: '',
    fileId: '',
    lastWrite: '',
    author: asked.server,
    ...(op.content.blocks === undefined ? {} : { blocks: op.content.blocks }),
  };
}
