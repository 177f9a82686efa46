// The shape of the tree: directories made, nodes moved, nodes deleted.
import { rootId } from '../../../core/node.ts';
import { plainName } from '../../../core/temporary-name.ts';
import { given } from '../../../core/attributes.ts';
import { withAttributes } from '../../../protocol/attributes.ts';
import { encodeName, meta } from '../../../protocol/layout.ts';
import type { Operation } from '../../../protocol/operation.ts';
import type { Attributes } from '../../../core/node.ts';
import type { Change, Step } from '../plan.ts';
import type { NodeRow } from '../../rows.ts';
import { shareKindOf } from '../../view.ts';
import { evictHolder } from './content.ts';
import {
  Refused,
  conflictPlace,
  expectedOf,
  holdPath,
  liveParent,
  incomingWins,
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

type Of<K extends Operation['kind']> = Extract<Operation, { kind: K }>;

/** `mkdir` onto a live directory merges: the proposed id becomes an alias of the one that is there. */
export async function decideMkdir(asked: Asked, op: Of<'mkdir'>): Promise<Decision> {
  await unusedId(asked, op.node);
  const parent = await liveParent(asked, op.parent);
  const { place, holder } = await placeAt(asked, parent, op.name, op.node);
  if (holder?.kind === 'directory')
    return { ...nothing(op.name, parent.id), changes: merged(op.node, holder, asked.seq) };
  const where = holder === undefined ? place : placeOf(parent, op.name, holder.share);
  const make = mkdirStep(asked, where, op.node, op);
  const put = directory(asked, op.node, where, op);
  if (holder === undefined)
    return { ...nothing(op.name, parent.id), steps: [make], changes: [{ put, place: 'new', from: 0 }] };
  const evicted = await evictHolder(asked, parent, holder, place);
  return {
    outcome: 'conflict',
    name: op.name,
    parent: parent.id,
    steps: [evicted.step, make],
    changes: [evicted.change, { put, place: 'new', from: 1 }],
  };
}

/**
 * A directory that was deleted comes back with its id, empty: what was below stays dead (`cleared`). Its name is the one that
 * people gave it, also where it was deleted from the temporary one under which it had made room for another.
 */
export async function decideRevive(asked: Asked, row: NodeRow): Promise<Decision> {
  const parent = await liveParent(asked, row.parent);
  const name = plainName(row.name, row.id);
  const { place, holder } = await placeAt(asked, parent, name, row.id);
  if (holder?.kind === 'directory') return { ...nothing(name, parent.id), changes: merged(row.id, holder, asked.seq) };
  const where = holder === undefined ? place : await conflictPlace(asked, parent, name, asked.server, row.id);
  const put = { ...directory(asked, row.id, where, row), cleared: asked.seq };
  return {
    ...nothing(name, parent.id),
    steps: [mkdirStep(asked, where, row.id, row)],
    changes: [{ put, place: 'moved', from: 0 }],
  };
}

interface Moded extends Attributes {
  readonly mode: number;
}

function mkdirStep(asked: Asked, place: Place, id: string, node: Moded): Step {
  return {
    do: 'mkdir',
    path: place.path,
    hold: holdPath(asked, '-d'),
    metadata: withAttributes({ [meta.node]: id, [meta.name]: encodeName(place.name) }, node),
  };
}

function directory(asked: Asked, id: string, place: Place, node: Moded): NodeRow {
  return {
    v: 1,
    id,
    parent: place.parent,
    name: place.name,
    ...(place.share === undefined ? {} : { share: place.share }),
    kind: 'directory',
    version: 0,
    seq: asked.seq,
    size: 0,
    hash: null,
    mtime: '0',
    mode: node.mode,
    ...given(node),
    etag: '',
    fileId: '',
    lastWrite: '',
    author: asked.server,
  };
}

/** One operation for a file, and for a directory whatever lies below. The log's order decides between two moves. */
export async function decideMove(asked: Asked, op: Of<'move'>): Promise<Decision> {
  const found = await asked.view.find(op.node);
  if (found.state !== 'alive') throw new Refused('gone');
  const { row } = found;
  const parent = await liveParent(asked, op.parent);
  if (row.kind === 'directory' && (await isBelow(asked, parent.id, row.id))) throw new Refused('cycle');
  if (row.parent === parent.id && row.name === op.name) return nothing(row.name, row.parent);
  const from = placeOf(await liveParent(asked, row.parent), row.name, row.share);
  const { place, holder } = await placeAt(asked, parent, op.name, row.id);
  if (holder === undefined) return moved(asked, row, from, place, 'applied', []);
  const displaces = holder.kind !== 'directory' && (row.kind === 'directory' || incomingWins(asked, row.mtime, holder));
  if (!displaces) {
    const copy = await conflictPlace(asked, parent, op.name, asked.server, row.id);
    return moved(asked, row, from, copy, 'conflict', []);
  }
  const where = placeOf(parent, op.name, holder.share);
  return moved(asked, row, from, where, 'conflict', [await evictHolder(asked, parent, holder, place)]);
}

function moved(
  asked: Asked,
  row: NodeRow,
  from: Place,
  to: Place,
  outcome: 'applied' | 'conflict',
  before: readonly { step: Step; change: Change }[],
): Decision {
  const step: Step = {
    do: 'evict',
    node: row.id,
    path: from.path,
    kind: shareKindOf(row),
    hold: holdPath(asked),
    to: to.path,
    foreign: 'copy',
  };
  const put: Change = {
    put: { ...without(row, to), seq: asked.seq },
    place: 'moved',
    from: before.length,
    ...(from.key === to.key ? {} : { oldKey: from.key }),
  };
  return {
    outcome,
    name: to.name,
    parent: to.parent,
    steps: [...before.map((each) => each.step), step],
    changes: [...before.map((each) => each.change), put],
  };
}

async function isBelow(asked: Asked, id: string, ancestor: string): Promise<boolean> {
  if (id === rootId) return false;
  const chain = await asked.view.ancestry(id);
  return chain?.some((node) => node.id === ancestor) ?? false;
}

/** A delete is based on a version: if the content moved on, the edit wins and the delete is stale. */
export async function decideDelete(asked: Asked, op: Of<'delete'>): Promise<Decision> {
  const found = await asked.view.find(op.node);
  if (found.state === 'unknown') return nothing('', rootId);
  const { row } = found;
  if (found.state === 'dead') return nothing(row.name, row.parent);
  if (row.kind === 'directory') throw new Refused('not_a_file');
  if (row.version !== op.base) throw new Refused('stale');
  // RACE: somebody made the same file anew, and was merged with this one, which is his from then on: to delete it now would
  // take from his site what he has just made (I3). The sender's own file, made after the delete, is met here in this way, too.
  if (op.asOf !== undefined && row.seq > op.asOf) throw new Refused('stale');
  const place = placeOf(await liveParent(asked, row.parent), row.name, row.share);
  const step: Step = {
    do: 'evict',
    node: row.id,
    path: place.path,
    kind: 'file',
    hold: holdPath(asked),
    expect: expectedOf(row),
    foreign: 'back',
  };
  return { ...nothing(row.name, row.parent), steps: [step], changes: [{ drop: row, key: found.key }] };
}

/** A whole directory: one rename to trash, one tombstone. `stale` says whether anything below is newer than the sender knew. */
export async function decideRmdir(
  asked: Asked,
  op: Of<'rmdir'>,
  stale: (directory: NodeRow) => Promise<boolean>,
): Promise<Decision> {
  const found = await asked.view.find(op.node);
  if (found.state === 'unknown') return nothing('', rootId);
  const { row } = found;
  if (found.state === 'dead') return nothing(row.name, row.parent);
  if (row.kind !== 'directory') throw new Refused('not_a_directory');
  if (await stale(row)) throw new Refused('stale');
  const place = placeOf(await liveParent(asked, row.parent), row.name, row.share);
  const step: Step = {
    do: 'evict',
    node: row.id,
    path: place.path,
    kind: 'directory',
    hold: holdPath(asked),
    foreign: 'back',
  };
  return { ...nothing(row.name, row.parent), steps: [step], changes: [{ drop: row, key: found.key }] };
}
